"""Persons and member systems are shut out and let in again, and every service is told."""

from __future__ import annotations

import pytest
from egov.identity.v1 import events_pb2, standing_pb2

from services.identity.domain.standing import Reason, Standing
from services.identity.usecases.standing import disable, enable
from services.identity.wire import messages as wire
from services.kernel.errors import Kind, Refusal
from services.kernel.parties import Party
from tests.unit.fakes import NOW, FakeUnitOfWork, caller
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import CITIZEN, OFFICE, OFFICER, RESTAURANT, SSP

PERSON = Party("person", str(OFFICER.person_id))
CLIENT = Party("client", OFFICE.client_id)
OPERATIONS = caller(client_id="rizhao-ops")


def store() -> FakeStore:
    return FakeStore(members=[OFFICE, SSP])


@pytest.mark.parametrize(
    "party",
    [
        PERSON,
        Party("person", str(CITIZEN.holder_id)),
        Party("person", str(RESTAURANT.holder_id)),
        CLIENT,
    ],
    ids=["staff", "citizen", "enterprise", "client"],
)
def test_one_is_shut_out_and_let_in_again(party: Party) -> None:
    uow, kept = FakeUnitOfWork(OPERATIONS), store()
    assert disable(party, Reason.EXPOSED, uow, kept, within="3711") == Standing(2, NOW, Reason.EXPOSED)
    assert enable(party, uow, kept, within="3711") == Standing(3)
    out, back = uow.events
    kinds = (events_pb2.SubjectDisabled, events_pb2.SubjectEnabled)
    assert (type(out), type(back)) == (
        kinds if party.kind == "person" else (events_pb2.ClientDisabled, events_pb2.ClientEnabled)
    )
    assert [(envelope.key, envelope.version) for envelope in uow.envelopes] == [(party.id, 2), (party.id, 3)]
    assert isinstance(out, events_pb2.SubjectDisabled | events_pb2.ClientDisabled)
    assert out.reason == standing_pb2.DISABLE_REASON_EXPOSED


def test_one_who_is_shut_out_cannot_be_again_nor_one_who_is_not_be_let_in() -> None:
    uow, kept = FakeUnitOfWork(OPERATIONS), store()
    with pytest.raises(Refusal, match="WRONG_STATE"):
        enable(PERSON, uow, kept, within="3711")
    disable(PERSON, Reason.LEFT, uow, kept, within="3711")
    with pytest.raises(Refusal) as refused:
        disable(PERSON, Reason.MISUSE, uow, kept, within="3711")
    assert (refused.value.reason, refused.value.kind) == ("WRONG_STATE", Kind.FAILED_STATE)
    assert len(uow.events) == 1


@pytest.mark.parametrize(
    "party",
    [
        Party("person", "019b76da-a800-7000-8000-999999999999"),
        Party("client", "nobody"),
    ],
    ids=repr,
)
def test_only_who_is_there_can_be_shut_out(party: Party) -> None:
    uow = FakeUnitOfWork(OPERATIONS)
    with pytest.raises(Refusal) as refused:
        disable(party, Reason.LEFT, uow, store(), within="3711")
    assert (refused.value.reason, refused.value.kind) == ("PARTY_UNKNOWN", Kind.NOT_FOUND)
    assert uow.events == []


@pytest.mark.parametrize("party", [PERSON, CLIENT], ids=lambda one: one.kind)
def test_nobody_reaches_out_of_their_region(party: Party) -> None:
    with pytest.raises(Refusal, match="PARTY_UNKNOWN"):
        disable(party, Reason.LEFT, FakeUnitOfWork(OPERATIONS), store(), within="371103")
    with pytest.raises(Refusal, match="PARTY_UNKNOWN"):
        enable(party, FakeUnitOfWork(OPERATIONS), store(), within="371103")


def test_nobody_shuts_themself_out() -> None:
    own = caller(client_id=OFFICE.client_id, subject=PERSON.id)
    for party in (PERSON, CLIENT):
        with pytest.raises(Refusal, match="NOT_YOURSELF"):
            disable(party, Reason.LEFT, FakeUnitOfWork(own), store(), within="3711")


def test_who_was_slower_is_told_so() -> None:
    class Overtaken(FakeStore):
        def save_standing(self, party: Party, standing: Standing) -> bool:
            return False

    uow = FakeUnitOfWork(OPERATIONS)
    with pytest.raises(Refusal, match="STALE_VERSION"):
        disable(PERSON, Reason.LEFT, uow, Overtaken(), within="3711")
    assert uow.events == []


def test_every_reason_of_the_contract_is_known_both_ways() -> None:
    numbers = [value.number for value in standing_pb2.DisableReason.DESCRIPTOR.values if value.number]
    assert [wire.DISABLE_REASONS[wire.reason(number)] for number in numbers] == numbers  # type: ignore[arg-type]
    assert set(Reason) == set(wire.DISABLE_REASONS)


def test_a_standing_shows_since_when_and_why() -> None:
    shown = wire.standing(Standing(2, NOW, Reason.ORDERED))
    assert (shown.disabled, shown.reason, shown.version) == (True, standing_pb2.DISABLE_REASON_ORDERED, 2)
    assert shown.disabled_since.ToJsonString() == "2026-11-23T06:00:00Z"
    assert not wire.standing(Standing(3)).HasField("disabled_since")
