from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest, instant, page_request, plain, token_of

NOW = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)


def test_the_first_page_has_fifty_rows_unless_asked_otherwise() -> None:
    assert page_request(0, "") == PageRequest(50, None)
    assert page_request(7, "").size == 7
    assert page_request(1000, "").size == 200


def test_pages_follow_one_another_to_the_end() -> None:
    rows, token = [f"{number:03}" for number in range(7)], ""
    seen: list[str] = []
    for _ in range(3):
        request = page_request(3, token, plain)
        after = request.after[0] if request.after else ""
        page = request.cut([row for row in rows if row > after][: request.fetch], key=lambda row: (row,))
        seen.extend(page.rows)
        token = page.next_token
    assert seen == rows
    assert token == ""


def test_a_page_that_is_just_full_is_the_last_one() -> None:
    assert page_request(2, "").cut(["a", "b"], key=lambda row: (row,)).next_token == ""


# Moments that have a date in UTC as well as in the city's time.
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8))])
MOMENTS = st.datetimes(timezones=ZONES).filter(lambda moment: 1 < moment.year < 9999)


@given(MOMENTS, st.uuids(), st.text(max_size=40))
def test_a_token_brings_back_its_key(moment: datetime, id: UUID, text: str) -> None:
    request = page_request(1, token_of((moment, id, text)), instant, UUID, str)
    assert request.after == (moment, id, text)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "???",
        "AAAA",
        token_of((NOW,)),
        token_of((NOW, uuid7(), "more")),
        token_of((uuid7(), NOW)),
        token_of((NOW, uuid7())) + "=",
        token_of((NOW.replace(tzinfo=None).isoformat(), uuid7())),
        token_of((NOW, str(uuid7()).upper())),
        token_of(("0001-01-01T00:00:00+14:00", uuid7())),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b"[1, 2]").decode(),
        base64.urlsafe_b64encode(b"[" * 150).decode(),
        "é",
    ],
)
def test_a_token_that_this_list_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(Refusal) as refused:
        page_request(10, token, instant, UUID)
    assert refused.value.kind is Kind.INVALID
    assert [violation.rule for violation in refused.value.violations] == ["PAGE_TOKEN_INVALID"]


def test_a_code_in_a_token_is_printable() -> None:
    with pytest.raises(Refusal):
        page_request(10, token_of(("a\0b",)), plain)


def test_a_token_fits_the_contract() -> None:
    assert len(token_of((NOW, uuid7()))) <= 200
    assert len(token_of(("GB/T 47678.5-2026", "component", "01001"))) <= 200
