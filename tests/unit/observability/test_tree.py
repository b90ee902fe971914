import random

from observability import events, tree
from observability.records import Value
from tests.unit.observability.sample import CASE, EVENT, OTHER, filed, span


def _shape(node: tree.Node) -> tuple[int, list[object]]:
    return int(node.span.span, 16), [_shape(child) for child in node.children]


def test_a_tree_grows_from_spans_in_any_order_and_counts_none_twice() -> None:
    spans = filed() * 2
    random.Random(7).shuffle(spans)
    (trace,) = tree.traces(spans, CASE)
    assert [_shape(root) for root in trace.roots] == [(1, [(2, [(3, []), (4, [(5, [(6, [])])])])])]
    assert (trace.orphans, trace.of_other_cases) == ((), 0)
    assert trace.end_ns - trace.start_ns == 340_000_000


def test_an_orphan_stands_under_the_parent_that_is_missing() -> None:
    spans = [each for each in filed() if each.span != f"{4:016x}"]
    (trace,) = tree.traces(spans, CASE)
    assert [_shape(root) for root in trace.roots] == [(1, [(2, [(3, [])])])]
    assert [(parent, [_shape(node) for node in below]) for parent, below in trace.orphans] == [
        (f"{4:016x}", [(5, [(6, [])])])
    ]


def test_branches_of_other_cases_are_left_out_unless_this_one_is_below_them() -> None:
    spans = [
        span(1, 0, "timer escalate", case=None, lasts_ms=50),
        span(2, 1, "commit", case=OTHER),
        span(3, 2, "send egov.grid.v1", kind="producer", case=OTHER),
        span(4, 1, "commit", case=CASE),
        span(5, 1, "commit", case=OTHER),
        span(6, 5, "send egov.grid.v1", kind="producer", case=CASE),
    ]
    (trace,) = tree.traces(spans, CASE)
    assert [_shape(root) for root in trace.roots] == [(1, [(4, []), (5, [(6, [])])])]
    assert trace.of_other_cases == 2


def test_the_gaps_of_an_event_and_a_job_are_named() -> None:
    spans = {int(each.span, 16): each for each in filed()}
    assert tree.waiting(spans[2], spans[3]) is None
    assert tree.waiting(spans[2], spans[4]) == ("in the outbox", 20_000_000)
    assert tree.waiting(spans[4], spans[5]) == ("at the broker", 3_000_000)
    assert tree.waiting(spans[5], spans[6]) == ("for its turn", 29_000_000)


def test_an_event_taken_before_its_acknowledgement_was_back_waited_for_nothing() -> None:
    sent = span(1, name="send egov.grid.v1", kind="producer", at_ms=0, lasts_ms=5)
    taken = span(2, 1, "process egov.grid.v1", kind="consumer", at_ms=4)
    assert tree.waiting(sent, taken) == ("at the broker", 0)


def test_events_come_in_order_of_their_facts_with_what_became_of_them() -> None:
    later = "019ab2c4-0001-7000-8000-000000000001"
    taken: dict[str, Value] = {"egov.event.id": later, "egov.consumer": "incident-notices"}
    away = taken | {"egov.reason": "DATABASE_AWAY"}
    parked = taken | {"egov.event.outcome": "parked"}
    topic, there = "process egov.grid.v1", "notification"
    retried = [
        span(7, 9, topic, kind="consumer", service=there, failed=True, trace=2, attributes=away),
        span(8, 9, topic, kind="consumer", service=there, trace=2, at_ms=100, attributes=parked),
        span(9, 0, "send egov.grid.v1", kind="producer", case=OTHER, trace=3, attributes={"egov.event.id": "019a0000"}),
    ]
    first, second = events.events([*retried, *filed()], CASE)
    assert (first.id, first.type, first.phase) == (EVENT, "egov.grid.v1.IncidentFiled", "opens")
    assert [(taking.consumer, taking.outcome, taking.wait_ms) for taking in first.takings] == [
        ("notification.incident-notices", "taken", 40.0)
    ]
    assert (second.id, second.type, second.sent_ns) == (later, "", None)
    assert [(taking.outcome, taking.reason) for taking in second.takings] == [
        ("failed", "DATABASE_AWAY"),
        ("parked", ""),
    ]
