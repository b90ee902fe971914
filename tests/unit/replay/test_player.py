import threading
from collections import defaultdict

import pytest

from deploy.local.client import ApiError, Unreachable
from deploy.local.replaying.cases import Action, Case, Noun, Step, steps_of
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.player import Mark, NotYet, Player, Standing
from deploy.local.replaying.timeline import timeline
from tests.unit.replay.made import BUSINESS, DIRTY, VILLAGE, report, request

GRID_ONLY = [Action.FILE, Action.DISPATCH, Action.ACCEPT, Action.HANDLE, Action.VERIFY, Action.CLOSE]


def steps_for(count: int) -> list[Step]:
    return timeline(report(str(number), 1 + number, 1 + number) for number in range(count))


class Office:
    """Stands in for the gateway: keeps cases, says no where it was told to, and lets wait as often as it was told."""

    def __init__(
        self,
        refuses: set[tuple[str, Action]] | None = None,
        gone_after: int | None = None,
        waits: dict[tuple[str, Action], int] | None = None,
    ) -> None:
        self.refuses, self.gone_after, self.waits = refuses or set(), gone_after, waits or {}
        self.seen: dict[str, list[Action]] = defaultdict(list)
        self.order: list[str] = []
        self.lock = threading.Lock()
        self.busy = self.busiest = self.calls = 0

    def act(self, step: Step, standing: Standing | None) -> Standing:
        key, what = step.case.key, (step.case.key, step.action)
        with self.lock:
            self.calls += 1
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            gone = self.gone_after is not None and self.calls > self.gone_after
            waits = self.waits.get(what, 0)
            self.waits[what] = waits - 1
        try:
            if gone:
                raise Unreachable("The gateway does not answer.")
            if what in self.refuses:
                raise ApiError(400, 9, "WRONG_STATE", "")
            if waits > 0:
                raise NotYet("NOT_INSPECTED_YET")
            self.seen[key].append(step.action)
            self.order.append(key)
            noun = step.action.noun
            version = standing.marks[noun].version + 1 if standing and noun in standing.marks else 1
            return Standing({**(standing.marks if standing else {}), noun: Mark(key, version)}, "371102-CGJ")
        finally:
            with self.lock:
                self.busy -= 1


def player(office: Office, threads: int = 8, patience_s: float = 60.0) -> Player:
    return Player(office.act, threads, 0, lambda done, total: None, patience_s=patience_s)


def test_every_step_is_played_and_each_report_in_order() -> None:
    office = Office()
    played = player(office).play(steps_for(200))
    assert len(played.done) == 1200
    assert all(actions == GRID_ONLY for actions in office.seen.values())
    closed = {(done.mark.id, done.mark.version) for done in played.done if done.step.action is Action.CLOSE}
    assert closed == {(f"chicago/{n}", 6) for n in range(200)}
    assert not played.failed


def test_no_more_calls_at_once_than_threads() -> None:
    office = Office()
    player(office, threads=3).play(steps_for(100))
    assert office.busiest <= 3


def test_a_refusal_is_counted_and_the_steps_after_it_are_not_tried() -> None:
    office = Office(refuses={("chicago/1", Action.FILE), ("chicago/2", Action.DISPATCH)})
    played = player(office).play(steps_for(4))
    assert dict(played.failed) == {
        (Action.FILE, "WRONG_STATE"): 1,
        (Action.DISPATCH, "EARLIER_STEP_FAILED"): 1,
        (Action.DISPATCH, "WRONG_STATE"): 1,
        **{(action, "EARLIER_STEP_FAILED"): 2 for action in GRID_ONLY[2:]},
    }
    assert len(played.done) + played.failed.total() == 24


def test_an_unreachable_gateway_ends_the_play() -> None:
    office = Office(gone_after=10)
    played = player(office).play(steps_for(5_000))
    assert played.unreachable == "The gateway does not answer."
    assert office.calls < 100


def test_a_fault_of_the_player_itself_is_raised() -> None:
    def broken(step: Step, standing: Standing | None) -> Standing:
        raise KeyError("incidentId")

    with pytest.raises(KeyError):
        Player(broken, 2, 0, lambda done, total: None).play(steps_for(50))


def test_a_step_that_waits_for_an_effect_is_asked_again_and_holds_up_no_other_case() -> None:
    office = Office(waits={("chicago/0", Action.DISPATCH): 3})
    played = player(office, threads=1).play(steps_for(20))
    assert not played.failed
    assert office.seen["chicago/0"] == GRID_ONLY
    assert office.order[:2] == ["chicago/0", "chicago/1"]


def test_an_effect_that_does_not_come_is_a_failure_with_its_reason() -> None:
    office = Office(waits={("chicago/0", Action.DISPATCH): 10**6})
    played = player(office, patience_s=0.0).play(steps_for(2))
    assert played.failed[Action.DISPATCH, "NOT_INSPECTED_YET"] == 1
    assert office.seen["chicago/1"] == GRID_ONLY


def test_an_inspection_begins_when_its_licence_is_issued() -> None:
    office = Office(waits={(BUSINESS.key, Action.ISSUE): 3})
    player(office).play(timeline([request(1, DIRTY), Case(BUSINESS.key, licence=BUSINESS)]))
    assert office.order[0] == BUSINESS.key
    assert office.seen["inspection/1"] == [step.action for step in steps_of(request(1, DIRTY))]


def test_without_its_licence_an_inspection_is_not_tried() -> None:
    office = Office(refuses={(BUSINESS.key, Action.ISSUE)})
    played = player(office).play(timeline([request(1, DIRTY), Case(BUSINESS.key, licence=BUSINESS)]))
    assert played.failed[Action.OPEN, "EARLIER_STEP_FAILED"] == 1
    assert office.seen == {}


def test_each_step_leaves_what_it_changed() -> None:
    played = player(Office()).play(steps_of(request(1, DIRTY, licence=Licence(1, VILLAGE, None))))
    assert [(done.step.action.noun, done.mark.version) for done in played.done] == [
        (Noun.INSPECTION, version) for version in (1, 2, 3, 4)
    ]
