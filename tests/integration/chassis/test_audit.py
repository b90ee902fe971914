"""The audit log: every call of a known caller has one row, whatever came of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from services.chassis.audit import GATHER_S
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import PERSON, token
from tests.integration.chassis.harness import World
from tests.waiting import wait_for

ROWS = "SELECT split_part(method, '/', 2), outcome, target FROM chassis.audit_log ORDER BY logged_at, id"


def read(world: World, permit_id: str) -> Any:
    return world.call("GetPermit", world.permits.contract.GetPermitRequest(permit_id=permit_id), key=None)


def test_changes_reads_replays_and_refusals_leave_a_row_each(world: World) -> None:
    nobody, incident = str(uuid7()), str(uuid7())
    with world.running("rpc"):
        permit = world.grant(incident, key="a-key").message.permit
        world.grant(incident, key="a-key")
        read(world, permit.permit_id)
        read(world, nobody)
        world.grant(bearer=token(scope=""))
        world.grant(workload="grid")
        # Of nobody in particular: no row.
        world.grant(bearer="")
    wait_for("the rows are written", lambda: len(world.sql(ROWS)) == 6)
    assert sorted(world.sql(ROWS)[:4]) == sorted(
        [
            ("GrantPermit", "OK", permit.permit_id),
            ("GrantPermit", "REPLAYED", incident),
            ("GetPermit", "OK", permit.permit_id),
            ("GetPermit", "PERMIT_NOT_FOUND", nobody),
        ]
    )
    assert {row[1] for row in world.sql(ROWS)[4:]} == {"SCOPE_MISSING", "CALLER_NOT_ALLOWED"}
    who = "SELECT workload, client, subject, region, case_number FROM chassis.audit_log WHERE outcome = 'OK'"
    assert ("gateway", "rizhao-office", PERSON, "371102", permit.case_number) in world.sql(who)
    traces = world.sql("SELECT trace_id FROM chassis.audit_log")
    assert all(len(trace) == 32 for (trace,) in traces)


def test_reads_of_a_twentieth_of_a_second_share_one_commit(world: World) -> None:
    nobody, reads = str(uuid7()), 400
    with world.running("rpc"), ThreadPoolExecutor(8) as threads:
        begun = time.monotonic()
        list(threads.map(lambda _: read(world, nobody), range(reads)))
        wait_for("the rows are written", lambda: len(world.sql(ROWS)) == reads)
        seconds = time.monotonic() - begun
    commits = world.value("SELECT count(DISTINCT xmin::text) FROM chassis.audit_log")
    assert commits <= seconds / GATHER_S + 1


def test_an_id_that_no_database_takes_does_not_stop_the_log(world: World) -> None:
    with world.running("rpc"):
        assert read(world, "\0").reason == "INVALID_ARGUMENT"
        assert read(world, "a person's name").reason == "INVALID_ARGUMENT"
        assert read(world, "13905330417").reason == "INVALID_ARGUMENT"
        assert read(world, str(uuid7())).status is grpc.StatusCode.NOT_FOUND
        wait_for("all are written", lambda: len(world.sql(ROWS)) == 4)
    assert [row[2] for row in world.sql(ROWS)][:3] == [None, None, None]


def test_rows_wait_for_a_database_that_is_away(world: World) -> None:
    postgres = world.servers.postgres.child
    with world.running("rpc"):
        read(world, str(uuid7()))
        wait_for("the first is written", lambda: len(world.sql(ROWS)) == 1)
        postgres.stop(10)
        assert read(world, str(uuid7())).reason == "UNAVAILABLE"
        world.servers.start(postgres)
        wait_for("the second is written", lambda: len(world.sql(ROWS)) == 2)
    assert [row[1] for row in world.sql(ROWS)] == ["PERMIT_NOT_FOUND", "UNAVAILABLE"]
