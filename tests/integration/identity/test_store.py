"""What a store of identity does: one suite for the fake of the unit tests and for the real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.identity.domain.organisations import Contact
from services.identity.store.identity import IdentityStore
from services.kernel.errors import Kind, Refusal
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.integration.conftest import Engine
from tests.integration.identity.stores import Store
from tests.unit.identity.samples import (
    CITIZEN,
    CITIZEN_NUMBER,
    CREDIT_CODE,
    FORMER,
    NOW,
    NUMBERS,
    OFFICE,
    OFFICER,
    REGIONS,
    RESTAURANT,
    SSP,
)

FIRST = PageRequest()


def test_regions_are_found_in_the_callers_region_only(store: Store) -> None:
    assert store.region("371102", within="3711") == REGIONS[1]
    assert store.region("371102", within="371103") is None
    assert store.region("999999", within="3711") is None
    assert store.region("371101", within="3711") == REGIONS[3]


def test_departments_are_known_in_the_callers_region_only(store: Store) -> None:
    codes = ("371102-SCJG", "371103-SCJG", "371102-XXXX")
    assert store.known_departments(codes, within="3711") == {"371102-SCJG", "371103-SCJG"}
    assert store.known_departments(codes, within="371102") == {"371102-SCJG"}
    assert store.known_departments((), within="3711") == frozenset()


def test_staff_are_found_by_id_and_by_login(store: Store) -> None:
    assert store.staff_by_id(OFFICER.person_id) == OFFICER
    assert store.staff_by_login("officer", "371102-SCJG") == OFFICER
    assert store.staff_by_login("officer", "371103-SCJG") is None
    assert store.staff_by_login("OFFICER", "371102-SCJG") is None
    assert store.staff_by_id(UUID(int=0)) is None


def test_a_client_id_is_given_once(store: Store) -> None:
    assert store.member("rizhao-office") is None
    assert store.add_member(OFFICE)
    assert not store.add_member(replace(OFFICE, display_name="another"))
    assert store.member("rizhao-office") == OFFICE


def test_an_assertion_is_used_once_per_client(store: Store) -> None:
    assert store.use_assertion(OFFICE.client_id, "one", NOW)
    assert not store.use_assertion(OFFICE.client_id, "one", NOW)
    assert store.use_assertion(OFFICE.client_id, "two", NOW)
    assert store.use_assertion(SSP.client_id, "one", NOW)


def test_failed_attempts_are_counted_per_client_and_time(store: Store) -> None:
    for seconds in (0, 30, 61):
        store.note_failed_attempt(OFFICE.client_id, NOW - timedelta(seconds=seconds))
    store.note_failed_attempt(SSP.client_id, NOW)
    assert store.failed_attempts(OFFICE.client_id, NOW - timedelta(seconds=60)) == 2
    assert store.failed_attempts("nobody", NOW - timedelta(seconds=60)) == 0


def test_what_need_not_be_remembered_is_forgotten(real: IdentityStore) -> None:
    real.use_assertion("a-client", "over", NOW - timedelta(seconds=1))
    real.use_assertion("a-client", "open", NOW)
    real.note_failed_attempt("a-client", NOW - timedelta(minutes=61))
    real.note_failed_attempt("a-client", NOW)
    real.forget(NOW)
    assert real.use_assertion("a-client", "over", NOW)
    assert not real.use_assertion("a-client", "open", NOW)
    assert real.failed_attempts("a-client", NOW - timedelta(days=1)) == 1


def test_regions_are_listed_below_their_parent_page_by_page(real: IdentityStore) -> None:
    assert [region.code for region in real.regions_below("", FIRST).rows] == ["371100"]
    first = real.regions_below("371100", PageRequest(2))
    assert [region.code for region in first.rows] == ["371101", "371102"]
    second = real.regions_below("371100", PageRequest(2, after=("371102",)))
    assert [region.code for region in second.rows] == ["371103"]
    assert (bool(first.next_token), second.next_token) == (True, "")
    assert real.regions_below("379999", FIRST).rows == ()


def test_departments_are_listed_within_the_bound_and_below_what_is_asked(real: IdentityStore) -> None:
    def codes(page: PageRequest, within: str, below: str = "") -> list[str]:
        return [department.code for department in real.departments(page, within=within, below=below).rows]

    assert codes(FIRST, "3711") == ["371102-SCJG", "371102-ZJJ", "371103-SCJG"]
    assert codes(FIRST, "371102") == ["371102-SCJG", "371102-ZJJ"]
    assert codes(FIRST, "371102", "371103") == []
    assert codes(FIRST, "3711", "371103") == ["371103-SCJG"]
    assert codes(PageRequest(1, after=("371102-SCJG",)), "3711") == ["371102-ZJJ"]


def test_a_party_can_be_reached_while_it_is_there(real: IdentityStore) -> None:
    real.add_member(OFFICE)
    for party, contact in {
        Party("person", str(OFFICER.person_id)): Contact("officer@staff.rizhao.example", "en"),
        Party("person", str(CITIZEN.holder_id)): Contact("meng@citizens.rizhao.example", "zh-CN"),
        Party("enterprise", CREDIT_CODE): Contact("haiqu@enterprises.rizhao.example", "zh-CN"),
        Party("department", "371102-SCJG"): Contact("scjg@rizhao.example", "zh-CN"),
        Party("client", "rizhao-office"): Contact("", "zh-CN"),
    }.items():
        assert real.load_contact(party, NUMBERS) == contact
    for party in (
        Party("person", str(FORMER.person_id)),
        Party("person", str(RESTAURANT.holder_id)),
        Party("person", str(UUID(int=0))),
        Party("enterprise", CITIZEN_NUMBER),
        Party("enterprise", str(RESTAURANT.holder_id)),
        Party("department", "371102-XX"),
        Party("client", "nobody"),
    ):
        with pytest.raises(Refusal) as refused:
            real.load_contact(party, NUMBERS)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "PARTY_UNKNOWN")


def test_a_region_that_is_not_there_is_unknown(real: IdentityStore) -> None:
    assert real.load_region("371102").name == "东港区"
    with pytest.raises(Refusal, match="REGION_UNKNOWN"):
        real.load_region("379999")


def test_two_replicas_cannot_use_the_same_assertion(engine_of: Engine) -> None:
    engine = engine_of("identity")
    with engine.connect() as one, engine.connect() as other:
        assert IdentityStore(one).use_assertion("a-client", "twice", NOW)
        one.commit()
        assert not IdentityStore(other).use_assertion("a-client", "twice", NOW)
        IdentityStore(other).forget(NOW + timedelta(hours=1))
        other.commit()
