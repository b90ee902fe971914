from typing import Any

import pytest

from deploy.local.replaying.accounts import Counts
from deploy.local.replaying.settling import NotSettled, behind, counts, on_its_way, settled
from deploy.local.replaying.taken import SERVICES

ENDS = {"egov.grid.v1": {0: 9, 1: 3}, "egov.identity.v1": {0: 1}}
QUIET: dict[str, Any] = {
    "outboxDepth": "0",
    "eventsLogged": "24",
    "eventsTaken": {"taken": "11", "refused": "1"},
    "consumers": [
        {"topic": "egov.grid.v1", "partition": 0, "position": "9"},
        {"topic": "egov.grid.v1", "partition": 1, "position": "3"},
        {"topic": "egov.identity.v1", "partition": 0, "position": "1"},
    ],
    "deferred": "0",
    "waiting": "1",
    "parked": "2",
    "jobsPending": "5",
}


class Backbone:
    """Stands in for services and Kafka: each answer is the next of those it was given, the last for ever."""

    def __init__(self, *statuses: dict[str, Any], ends: tuple[Any, ...] = (ENDS,)) -> None:
        self._statuses, self._ends = list(statuses), list(ends)
        self.rounds = 0

    def ask(self, service: str) -> dict[str, Any]:
        last = service == SERVICES[-1]
        return self._statuses.pop(0) if last and len(self._statuses) > 1 else self._statuses[0]

    def ends(self) -> Any:
        self.rounds += 1
        return self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]


def settle(backbone: Backbone, patience_s: float = 60.0) -> Any:
    return settled(backbone.ask, backbone, lambda done, total: None, patience_s)  # type: ignore[arg-type]


def test_the_figures_come_from_the_services_own_status() -> None:
    said = counts({"grid": {**QUIET, "eventsLogged": "12", "eventsTaken": {}}, "notification": QUIET})
    assert said == Counts({"grid": 12, "notification": 24}, {"grid": 0, "notification": 12}, parked=6, jobs_pending=5)


def test_nothing_is_on_its_way_when_all_queues_are_empty() -> None:
    assert not any(on_its_way({"grid": QUIET, "inspection": QUIET}, ENDS).values())


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"deferred": "2"}, "events that inspection tries again"), ({"outboxDepth": "2"}, "inspection's outbox")],
)
def test_what_is_on_its_way_is_named(changed: dict[str, object], said: str) -> None:
    waits = on_its_way({"grid": QUIET, "inspection": {**QUIET, **changed}}, ENDS)
    assert {name: count for name, count in waits.items() if count} == {said: 2}


def test_every_consumer_has_to_come_to_the_end_of_its_topic() -> None:
    late = [{"topic": "egov.grid.v1", "partition": 0, "position": position} for position in ("7", "8", "9")]
    assert behind({"consumers": late}, ENDS) == 3


def test_an_end_that_was_read_before_a_consumer_went_on_is_not_behind() -> None:
    assert behind({"consumers": [{"topic": "egov.grid.v1", "partition": 1, "position": "5"}]}, ENDS) == 0


def test_it_is_settled_when_nothing_came_between_two_looks() -> None:
    more = {**ENDS, "egov.grid.v1": {0: 9, 1: 2}}
    backbone = Backbone(QUIET, ends=(more, ENDS))
    assert settle(backbone)[0] == ENDS
    assert backbone.rounds == 3


def test_it_is_waited_for_what_is_on_its_way() -> None:
    backbone = Backbone({**QUIET, "outboxDepth": "4"}, QUIET)
    settle(backbone)
    assert backbone.rounds == 3


def test_work_that_does_not_move_is_named() -> None:
    with pytest.raises(NotSettled, match="tries again"):
        settle(Backbone({**QUIET, "deferred": "3"}), patience_s=0.0)
