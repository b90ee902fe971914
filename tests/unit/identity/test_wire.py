"""Between messages and domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from egov.common.v1 import paging_pb2, parties_pb2
from egov.identity.v1 import identity_service_pb2, regions_pb2

from services.identity.domain.accesses import Access
from services.identity.domain.regions import Region
from services.identity.wire import holders
from services.identity.wire import messages as wire
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from services.kernel.regions import Level
from tests.unit.identity.samples import CREDIT_CODE, DEPARTMENTS, FORMER, LENT, NOW, OFFICE, OFFICER, REGIONS


def test_a_region_shows_what_is_known() -> None:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    shown = wire.region(Region("371102001001001", Level.GRID, "371102001001", "第1网格", True, since))
    assert (shown.level, shown.generated) == (regions_pb2.REGION_LEVEL_GRID, True)
    assert shown.valid_from.ToDatetime(UTC) == since
    assert not shown.HasField("valid_until")


def test_a_page_of_codes_names_the_next_one_only_when_the_list_goes_on() -> None:
    first = wire.page_of_codes(paging_pb2.PageRequest(page_size=2))
    shown = wire.regions_message(first.cut(REGIONS[:3], key=lambda region: (region.code,)))
    assert [region.code for region in shown.regions] == ["371100", "371102"]
    second = wire.page_of_codes(paging_pb2.PageRequest(page_size=2, page_token=shown.page.next_page_token))
    assert second.after == ("371102",)
    last = wire.departments_message(second.cut(DEPARTMENTS[:2], key=lambda department: (department.code,)))
    assert [department.code for department in last.departments] == ["371102-SCJG", "371102-ZJJ"]
    assert last.page.next_page_token == ""


def test_a_member_shows_no_secret() -> None:
    shown = wire.member(OFFICE)
    assert (shown.client_id, list(shown.departments)) == ("rizhao-office", ["371102-SCJG"])
    assert "secret" not in str(shown)


def test_a_registration_is_taken_over_whole() -> None:
    request = identity_service_pb2.RegisterMemberRequest(client_id="a-b-c", scopes=["x.y"], public_keys=["{}"])
    wanted = wire.registration(request)
    assert (wanted.client_id, wanted.scopes, wanted.public_keys, wanted.departments) == ("a-b-c", ("x.y",), ("{}",), ())


def test_a_person_is_named_by_a_uuid() -> None:
    person = parties_pb2.Party(kind=parties_pb2.PARTY_KIND_PERSON, id=str(OFFICER.person_id))
    assert wire.known_party(person) == Party("person", str(OFFICER.person_id))
    person.id = "officer"
    with pytest.raises(Refusal, match="PARTY_UNKNOWN"):
        wire.known_party(person)
    assert wire.known_party(parties_pb2.Party(kind=parties_pb2.PARTY_KIND_CLIENT, id="x")) == Party("client", "x")


def test_staff_show_at_the_department_that_is_asked_for_if_they_are_there() -> None:
    for department, shown in (("", "371103-SCJG"), ("371102-SCJG", "371102-SCJG"), ("371102-ZJJ", "371103-SCJG")):
        staff = wire.staff(LENT, department, NOW)
        assert (staff.department, staff.officer_licence, staff.active) == (shown, "YL-371103-009", True)
    assert list(wire.staff(LENT, "371102-SCJG", NOW).roles) == ["officer"]
    assert not wire.staff(FORMER, "", NOW).active
    assert not wire.staff(replace(LENT, disabled=True), "", NOW).active


def test_an_enterprise_is_named_by_its_code() -> None:
    named = parties_pb2.Party(kind=parties_pb2.PARTY_KIND_ENTERPRISE, id=CREDIT_CODE)
    assert wire.known_party(named) == Party("enterprise", CREDIT_CODE)


def test_accesses_go_on_after_the_last_one_shown() -> None:
    seen = [
        Access(
            UUID(int=n), NOW, "rizhao-office", "", "371102-SCJG", "egov.identity.v1.IdentityService/GetHolder", "", "OK"
        )
        for n in (3, 2, 1)
    ]
    page = holders.page_of_accesses(paging_pb2.PageRequest(page_size=2))
    cut = page.cut(seen, key=lambda one: (one.at, one.id))
    assert [(shown.department, shown.outcome) for shown in holders.accesses(cut)] == [("371102-SCJG", "OK")] * 2
    after = holders.page_of_accesses(paging_pb2.PageRequest(page_token=wire.next_page(cut).next_page_token)).after
    assert after == (NOW, UUID(int=2))
