import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.client import ApiError, Unreachable
from deploy.local.replaying.mapping import Mapped, TypeKey
from deploy.local.replaying.player import Player, Standing
from deploy.local.replaying.rows import Row
from deploy.local.replaying.timeline import ON_COMPLETION, Action, Step, timeline

FIRST = datetime(2014, 12, 1, tzinfo=UTC)


def steps_of(count: int) -> list[Step]:
    def mapped(number: int) -> Mapped:
        created = FIRST + timedelta(days=number)
        row = Row("chicago", str(number), "Other", "", "61", "48XX S WOOD", created, created, False)
        return Mapped(row, TypeKey("RZ-LOCAL", "event", "92001"), "371102001001")

    return timeline(mapped(number) for number in range(count))


class Office:
    """Stands in for the gateway: keeps incidents, and says no where it was told to."""

    def __init__(self, refuses: set[tuple[str, Action]] | None = None, gone_after: int | None = None) -> None:
        self.refuses, self.gone_after = refuses or set(), gone_after
        self.seen: dict[str, list[Action]] = defaultdict(list)
        self.lock = threading.Lock()
        self.busy = self.busiest = self.calls = 0

    def act(self, step: Step, standing: Standing | None) -> Standing:
        number = step.mapped.row.number
        with self.lock:
            self.calls += 1
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            gone = self.gone_after is not None and self.calls > self.gone_after
        try:
            if gone:
                raise Unreachable("The gateway does not answer.")
            if (number, step.action) in self.refuses:
                raise ApiError(400, 9, "WRONG_STATE", "")
            self.seen[number].append(step.action)
            return Standing(number, standing.version + 1 if standing else 1, "371102-CGJ")
        finally:
            with self.lock:
                self.busy -= 1


def player(office: Office, threads: int = 8) -> Player:
    return Player(office.act, threads, 0, lambda done, total: None)


def test_every_step_is_played_and_each_report_in_order() -> None:
    office = Office()
    played = player(office).play(steps_of(200))
    assert played.calls == 1200
    assert all(actions == list(Action) for actions in office.seen.values())
    assert sorted(played.acknowledged[Action.CLOSE]) == sorted((str(n), 6) for n in range(200))
    assert not played.failed


def test_no_more_calls_at_once_than_threads() -> None:
    office = Office()
    player(office, threads=3).play(steps_of(100))
    assert office.busiest <= 3


def test_a_refusal_is_counted_and_the_steps_after_it_are_not_tried() -> None:
    office = Office(refuses={("1", Action.FILE), ("2", Action.DISPATCH)})
    played = player(office).play(steps_of(4))
    assert dict(played.failed) == {
        (Action.FILE, "WRONG_STATE"): 1,
        (Action.DISPATCH, "EARLIER_STEP_FAILED"): 1,
        (Action.DISPATCH, "WRONG_STATE"): 1,
        **{(action, "EARLIER_STEP_FAILED"): 2 for action in ON_COMPLETION},
    }
    assert played.calls + played.failed.total() == 24


def test_an_unreachable_gateway_ends_the_play() -> None:
    office = Office(gone_after=10)
    played = player(office).play(steps_of(5_000))
    assert played.unreachable == "The gateway does not answer."
    assert office.calls < 100


def test_a_fault_of_the_player_itself_is_raised() -> None:
    def broken(step: Step, standing: Standing | None) -> Standing:
        raise KeyError("incidentId")

    with pytest.raises(KeyError):
        Player(broken, 2, 0, lambda done, total: None).play(steps_of(50))
