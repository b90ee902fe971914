"""Behind PgBouncer in transaction mode: calls and the relay work, and what must go to the server itself is shown.

Runs where `pgbouncer` is installed, 1.21 or later: before that it knew no prepared statements.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import psycopg
import pytest

from deploy.local.children import Child, wait_until
from deploy.local.places import unprivileged
from services.chassis.entrypoints import rpc
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import SERVICE
from tests.waiting import wait_for

SERVER_CONNECTIONS = 2
CALLS = 40
FIRST_WITH_PREPARED = (1, 21)
DONE = "SELECT count(*) FROM chassis.job WHERE state = 'DONE'"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()"


def version() -> tuple[int, ...]:
    """Of the PgBouncer that is installed; empty when none is."""
    if (program := shutil.which("pgbouncer")) is None:
        return ()
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


pytestmark = pytest.mark.skipif(version() < FIRST_WITH_PREPARED, reason="pgbouncer 1.21 or later is not installed")


@pytest.fixture
def pooled(world: World, tmp_path: Path) -> Iterator[str]:
    """The address of the service's database through PgBouncer, which has two connections to the server."""
    direct = urlsplit(world.servers.postgres.url(SERVICE, SERVICE))
    account, port = unprivileged(), world.servers.ports["pgbouncer"]
    folder = world.servers.folder / "pgbouncer"
    folder.mkdir(exist_ok=True)
    files = world.servers.identities.workload("postgres")
    for name, source in (("cert", files.cert), ("key", files.key), ("trust", files.trust)):
        (folder / name).write_bytes(source.read_bytes())
    (folder / "users").write_text(f'"{direct.username}" "{direct.password}"\n')
    settings = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "pool_mode": "transaction",
        "default_pool_size": SERVER_CONNECTIONS, "max_client_conn": 200, "max_prepared_statements": 200,
        "auth_type": "scram-sha-256", "auth_file": folder / "users", "ignore_startup_parameters": "extra_float_digits",
        "client_tls_sslmode": "require", "client_tls_cert_file": folder / "cert", "client_tls_key_file": folder / "key",
        "server_tls_sslmode": "verify-ca", "server_tls_ca_file": folder / "trust",
    }  # fmt: skip
    text = "\n".join(f"{name} = {value}" for name, value in settings.items())
    place = f"{SERVICE} = host=127.0.0.1 port={direct.port} dbname={SERVICE}"
    (folder / "pgbouncer.ini").write_text(f"[databases]\n{place}\n[pgbouncer]\n{text}\n")
    program = shutil.which("pgbouncer")
    assert program is not None
    if account is not None:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, account.uid, account.gid)
    child = Child([program, str(folder / "pgbouncer.ini")], env={}, log=tmp_path / "pgbouncer.log", account=account)
    child.start()
    url = direct._replace(netloc=f"{direct.username}:{direct.password}@127.0.0.1:{port}").geturl()
    try:
        assert wait_until(lambda: answers(url), 10), child.last_lines()
        yield url
    finally:
        child.stop(10)


def answers(url: str) -> bool:
    """Whether a database answers there."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_calls_jobs_timers_and_the_relay_share_few_connections(world: World, pooled: str) -> None:
    keys = [f"key-{number // 2}" for number in range(CALLS)]
    incidents = {key: str(uuid7()) for key in keys}
    with world.running("rpc", "jobs", "timers", DATABASE_URL_PERMITS=pooled), ThreadPoolExecutor(8) as callers:
        granted = list(callers.map(lambda key: world.grant(incidents[key], key=key), keys))
        done = [each for each in granted if each.status is grpc.StatusCode.OK]
        assert {each.reason for each in granted if each not in done} <= {"IN_PROGRESS"}
        permits = {each.message.permit.permit_id for each in done}
        read = world.permits.contract.GetPermitRequest
        found = callers.map(lambda id: world.call("GetPermit", read(permit_id=id), key=None), permits)
        assert {each.message.permit.permit_id for each in found} == permits
        wait_for("every job is done", lambda: world.value(DONE) == len(permits))
        wait_for("everything is published", lambda: world.outbox() == 0)
    assert len(permits) == len(set(keys)) == world.value("SELECT count(*) FROM permit")
    assert {each.key for each in world.published()} == permits
    assert world.value("SELECT count(*) FROM chassis.audit_log WHERE method LIKE '%%GetPermit'") == len(permits)
    assert world.value(SESSIONS, SERVICE) <= SERVER_CONNECTIONS


def test_a_read_that_takes_too_long_is_cancelled_and_leaves_nothing_behind(world: World, pooled: str) -> None:
    def GetPermit(self: Any, request: Any, call: Any) -> Any:
        self.uow.connection.exec_driver_sql("SELECT pg_sleep(5)")

    request = world.permits.contract.GetPermitRequest(permit_id=str(uuid7()))
    with world.running("rpc", service=world.variant(GetPermit=rpc(GetPermit)), DATABASE_URL_PERMITS=pooled):
        assert world.call("GetPermit", request, timeout=0.5).status is grpc.StatusCode.DEADLINE_EXCEEDED
        wait_for("it was cancelled", lambda: world.at_work("SELECT pg_sleep(5)") == 0, within_s=2.0)
    with psycopg.connect(pooled, autocommit=True) as one, psycopg.connect(pooled, autocommit=True) as other:
        assert {each.execute("SHOW statement_timeout").fetchone() for each in (one, other)} == {("5s",)}


def test_what_belongs_to_a_session_must_go_to_the_server_itself(world: World, pooled: str) -> None:
    with psycopg.connect(pooled, autocommit=True) as connection:
        # The watchdog ends the session of a handler by this number, which is none of the server's.
        told, real = connection.info.backend_pid, connection.execute("SELECT pg_backend_pid()").fetchone()
        assert real is not None and told != real[0]
        # A migration lifts its limit for the session, which may be anybody's by the next statement.
        connection.execute("SET statement_timeout = 0")
    with psycopg.connect(pooled, autocommit=True) as another:
        assert another.execute("SHOW statement_timeout").fetchone() == ("0",)
