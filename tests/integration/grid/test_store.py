"""What a store of grid does: one suite for the fake of the unit tests and for the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.grid.domain import holding, merging
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.domain.reports import Source
from services.grid.domain.states import (
    ClosingOutcome,
    Command,
    HandlingOutcome,
    IncidentState,
    OutsideAnswer,
    ReturnReason,
)
from services.grid.store.incidents import IncidentStore
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from tests.integration.conftest import Engine
from tests.integration.grid.keeping import ALL, RULES, Stores, kept
from tests.unit.fakes import NOW
from tests.unit.grid import steps
from tests.unit.grid.samples import (
    CENTRE,
    DEPARTMENT,
    ELSEWHERE,
    GRID,
    LIMITS,
    REPORTER,
    RUBBISH,
    TYPES,
    closed,
    dispatched,
    incident,
    rule,
)

PROOF = Proof(kind=Evidence.PHOTO, reference="media/2026/1.jpg", sha256="a" * 64, given_at=NOW)


def test_an_incident_comes_back_as_it_was_kept_through_all_its_states(stores: Stores) -> None:
    [filed] = kept(
        stores,
        incident(
            address="海滨路1号 '; --",
            reporter_citizen_number="11010519491231002X",
            enterprise_code="91350100M000100Y44",
            reference="SSP-1",
        ),
    )
    assert stores.incidents.load(filed.id, "3711") == filed
    later, inspection, ended = dispatched(filed), uuid7(), HandlingOutcome.RECTIFIED
    ways: list[Callable[[Incident], Incident]] = [
        lambda it: it.accept(seen=2, by=DEPARTMENT, limits=LIMITS, now=NOW),
        lambda it: it.give_back(ReturnReason.UNCLEAR, seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW),
        lambda it: it.dispatch(seen=4, by=CENTRE, rules=[rule()], named="", limits=LIMITS, now=NOW),
        lambda it: it.escalate(limits=LIMITS, now=NOW + timedelta(days=9)),
        lambda it: it.inspect(inspection, seen=6, by=DEPARTMENT, limits=LIMITS, now=NOW),
        lambda it: it.conclude(inspection, ended, seen=7, by=DEPARTMENT, limits=LIMITS, now=NOW),
        lambda it: it.verify(passed=True, seen=8, by=CENTRE, limits=LIMITS, now=NOW),
        lambda it: it.close(ClosingOutcome.NOT_FOUND_ON_SITE, seen=9, by=CENTRE, limits=LIMITS, now=NOW, reason="无"),
        lambda it: it.reopen(seen=10, by=REPORTER, limits=LIMITS, now=NOW),
    ]
    stores.incidents.save(later)
    for way in ways:
        later = way(later)
        stores.incidents.save(later)
        assert stores.incidents.load(filed.id, GRID) == later
    assert later.inspection_id is None, "what is filed again has none"


def test_a_filed_incident_may_be_closed_without_a_department(stores: Stores) -> None:
    [filed] = kept(stores, incident())
    closed = filed.close(ClosingOutcome.DUPLICATE, seen=1, by=CENTRE, limits=LIMITS, now=NOW, reason="重复")
    stores.incidents.save(closed)
    assert stores.incidents.load(filed.id, "37") == closed


BESIDE = {
    "asked": steps.ask_extension(steps.accept(dispatched())),
    "refused": steps.refuse(steps.ask_hold(steps.accept(dispatched()))),
    "on hold": steps.grant(steps.ask_hold(steps.accept(dispatched()))),
    "extended": steps.grant(steps.ask_extension(steps.accept(dispatched()))),
    "referred": steps.give_back(steps.dispatch(steps.give_back(dispatched()))),
    "bound": steps.dispatch(steps.give_back(steps.dispatch(steps.give_back(dispatched())))),
    "in its second stage": steps.progress(steps.accept(steps.dispatch(incident()))),
    "merged": steps.merge(incident()),
    "voided": steps.void(incident()),
    "rated": steps.rate(closed()),
    "reported": incident(source=Source.MEDIA, evidence=(PROOF,)),
    "checked": steps.check(steps.reported(), found=False),
    "declined": steps.decline(steps.reported()),
    "outside": steps.send_outside(steps.accept(dispatched())),
    "sent by the centre": steps.send_outside(incident()),
    "answered": steps.answered(steps.send_outside(steps.accept(dispatched())), OutsideAnswer.REFUSED),
    "with evidence": replace(closed(), evidence=(PROOF, replace(PROOF, superseded=True)), reply="已清理完毕"),
    "rejoined": steps.DO[Command.REJOIN](steps.DO[Command.FOLLOW](steps.merge(incident()))),
}


def test_the_stages_of_another_dispatch_are_not_those_of_this_one(engine_of: Engine) -> None:
    staged = BESIDE["in its second stage"]
    with engine_of("grid").connect() as connection:
        store = IncidentStore(connection)
        store.add(staged)
        # As the release before does, which does not know of stages.
        connection.execute(sa.text("UPDATE incident SET dispatched_at = dispatched_at + interval '1 h'"))
        assert store.load(staged.id, "37").course is None
        connection.rollback()


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_beside_the_plain_way_comes_back_as_it_was_kept(stores: Stores, name: str) -> None:
    [it] = kept(stores, BESIDE[name])
    assert stores.incidents.load(it.id, "37") == it


def test_a_resumed_clock_keeps_its_pause(stores: Stores) -> None:
    [held] = kept(stores, BESIDE["on hold"])
    resumed = holding.resume(held, seen=held.version, by=DEPARTMENT, limits=LIMITS, now=NOW + timedelta(days=3))
    stores.incidents.save(resumed)
    assert stores.incidents.load(held.id, "37") == resumed
    [handling] = [each for each in resumed.clocks if each.pauses]
    assert handling.pauses[0].end == NOW + timedelta(days=3)


def test_the_open_duplicates_of_an_incident_are_found(stores: Stores) -> None:
    main = incident()
    duplicate, other = steps.merge(incident(), main), steps.merge(incident(), main)
    ended = merging.follow(steps.merge(incident(), main), closed(), limits=LIMITS, now=NOW)
    kept(stores, main, duplicate, other, ended, incident())
    assert set(stores.incidents.duplicates_of(main.id)) == {duplicate.id, other.id}
    assert stores.incidents.load_main(main.id, "37") == main


def test_the_closed_duplicates_of_an_incident_are_found(stores: Stores) -> None:
    main = incident()
    merged = [steps.merge(each, main) for each in (incident(), incident())]
    followed, waiting = steps.DO[Command.FOLLOW](merged[0]), merged[1]
    kept(stores, main, followed, waiting)
    assert stores.incidents.closed_duplicates_of(main.id) == [followed.id]


def test_whoever_was_slower_is_told_what_it_is_now(stores: Stores) -> None:
    [it] = kept(stores, dispatched())
    stores.incidents.save(steps.accept(it))
    with pytest.raises(Refusal) as refused:
        stores.incidents.save(steps.give_back(it))
    assert (refused.value.kind, refused.value.reason) == (Kind.CONFLICT, "STALE_VERSION")
    assert refused.value.params == {
        "version": 3, "state": "ACCEPTED", "holder": DEPARTMENT, "command": "ACCEPT", "at": NOW.isoformat(),
    }  # fmt: skip


def test_an_open_incident_that_nobody_would_look_at_is_found(stores: Stores) -> None:
    kept(
        stores,
        dispatched(),
        dispatched().close(ClosingOutcome.DUPLICATE, seen=2, by=CENTRE, limits=LIMITS, now=NOW, reason="重复"),
    )
    found = stores.incidents.unwatched("incident-clock")
    assert found is not None
    assert found.state is not IncidentState.CLOSED


def test_a_duplicate_is_looked_at_when_its_main_incident_has_ended(stores: Stores) -> None:
    main, duplicate = kept(stores, dispatched(), incident())
    stores.incidents.save(steps.merge(duplicate, main))
    first = stores.incidents.unwatched("incident-clock")
    assert first is not None
    assert first.id == main.id, "a duplicate of what is open is not asked for"
    stores.incidents.save(steps.void(main))
    then = stores.incidents.unwatched("incident-clock")
    assert then is not None
    assert (then.id, then.state) == (duplicate.id, IncidentState.MERGED)


def test_one_that_nobody_answers_for_is_found_behind_those_that_nobody_could(stores: Stores) -> None:
    centres = {"371102": CENTRE}
    lost, _, _ = kept(stores, replace(incident(region=ELSEWHERE), owner=""), incident(), replace(closed(), owner=""))
    assert stores.incidents.unheld(centres) is None
    assert stores.incidents.count_unheld(centres) == 1
    [orphan] = kept(stores, replace(incident(), owner="371102-WGZX"))
    assert stores.incidents.unheld(centres) == orphan
    assert stores.incidents.unheld({"371100": "371100-ZHZX", "371102": CENTRE, "371121": "371102-WGZX"}) == lost
    assert stores.incidents.count_unheld({"371102": CENTRE, "371121": ""}) == 1


def test_one_whose_coordinator_is_gone_is_found(stores: Stores) -> None:
    centres = {"371102": CENTRE, "371100": "371100-ZHZX"}
    kept(stores, incident(), replace(steps.give_back(steps.dispatch(steps.give_back(dispatched()))), step=None))
    assert stores.incidents.unheld(centres) is None
    [orphan] = kept(stores, replace(incident(), coordinator="371100-DDZX", state=IncidentState.REFERRED, returns=2))
    assert stores.incidents.unheld(centres) == orphan


def test_of_two_changes_to_one_version_the_second_is_refused(stores: Stores) -> None:
    [filed] = kept(stores, incident())
    stores.incidents.save(dispatched(filed))
    with pytest.raises(Refusal) as refused:
        stores.incidents.save(dispatched(filed))
    assert (refused.value.kind, refused.value.reason) == (Kind.CONFLICT, "STALE_VERSION")


def test_a_folder_is_the_whole_truth_and_may_be_loaded_again(stores: Stores) -> None:
    for _ in range(2):
        stores.refill(TYPES, RULES, {"371102": CENTRE, "371121": "371121-ZHZX"})
    changed = replace(TYPES[1], name_en="Food safety")
    for _ in range(2):
        stores.refill((changed,), [], {"371102": CENTRE})
    assert stores.reference.types(ALL, NOW).rows == (changed,)
    assert not stores.reference.type_in_force(RUBBISH, NOW)
    assert list(stores.reference.rules_for(GRID, NOW)) == []
    assert (stores.reference.centre_of("371102"), stores.reference.centre_of("371121")) == (CENTRE, None)
    stores.refill(TYPES, RULES, {})
    assert stores.reference.type_in_force(RUBBISH, NOW)
