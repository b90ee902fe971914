"""A handler or a job that ends its process: tries are counted before they are made, and at last given up."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis import consumer, resume
from services.chassis.consumers import Consumers
from services.chassis.verdicts import CRASHES
from services.kernel.errors import NotYet
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import CLOSED, World, event_call
from tests.integration.chassis.servers import GRID_TOPIC
from tests.waiting import wait_for


def test_a_consumer_counts_the_try_that_ends_its_process_and_gives_up_after_three(world: World) -> None:
    incident = str(uuid7())
    id = world.close_incident(incident)
    with world.process("events", ready=False, EGOV_FAULTPOINTS="consumer.before_commit=kill") as process:
        wait_for("the process was killed", lambda: process.exit_code() == -9)
    world.bury()
    (place,) = world.sql("SELECT topic, partition, record_offset, attempts FROM chassis.consumer_try")
    assert place[0] == GRID_TOPIC and place[3] == 1
    assert world.inbox() == {}
    # As if it had happened twice more.
    world.sql("UPDATE chassis.consumer_try SET attempts = 3")
    taken: list[str] = []
    service = world.variant(**event_call(world, lambda service, event, call: taken.append(event.incident_id)))
    with world.running("events", service=service):
        wait_for("it is parked", lambda: world.kept() == [("PARKED", "HANDLER_CRASHED", 3)])
    assert taken == [] and world.inbox() == {id: "parked"}


def test_assignments_without_a_crash_between_them_count_as_one_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "TRIES_BY_PATIENCE", 0)
    tries: list[str] = []
    consumers: list[Any] = []

    def cut_off(service: Any, event: Any, call: Any) -> None:
        tries.append(event.incident_id)
        if len(tries) <= CRASHES + 2:
            (ours,) = [each for each in consumers[0]._consumers if each.id == CLOSED]
            ours.adopt(ours._positions.known())
            service.uow.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with world.running("events", service=world.variant(**event_call(world, cut_off))) as container:
        consumers.append(container.shared_extensions[Consumers])
        id = world.close_incident(str(uuid7()))
        wait_for("it is taken", lambda: world.inbox() == {id: "taken"})
    assert len(tries) == CRASHES + 3 and world.kept() == []


def test_a_crash_after_the_commit_takes_nothing_twice(world: World) -> None:
    world.close_incident(str(uuid7()))
    with world.process("events", ready=False, EGOV_FAULTPOINTS="consumer.after_commit=kill") as process:
        wait_for("the process was killed", lambda: process.exit_code() == -9)
    world.bury()
    assert list(world.inbox().values()) == ["taken"]
    taken: list[str] = []
    service = world.variant(**event_call(world, lambda service, event, call: taken.append(event.incident_id)))
    with world.running("events", service=service):
        world.close_incident(later := str(uuid7()))
        wait_for("the next is taken", lambda: taken == [later])


def test_a_kept_event_that_ends_its_process_is_given_up_after_three(world: World) -> None:
    def early(service: Any, event: Any, call: Any) -> None:
        raise NotYet("PERMIT_NOT_FOUND")

    with world.running("events", service=world.variant(**event_call(world, early))):
        world.close_incident(str(uuid7()))
        wait_for("it is deferred", lambda: world.kept())
    # Three tries began and did not end.
    world.sql("UPDATE chassis.parked_event SET in_hand = 3, due_at = now()")
    taken: list[str] = []
    service = world.variant(**event_call(world, lambda service, event, call: taken.append(event.incident_id)))
    with world.running("events", service=service):
        wait_for("it is parked", lambda: [row[:2] for row in world.kept()] == [("PARKED", "HANDLER_CRASHED")])
    assert taken == []
    assert [fact["consumer"] for fact in world.facts("EventParked")] == [CLOSED]


def test_a_job_that_ends_its_process_is_tried_again_and_at_last_given_up(world: World) -> None:
    with world.running("rpc"):
        world.grant()
    with world.process("jobs", ready=False, EGOV_FAULTPOINTS="job.after_claim=kill") as process:
        wait_for("the process was killed", lambda: process.exit_code() == -9)
    assert world.sql("SELECT state, attempts FROM chassis.job") == [("PENDING", 1)]
    world.sql("UPDATE chassis.job SET lease_until = now(), attempts = 5")
    with world.running("jobs"):
        wait_for(
            "it is given up", lambda: world.sql("SELECT state, reason FROM chassis.job") == [("FAILED", "JobCrashed")]
        )
    assert not world.printer.exists()


def test_a_database_that_goes_away_with_a_kept_event_in_hand_is_no_crash(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "IN_HAND_S", 0.05)
    monkeypatch.setattr(resume, "backoff", lambda attempts: 0.05)
    tries: list[str] = []

    def cut_off(service: Any, event: Any, call: Any) -> None:
        tries.append(event.incident_id)
        if len(tries) == 1:
            raise NotYet("PERMIT_NOT_FOUND")
        if len(tries) <= CRASHES + 3:
            service.uow.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with world.running("events", service=world.variant(**event_call(world, cut_off))):
        id = world.close_incident(str(uuid7()))
        wait_for("it is taken", lambda: world.inbox() == {id: "taken"})
    assert world.facts("EventParked") == []
