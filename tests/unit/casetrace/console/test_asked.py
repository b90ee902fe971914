from __future__ import annotations

from datetime import UTC, datetime

from egov.casetrace.v1 import cases_pb2

from observability.casetrace.console.asked import asked, form_field
from observability.casetrace.console.recognising import Reading
from services.chassis.moments import moment


def test_the_address_says_what_is_searched_for() -> None:
    wanted = asked(
        {"department": "371102-scjg", "state": "open", "stuck": "1d", "overdue": "1", "from": "2026-11-23T08:00"}
    )
    request = wanted.search(25, facets=True)
    assert (request.department, request.state) == ("371102-SCJG", cases_pb2.CASE_STATE_OPEN)
    assert (request.stuck_for.seconds, request.overdue, request.page.page_size) == (86400, True, 25)
    assert moment(request.active_from) == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_an_address_leads_back_to_itself() -> None:
    given = {"q": "a b", "region": "371102", "page": "token"}
    wanted = asked(given)
    assert wanted.address == "/console/?q=a+b&region=371102&page=token"
    assert asked({}).address == "/console/"


def test_a_filter_comes_in_the_place_of_the_box_and_begins_at_the_first_page() -> None:
    wanted = asked({"q": "市场监管", "state": "open", "page": "token"}).with_(Reading("department", "371102-SCJG"))
    assert wanted.address == "/console/?department=371102-SCJG&state=open"
    assert wanted.without("state").address == "/console/?department=371102-SCJG"


def test_what_cannot_be_read_is_named() -> None:
    assert asked({"from": "yesterday", "until": "0001-01-01T00:00", "state": "lost", "stuck": "1y"}).bad == {
        "from", "until", "state", "stuck",
    }  # fmt: skip


def test_fields_of_the_contract_have_the_forms_names() -> None:
    assert [form_field(name) for name in ("case_number", "department", "active_from")] == [
        "number",
        "department",
        "from",
    ]
