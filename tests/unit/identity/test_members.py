"""A member system joins, or is told everything that is wrong with its registration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from egov.identity.v1 import events_pb2

from services.identity.domain.members import Member, Registration
from services.identity.usecases.members import register_member
from services.identity.wire.messages import known_scopes
from services.kernel.errors import Kind, Refusal
from tests.unit.fakes import FakeUnitOfWork, caller
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import OFFICE, WANTED

SCOPES = frozenset({"grid.incidents.read", "grid.incidents.file"})


def register(
    wanted: Registration, *, store: FakeStore | None = None, uow: FakeUnitOfWork | None = None, within: str = "3711"
) -> Member:
    uow = uow or FakeUnitOfWork(caller(client_id="rizhao-ops"))
    return register_member(wanted, uow, store or FakeStore(), within=within, scopes=SCOPES, fit_key=fit)


def fit(key: str) -> str | None:
    return None if key == "bad" else f"canonical {key}"


def violations(wanted: Registration, within: str = "3711") -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        register(wanted, within=within)
    assert refused.value.kind is Kind.INVALID
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def test_a_member_system_joins_and_the_world_is_told() -> None:
    store, uow = FakeStore(), FakeUnitOfWork(caller(client_id="rizhao-ops"))
    member = register(WANTED, store=store, uow=uow)
    assert store.members["donggang-video"] is member
    assert member.scopes == ("grid.incidents.file", "grid.incidents.read")
    assert member.public_keys == ("canonical one key",)
    assert (member.owner, member.version) == ("rizhao-ops", 1)
    event = uow.events[0]
    assert isinstance(event, events_pb2.MemberRegistered)
    assert (event.client_id, event.version, event.region) == ("donggang-video", 1, "371102")
    assert event.registered_at.ToDatetime(UTC) == uow.now()
    assert (uow.envelopes[0].key, uow.envelopes[0].audience) == ("donggang-video", "identity.members.register")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wanted = replace(
        WANTED,
        region="379900",
        departments=("371102-XXXX", "371102-SCJG"),
        scopes=("grid.incidents.read", "grid.incidents.burn"),
        public_keys=("good", "bad"),
    )
    assert violations(wanted) == [
        ("region", "REGION_UNKNOWN"),
        ("departments[0]", "DEPARTMENT_UNKNOWN"),
        ("departments[1]", "DEPARTMENT_OUTSIDE"),
        ("scopes[1]", "SCOPE_UNKNOWN"),
        ("public_keys[1]", "KEY_UNFIT"),
    ]


def test_a_closed_region_is_refused() -> None:
    assert violations(replace(WANTED, region="371101", departments=())) == [("region", "REGION_CLOSED")]


def test_a_region_outside_the_callers_is_unknown() -> None:
    assert violations(replace(WANTED, departments=()), within="371103") == [("region", "REGION_UNKNOWN")]


def test_a_member_vouches_for_its_own_region_only() -> None:
    wanted = replace(WANTED, departments=("371103-SCJG",))
    assert violations(wanted) == [("departments[0]", "DEPARTMENT_OUTSIDE")]


def test_a_client_id_is_given_once() -> None:
    store, uow = FakeStore(members=[OFFICE]), FakeUnitOfWork()
    with pytest.raises(Refusal) as refused:
        register(replace(WANTED, client_id=OFFICE.client_id), store=store, uow=uow)
    assert (refused.value.reason, refused.value.kind) == ("CLIENT_EXISTS", Kind.EXISTS)
    assert uow.events == []


def test_scopes_are_those_of_the_contract() -> None:
    assert {"grid.incidents.file", "identity.members.register", "operations.act"} <= known_scopes()
    assert all(scope.count(".") >= 1 for scope in known_scopes())
