"""A database that was set back: noticed, and reconciled by the steps of `docs/runbooks/restore.md`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from egov.chassis.v1 import operations_service_pb2 as operations

from deploy.local.children import answers
from deploy.postgres import roles
from services.chassis import adopting
from services.kernel import casenumber
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.permits import python_path
from tests.integration.chassis.servers import SERVICE
from tests.integration.conftest import Engine
from tests.waiting import wait_for

# As the runbook asks.
ADOPTED = "SELECT type, aggregate_id, aggregate_version, case_number FROM chassis.event_log WHERE adopted"
OPERATIONS = "egov.chassis.v1.OperationsService"


def reconcile(world: World, *options: str) -> str:
    """What the command says. It runs as the runbook has it, in the service's environment and as the owner."""
    owner = world.servers.postgres.url(roles.owner(SERVICE), SERVICE)
    environment = {
        **world.environment(DATABASE_URL_PERMITS_OWNER=owner),
        "PYTHONPATH": python_path(world.permits.folder),
    }
    command = [sys.executable, "-m", "services.chassis.reconcile", SERVICE, *options]
    ran = subprocess.run(command, env=environment, cwd=world.permits.folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def copy(world: World, source: Path, target: Path) -> None:
    """Copy all of PostgreSQL's files, as a backup or back from it, while it is stopped."""
    server = world.servers.postgres.child
    server.stop(30)
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    world.servers.start(server)


def restored(world: World) -> bool:
    return bool(world.value("SELECT EXISTS (SELECT 1 FROM chassis.restored)"))


def printed(world: World) -> int:
    """Signs that were printed."""
    return len(world.printer.read_text("utf-8").splitlines())


def serial(case_number: str) -> int:
    return casenumber.parse(case_number).serial


def test_the_runbook_of_a_restore(world: World) -> None:
    data = world.servers.postgres.data
    backup = data.with_name("backup")
    closed, later = str(uuid7()), str(uuid7())
    # In the backup its sign is still to be printed.
    with world.process("rpc"):
        kept = world.grant(closed).message.permit
        wait_for("all is out", lambda: world.outbox() == 0)
    copy(world, data, backup)
    with world.process():
        lost = world.grant(later).message.permit
        world.close_incident(closed)
        wait_for(
            "the permit ends", lambda: world.value("SELECT version FROM permit WHERE id = %s", kept.permit_id) == 2
        )
        wait_for("both signs are printed", lambda: world.printer.exists() and printed(world) == 2)
        wait_for("all is out", lambda: world.outbox() == 0)
    assert len(world.published()) == 3

    copy(world, backup, data)
    with world.process() as process:
        # Reads are served, changes refused; nothing is taken, done or published.
        assert answers(f"http://{world.admin}/readyz")
        refused = world.grant(later)
        assert (refused.status, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_RESTORED")
        assert refused.refusal is not None and refused.refusal.retry_after_s
        status = world.call("GetStatus", operations.GetStatusRequest(service=SERVICE), service=OPERATIONS, key=None)
        assert operations.GetStatusResponse.FromString(status.message).restored
        assert "SERVICE_RESTORED" in process.log.read_text("utf-8")
        assert world.inbox() == {} and printed(world) == 2 and len(world.published()) == 3

        # It says what it will do.
        said = reconcile(world)
        assert "2 events stand on the topic and not in the log" in said
        assert f"permit {kept.permit_id}: version 1, published 2" in said
        assert f"{lost.permit_id}: published version 1, case {lost.case_number}: PermitGranted" in said
        assert "nothing was changed" in said and restored(world)

        assert "done" in reconcile(world, "--yes")
        again = wait_for("changes are taken", lambda: world.grant(later).permit)
        assert serial(again.case_number) > serial(lost.case_number)
        # The event that ended the permit is taken again, and has its effect once.
        wait_for("its sign is printed again", lambda: printed(world) == 4)
        wait_for("it ends again", lambda: world.value("SELECT ended FROM permit WHERE id = %s", kept.permit_id))
        wait_for("all is out", lambda: world.outbox() == 0)
        assert list(world.inbox().values()) == ["taken"]
        assert "there is nothing to reconcile" in reconcile(world)
    published = world.published()
    versions = [(each.key, each.headers["ce_aggregateversion"]) for each in published]
    assert len(published) == 5 and len(set(versions)) == 5
    assert [version for key, version in versions if key == kept.permit_id] == ["1", "2", "3"]
    adopted = {(kind.rpartition(".")[2], key) for kind, key, _, _ in world.sql(ADOPTED)}
    assert adopted == {("PermitGranted", lost.permit_id), ("PermitEnded", kept.permit_id)}
    note = world.value("SELECT note FROM chassis.audit_log WHERE method = 'services.chassis.reconcile'")
    assert note == "2 events adopted, 1 aggregates behind, 1 gone"


def test_what_the_log_lacks_is_found_in_front_of_what_it_knows(world: World) -> None:
    key = str(uuid7())
    world.record(world.ended(key, 1), world.ended(key, 2))
    with world.running():
        wait_for("all is out", lambda: world.outbox() == 0)
    world.forget_event(key, 1)
    with world.running():
        assert restored(world)


def test_the_marks_follow_what_is_published(world: World) -> None:
    world.record(*(world.ended(str(uuid7())) for _ in range(20)))
    with world.running():
        wait_for("all is out", lambda: world.outbox() == 0)
    ends = {part.partition: end for part, end in world.ends().items() if part.topic == "egov.permits.v1"}
    assert dict(world.sql("SELECT partition, next_offset FROM chassis.published")) == ends


def test_a_database_that_is_set_back_under_a_running_service_is_noticed(world: World) -> None:
    key = str(uuid7())
    world.record(world.ended(key))
    with world.running():
        wait_for("all is out", lambda: world.outbox() == 0)
        wait_for(
            "it is noted", lambda: world.value("SELECT sum(next_offset) FROM chassis.published") > sum(starts(world))
        )
        world.forget_event(key, 1)
        world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()",
            SERVICE,
        )
        wait_for("it is noticed", lambda: restored(world))


def starts(world: World) -> list[int]:
    return [start for part, start in world.starts.items() if part.topic == "egov.permits.v1"]


def test_a_service_that_starts_without_kafka_publishes_nothing_before_it_has_compared(world: World) -> None:
    kafka = world.servers.kafka.child
    key = str(uuid7())
    world.record(world.ended(key))
    with world.running():
        wait_for("all is out", lambda: world.outbox() == 0)
    world.forget_event(key, 1)
    world.close()
    kafka.kill()
    with world.process("rpc"):
        # Nobody can know yet; and what is done now, about the same object too, is not undone later.
        assert world.grant().status is grpc.StatusCode.OK
        world.record(world.ended(key))
        world.servers.start(kafka)
        wait_for("it is noticed", lambda: restored(world))
        wait_for("changes are refused", lambda: world.grant().reason == "SERVICE_RESTORED")
        assert len(world.published()) == 1 and world.outbox() == 2
        said = reconcile(world, "--yes")
        assert f"  {key} version 1" in said
        wait_for("what was done meanwhile is out", lambda: world.outbox() == 0)
    assert len(world.published()) == 3
    world.close()


@pytest.mark.parametrize(
    ("service", "tables"),
    [
        ("identity", {"holder", "member", "staff"}),
        ("grid", {"incident"}),
        ("inspection", {"inspection"}),
        ("certificates", {"certificate"}),
        ("notification", {"notice"}),
    ],
)
def test_the_rows_that_have_versions_are_known_by_their_keys(service: str, tables: set[str], engine_of: Engine) -> None:
    with engine_of(service).connect() as connection:
        found = {row.name for row in connection.execute(adopting.AGGREGATES)}
    # An edition of a certificate or of the net of grids is no aggregate: its key is never an event's.
    assert found - {"certificate_edition", "net"} == tables
