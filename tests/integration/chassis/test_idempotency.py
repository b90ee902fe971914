"""The unit of work of a changing call: all of it or nothing, once for each key."""

from __future__ import annotations

import threading
from typing import Any

import grpc

from services.chassis.entrypoints import rpc
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import token
from tests.integration.chassis.harness import World
from tests.waiting import wait_for


def counts(world: World) -> tuple[int, ...]:
    tables = ("public.permit", "chassis.event_log", "chassis.idempotency", "chassis.job")
    return tuple(world.value(f"SELECT count(*) FROM {table}") for table in tables)


def test_one_commit_holds_state_event_outcome_job_and_audit(world: World) -> None:
    with world.running("rpc"):
        answer = world.grant()
    permit = answer.message.permit
    assert answer.metadata["egov-case-number"] == permit.case_number
    assert counts(world) == (1, 1, 1, 1)
    assert world.sql("SELECT outcome, case_number, target FROM chassis.audit_log") == [
        ("OK", permit.case_number, permit.permit_id)
    ]


def test_the_same_key_gives_the_same_answer_and_changes_nothing(world: World) -> None:
    incident = str(uuid7())
    with world.running("rpc"):
        first, again = (world.grant(incident, key="a-key") for _ in range(2))
        assert again.message == first.message
        assert again.metadata["egov-case-number"] == first.message.permit.case_number
        assert counts(world) == (1, 1, 1, 1)
        # Another person's key is another key.
        assert world.grant(incident, key="a-key", bearer=token(sub=str(uuid7()))).message != first.message


def test_another_body_under_the_same_key_is_refused(world: World) -> None:
    with world.running("rpc"):
        world.grant(key="a-key")
        assert world.grant(key="a-key").reason == "KEY_REUSED"
    assert counts(world) == (1, 1, 1, 1)


def test_a_twin_in_flight_is_told_to_wait(world: World) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def GrantPermit(self: Any, request: Any, call: Any) -> Any:
        answer = world.permits.service.PermitsService.GrantPermit(self, request, call)
        begun.set()
        go_on.wait(10)
        return answer

    incident, answers = str(uuid7()), []
    with world.running("rpc", service=world.variant(GrantPermit=rpc(GrantPermit))):
        first = threading.Thread(target=lambda: answers.append(world.grant(incident, key="a-key")))
        first.start()
        assert begun.wait(10)
        twin = world.grant(incident, key="a-key")
        go_on.set()
        first.join()
    assert (twin.reason, twin.status) == ("IN_PROGRESS", grpc.StatusCode.ABORTED)
    assert twin.refusal is not None and twin.refusal.retry_after_s == 0.2
    assert answers[0].message.permit.permit_id
    assert counts(world) == (1, 1, 1, 1)


def test_a_commit_that_fails_is_the_calls_error_and_leaves_nothing(world: World) -> None:
    world.sql("ALTER TABLE permit ADD CONSTRAINT never UNIQUE (owner) DEFERRABLE INITIALLY DEFERRED", owner=True)
    try:
        with world.running("rpc"):
            assert world.grant().status is grpc.StatusCode.OK
            refused = world.grant(key="a-key")
            assert (refused.reason, refused.status) == ("INTERNAL", grpc.StatusCode.INTERNAL)
            assert b"never" not in refused.message
            assert counts(world) == (1, 1, 1, 1)
    finally:
        world.sql("ALTER TABLE permit DROP CONSTRAINT never", owner=True)


def test_an_event_that_is_too_large_undoes_the_call(world: World) -> None:
    def GrantPermit(self: Any, request: Any, call: Any) -> Any:
        answer = world.permits.service.PermitsService.GrantPermit(self, request, call)
        self.uow.record(world.permits.events.PermitEnded(permit_id="x", version=1, incident_id="y" * 300_000))
        return answer

    with world.running("rpc", service=world.variant(GrantPermit=rpc(GrantPermit))):
        refused = world.grant()
    assert (refused.reason, refused.status) == ("EVENT_TOO_LARGE", grpc.StatusCode.INTERNAL)
    assert counts(world) == (0, 0, 0, 0)


def test_a_read_cannot_record_and_leaves_no_transaction(world: World) -> None:
    def GetPermit(self: Any, request: Any, call: Any) -> Any:
        self.uow.connection.exec_driver_sql("SELECT 1")
        assert self.uow.connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()").scalar() is None
        self.uow.enqueue("print_sign", {}, "key")

    request = world.permits.contract.GetPermitRequest(permit_id=str(uuid7()))
    with world.running("rpc", service=world.variant(GetPermit=rpc(GetPermit))):
        assert world.call("GetPermit", request).reason == "INTERNAL"
    assert counts(world) == (0, 0, 0, 0)


def test_no_statement_outlives_the_deadline(world: World) -> None:
    def GetPermit(self: Any, request: Any, call: Any) -> Any:
        self.uow.connection.exec_driver_sql("SELECT pg_sleep(5)")

    def GrantPermit(self: Any, request: Any, call: Any) -> Any:
        self.uow.connection.exec_driver_sql("SELECT pg_sleep(0.3)")
        self.uow.connection.exec_driver_sql("SELECT pg_sleep(5)")

    request = world.permits.contract.GetPermitRequest(permit_id=str(uuid7()))
    service = world.variant(GetPermit=rpc(GetPermit), GrantPermit=rpc(GrantPermit))
    with world.running("rpc", service=service, EGOV_THREADS="1") as container:
        assert world.call("GetPermit", request, timeout=0.5).status is grpc.StatusCode.DEADLINE_EXCEEDED
        assert world.grant(timeout=0.5).status is grpc.StatusCode.DEADLINE_EXCEEDED
        # The connection goes back to the pool with the role's own limit, and nothing of what was given up runs on.
        wait_for("it was cancelled", lambda: world.at_work("SELECT pg_sleep(5)") == 0, within_s=2.0)
        with container.runtime.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "5s"
            connection.exec_driver_sql("SELECT pg_sleep(0.6)")


def test_a_restart_of_the_database_costs_no_call(world: World) -> None:
    with world.running("rpc"):
        assert world.grant().status is grpc.StatusCode.OK
        postgres = world.servers.postgres.child
        postgres.stop(10)
        assert world.grant().reason == "UNAVAILABLE"
        world.servers.start(postgres)
        assert world.grant().status is grpc.StatusCode.OK
