import pytest

from deploy.local.replaying.accounts import Counts
from deploy.local.replaying.settling import counts, on_its_way, positions

GRID = {"outboxDepth": "0", "eventsLogged": "12", "consumers": []}
NOTIFICATION = {
    "outboxDepth": "0",
    "eventsLogged": "24",
    "eventsTaken": {"done": "11", "refused": "1"},
    "consumers": [
        {"topic": "egov.grid.v1", "partition": 0, "position": "9"},
        {"topic": "egov.grid.v1", "partition": 0, "position": "7"},
        {"topic": "egov.grid.v1", "partition": 1, "position": "3"},
        {"topic": "egov.identity.v1", "partition": 0, "position": "1"},
    ],
    "deferred": "0",
    "waiting": "1",
    "parked": "2",
    "jobsPending": "5",
}


def test_the_figures_come_from_the_services_own_status() -> None:
    assert counts(GRID, NOTIFICATION) == Counts(12, 12, 24, parked=3, jobs_pending=5)


def test_nothing_is_on_its_way_when_all_queues_are_empty() -> None:
    assert not any(on_its_way(GRID, NOTIFICATION, 0).values())


def test_of_several_consumers_of_a_partition_the_slowest_counts() -> None:
    assert positions(NOTIFICATION) == {0: 7, 1: 3}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"deferred": "2"}, "deferred events"),
        ({"outboxDepth": "4"}, "notification's outbox"),
    ],
)
def test_what_is_on_its_way_is_named(changed: dict[str, object], said: str) -> None:
    assert on_its_way(GRID, {**NOTIFICATION, **changed}, 0)[said] > 0


def test_an_event_in_kafka_that_was_not_taken_is_on_its_way() -> None:
    waits = on_its_way({**GRID, "outboxDepth": "1"}, NOTIFICATION, 3)
    assert waits == {"grid's outbox": 1, "events to be taken": 3, "deferred events": 0, "notification's outbox": 0}
