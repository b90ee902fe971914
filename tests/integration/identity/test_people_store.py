"""What the store does with people: posts, holders, who is shut out, who looked at whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.identity.domain.organisations import Role
from services.identity.domain.standing import Reason, Standing
from services.identity.store.identity import IdentityStore
from services.identity.store.reference import ReferenceStore
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.integration.identity.stores import Store
from tests.unit.identity.samples import (
    CITIZEN,
    CITIZEN_NUMBER,
    LENT,
    NOW,
    NUMBERS,
    OFFICER,
    RESTAURANT,
    ROLE_SCOPES,
    SSP,
)

LOOK = sa.text(
    "INSERT INTO chassis.audit_log (id, logged_at, workload, department, method, target, outcome)"
    " VALUES (:id, :at, 'gateway', '371102-SCJG', :method, :target, :outcome)"
)


def test_roles_and_secondments_come_with_the_person(store: Store) -> None:
    assert store.staff_by_id(LENT.person_id) == LENT


def test_roles_come_with_the_scopes_that_they_may_use(store: Store) -> None:
    assert store.role_scopes({"officer", "operator"}) == {"officer": ROLE_SCOPES["officer"]}
    assert store.role_scopes(()) == {}


def test_the_sheet_of_roles_is_the_whole_truth(real: IdentityStore, connection: sa.Connection) -> None:
    ReferenceStore(connection).save_role_scopes({"officer": frozenset({"grid.incidents.read"})})
    assert real.role_scopes({"officer", "seat"}) == {"officer": {"grid.incidents.read"}}


def test_holders_are_found_in_the_callers_region_only(store: Store) -> None:
    assert store.holder(CITIZEN.holder_id) == CITIZEN
    assert store.holder(CITIZEN.holder_id, within="371102") == CITIZEN
    assert store.holder(CITIZEN.holder_id, within="371103") is None
    assert store.holder(UUID(int=0)) is None


def test_a_number_is_registered_once_per_kind(store: Store) -> None:
    again = replace(CITIZEN, holder_id=UUID(int=7))
    assert not store.add_holder(again)
    other = replace(again, kind_code="999", number_hash=NUMBERS.hash_of("999", CITIZEN_NUMBER))
    assert store.add_holder(other)
    assert store.holder(other.holder_id) == other


@pytest.mark.parametrize(
    "party",
    [
        Party("person", str(OFFICER.person_id)),
        Party("person", str(CITIZEN.holder_id)),
        Party("person", str(RESTAURANT.holder_id)),
        Party("client", "rizhao-ssp"),
    ],
    ids=["staff", "citizen", "enterprise", "client"],
)
def test_who_is_shut_out_stays_so_until_let_in_again(store: Store, party: Party) -> None:
    store.add_member(SSP)
    assert store.standing(party, within="371103") is None
    assert store.standing(party, within="3711") == Standing(1)
    out = Standing(2, NOW, Reason.MISUSE)
    assert store.save_standing(party, out)
    assert store.standing(party, within="3711") == out
    assert disabled(store, party)
    assert not store.save_standing(party, Standing(2)), "the version before is no longer there"
    assert store.save_standing(party, Standing(3))
    assert not disabled(store, party)


def disabled(store: Store, party: Party) -> bool:
    if party.kind == "client":
        member = store.member(party.id)
        return member is not None and member.disabled
    person = store.staff_by_id(UUID(party.id)) or store.holder(UUID(party.id))
    return person is not None and person.disabled


def test_who_is_not_known_does_not_stand(store: Store) -> None:
    for party in (Party("person", str(UUID(int=0))), Party("client", "nobody")):
        assert store.standing(party, within="3711") is None


def test_looks_at_a_record_are_listed_newest_first(real: IdentityStore, connection: sa.Connection) -> None:
    for minutes, method, target, outcome in (
        (0, "GetHolder", CITIZEN.holder_id, "OK"),
        (1, "GetHolder", CITIZEN.holder_id, "NOT_FOUND"),
        (2, "GetHolder", RESTAURANT.holder_id, "OK"),
        (3, "ListAccesses", CITIZEN.holder_id, "OK"),
        (4, "GetHolder", CITIZEN.holder_id, "OK"),
    ):
        row = {"id": uuid7(), "at": NOW + timedelta(minutes=minutes), "target": str(target), "outcome": outcome}
        connection.execute(LOOK, row | {"method": f"egov.identity.v1.IdentityService/{method}"})
    first = real.accesses(CITIZEN.holder_id, PageRequest(2))
    assert [(one.at - NOW, one.outcome) for one in first.rows] == [
        (timedelta(minutes=4), "OK"),
        (timedelta(minutes=1), "NOT_FOUND"),
    ]
    assert (first.rows[0].department, first.rows[0].client_id, first.rows[0].case_number) == ("371102-SCJG", "", "")
    last = first.rows[-1]
    second = real.accesses(CITIZEN.holder_id, PageRequest(2, after=(last.at, last.id)))
    assert [one.at for one in second.rows] == [NOW] and second.next_token == ""


def test_reference_data_lets_nobody_in_again_and_takes_back_roles(
    real: IdentityStore, connection: sa.Connection
) -> None:
    party = Party("person", str(LENT.person_id))
    real.save_standing(party, Standing(2, NOW, Reason.LEFT))
    reference = ReferenceStore(connection)
    reference.save_staff([replace(LENT, roles=frozenset({Role("officer", "371103")}), secondments=())])
    reference.save_holders([replace(CITIZEN, email="new@citizens.rizhao.example")])
    person = real.staff_by_id(LENT.person_id)
    assert person is not None and person.disabled
    assert (person.roles, person.secondments) == (frozenset({Role("officer", "371103")}), ())
    assert real.staff_by_id(OFFICER.person_id) == OFFICER
    changed = real.holder(CITIZEN.holder_id)
    assert changed == replace(CITIZEN, email="new@citizens.rizhao.example", version=2)
