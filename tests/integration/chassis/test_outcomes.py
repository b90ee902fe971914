"""What becomes of an event that cannot be taken at once: refused, deferred, parked, and those behind it."""

from __future__ import annotations

from typing import Any

import pytest
from egov.chassis.v1 import operations_service_pb2 as operations

from services.chassis import resume
from services.kernel.errors import Kind, NotYet, Refusal
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import Answer
from tests.integration.chassis.harness import CLOSED, World, event_call, long_ago
from tests.waiting import wait_for


class Handler:
    """Takes events of each key as the test says: an exception for each try, None to take it."""

    def __init__(self, **plans: list[Exception | None]) -> None:
        self.plans = plans
        self.taken: list[tuple[str, int]] = []

    def __call__(self, service: Any, event: Any, call: Any) -> None:
        plan = self.plans.get(event.incident_id, [])
        service.uow.connection.exec_driver_sql("SELECT 1")
        if plan and (error := plan.pop(0) if len(plan) > 1 else plan[0]) is not None:
            raise error
        self.taken.append((event.incident_id, event.version))


WHY = "its sender was mended"


def operate(world: World, method: str, event_id: str) -> Answer:
    request = getattr(operations, f"{method}Request")(service="permits", event_id=event_id, consumer=CLOSED, reason=WHY)
    return world.call(method, request, service="egov.chassis.v1.OperationsService")


def test_a_refusal_is_an_outcome_and_is_told(world: World) -> None:
    handler = Handler(refused=[Refusal("PERMIT_ENDED", Kind.FAILED_STATE)])
    with world.running("events", service=world.variant(**event_call(world, handler))):
        id = world.close_incident("refused")
        wait_for("it is refused", lambda: world.inbox() == {id: "refused"})
        other = world.close_incident("refused", 4)
        wait_for("the next of its key, too", lambda: world.inbox().get(other) == "refused")
    (fact, _) = world.facts("EventRefused")
    assert (fact["eventId"], fact["reason"], fact["consumer"]) == (id, "PERMIT_ENDED", CLOSED)
    assert world.kept() == []


def test_an_event_that_is_not_yet_possible_waits_and_its_key_behind_it(world: World) -> None:
    handler = Handler(early=[NotYet("PERMIT_NOT_FOUND"), NotYet("PERMIT_NOT_FOUND"), None])
    with world.running("events", service=world.variant(**event_call(world, handler))):
        first = world.close_incident("early", 1)
        second = world.close_incident("early", 2)
        other = world.close_incident("other")
        wait_for("others go on", lambda: ("other", 3) in handler.taken)
        wait_for("all are taken", lambda: world.inbox() == dict.fromkeys((first, second, other), "taken"))
    assert [taken for taken in handler.taken if taken[0] == "early"] == [("early", 1), ("early", 2)]
    assert world.value("SELECT attempts FROM chassis.inbox WHERE event_id = %s", first) == 3
    assert world.sql("SELECT * FROM chassis.held_key") == []


def test_an_event_that_waited_long_is_not_given_up_at_its_first_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "backoff", lambda attempts: 0.05)
    early: list[Exception | None] = [NotYet("PERMIT_NOT_FOUND")] * 8
    handler = Handler(early=[*early, ValueError("once"), NotYet("PERMIT_NOT_FOUND"), None])
    with world.running("events", service=world.variant(**event_call(world, handler))):
        id = world.close_incident("early")
        wait_for("it is taken", lambda: world.inbox() == {id: "taken"})
    assert world.value("SELECT attempts FROM chassis.inbox WHERE event_id = %s", id) == 11
    assert world.facts("EventParked") == []


def test_what_keeps_failing_is_parked_holds_its_key_and_can_be_retried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "backoff", lambda attempts: 0.05)
    handler = Handler(bad=[ValueError("a person's name")])
    with world.running("rpc", "events", service=world.variant(**event_call(world, handler))):
        bad = world.close_incident("bad", 1)
        behind = world.close_incident("bad", 2)
        world.close_incident("good")
        wait_for("others go on", lambda: ("good", 3) in handler.taken)
        parked = [("PARKED", "HANDLER_FAILED", 5), ("WAITING", "BEHIND_ANOTHER", 0)]
        wait_for("it is parked after five tries", lambda: world.kept() == parked)
        assert world.facts("EventParked")[0]["reason"] == "HANDLER_FAILED"
        assert operate(world, "RetryParked", behind).reason == "NOT_THE_HEAD"
        assert operate(world, "RetryParked", str(uuid7())).reason == "PARKED_NOT_FOUND"
        handler.plans["bad"] = [None]
        assert operate(world, "RetryParked", bad).reason == ""
        wait_for("both are taken", lambda: world.kept() == [])
    assert [taken for taken in handler.taken if taken[0] == "bad"] == [("bad", 1), ("bad", 2)]
    assert world.inbox()[bad] == world.inbox()[behind] == "taken"
    assert [fact["eventId"] for fact in world.facts("EventResumed")] == [bad]
    audited = "SELECT outcome, note FROM chassis.audit_log WHERE method LIKE '%%RetryParked' ORDER BY logged_at"
    assert world.sql(audited) == [("NOT_THE_HEAD", WHY), ("PARKED_NOT_FOUND", WHY), ("OK", WHY)]


def test_a_parked_event_can_be_given_up_and_those_behind_it_go_on(world: World) -> None:
    handler = Handler(lost=[Refusal("INTERNAL", Kind.INTERNAL)])
    with world.running("rpc", "events", service=world.variant(**event_call(world, handler))):
        lost = world.close_incident("lost", body=b"\xff\xff")
        behind = world.close_incident("lost", 2)
        wait_for("it is parked", lambda: [row[:2] for row in world.kept()][:1] == [("PARKED", "UNDECODABLE")])
        wait_for("the next waits", lambda: len(world.kept()) == 2)
        listed = world.call(
            "ListParked",
            operations.ListParkedRequest(service="permits", consumer=CLOSED),
            service="egov.chassis.v1.OperationsService",
        )
        states = [event.state for event in operations.ListParkedResponse.FromString(listed.message).events]
        assert states == [operations.PARKED_STATE_PARKED, operations.PARKED_STATE_WAITING]
        handler.plans["lost"] = [None]
        assert operate(world, "DiscardParked", lost).reason == ""
        wait_for("the next is taken", lambda: handler.taken == [("lost", 2)])
        wait_for("its key is free", lambda: world.kept() == [])
    assert world.inbox() == {lost: "discarded", behind: "taken"}
    assert [fact["eventId"] for fact in world.facts("EventDiscarded")] == [lost]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"ce_source": "/egov/identity"}, "FOREIGN_EVENT"),
        ({"ce_id": None}, "NO_ENVELOPE"),
        ({"ce_time": "2026-11-23T08:00:00"}, "NO_ENVELOPE"),
        ({"ce_aggregateversion": "three"}, "NO_ENVELOPE"),
        ({"ce_subject": "x" * 300}, "NO_ENVELOPE"),
        ({"ce_id": long_ago(40)}, "TOO_OLD"),
        ({"ce_id": long_ago(-40)}, "FROM_THE_FUTURE"),
        ({"ce_casenumber": "with\0nul"}, None),
    ],
)
def test_records_that_are_no_event_of_ours_are_parked_and_hold_up_nothing(
    world: World, headers: dict[str, str | None], reason: str | None
) -> None:
    handler = Handler()
    world.close_incident(key := str(uuid7()), **headers)
    world.close_incident(key, 9) if reason is None else world.close_incident(other := str(uuid7()))
    with world.running("events", service=world.variant(**event_call(world, handler))):
        if reason is None:
            wait_for("both are taken", lambda: handler.taken == [(key, 3), (key, 9)])
            return
        wait_for("it is parked", lambda: [row[:2] for row in world.kept()] == [("PARKED", reason)])
        wait_for("others go on", lambda: handler.taken == [(other, 3)])
    assert world.facts("EventParked")[0]["reason"] == reason


def test_a_statement_that_always_takes_too_long_holds_only_its_key(world: World) -> None:
    def handle(service: Any, event: Any, call: Any) -> None:
        if event.incident_id == "slow":
            service.uow.connection.exec_driver_sql("SET LOCAL statement_timeout = '20ms'")
            service.uow.connection.exec_driver_sql("SELECT pg_sleep(5)")

    with world.running("events", service=world.variant(**event_call(world, handle))):
        world.close_incident("slow")
        wait_for("it is deferred", lambda: [row[:2] for row in world.kept()] == [("DEFERRED", "DATABASE_BUSY")])
        other = world.close_incident("other")
        wait_for("others go on", lambda: world.inbox().get(other) == "taken")


def test_an_event_waits_for_a_database_that_is_away(world: World) -> None:
    handler = Handler()
    with world.running("events", service=world.variant(**event_call(world, handler))):
        world.close_incident("before")
        wait_for("it runs", lambda: handler.taken == [("before", 3)])
        postgres = world.servers.postgres.child
        postgres.kill()
        world.close_incident("during")
        world.servers.start(postgres)
        wait_for("it is taken", lambda: handler.taken == [("before", 3), ("during", 3)])
        wait_for("it is listed", lambda: list(world.inbox().values()) == ["taken", "taken"])
    assert world.kept() == []
