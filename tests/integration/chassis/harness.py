"""A service in this process or in one of its own, with its database, its topics and callers at its door."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
from egov.chassis.v1 import events_pb2 as chassis_events
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from kafka import TopicPartition
from kafka.admin import MemberToRemove

from deploy.local.children import Child, answers
from services.chassis.call import Call
from services.chassis.container import Container
from services.chassis.run import make_runtime
from services.chassis.runtime import PARTS, Runtime
from services.chassis.transaction import Transaction
from tests.integration.chassis.callers import JWKS, REGION, Callers
from tests.integration.chassis.permits import python_path
from tests.integration.chassis.servers import GRID_TOPIC, OWN_TOPIC, SERVICE, Servers
from tests.integration.chassis.topics import Topics
from tests.waiting import wait_for

TABLES = (
    "event_log", "outbox", "idempotency", "audit_log", "consumer_position", "consumer_try", "inbox", "held_key",
    "parked_event", "job", "due", "kept", "published", "restored",
)  # fmt: skip
CLOSED = "closed-incidents"


class World(Callers, Topics):
    """The servers, the example service's modules, and everything that a test does with them."""

    def __init__(self, servers: Servers, permits: SimpleNamespace) -> None:
        self.servers = servers
        self.permits = permits
        self.rpc = servers.ports.address("permits-rpc")
        self.admin = servers.ports.address("permits-admin")
        self.printer = permits.folder / "printer"
        self.starts: dict[TopicPartition, int] = {}

    # The database.

    def sql(self, query: str, *parameters: Any, owner: bool = False) -> list[tuple[Any, ...]]:
        with self.servers.database(owner=owner) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *parameters: Any) -> Any:
        (row,) = self.sql(query, *parameters)
        return row[0]

    def connect(self) -> psycopg.Connection[Any]:
        return self.servers.database()

    def clear(self) -> None:
        """Nothing happened yet: empty tables, and consumers begin at what comes from now on."""
        with self.servers.postgres.connect(SERVICE) as administrator:
            # Without triggers, which keep logs from being emptied; TRUNCATE takes a second for so many partitions.
            deletes = "".join(f"DELETE FROM chassis.{table};" for table in TABLES)
            rest = "DELETE FROM public.permit; UPDATE chassis.lease SET expires_at = '-infinity'"
            administrator.execute(f"SET session_replication_role = replica; {deletes} {rest}".encode())
        self.starts = self.ends()
        begin = "INSERT INTO chassis.consumer_position VALUES (%s, %s, %s, %s)"
        rows = [(CLOSED, *part, end) for part, end in self.starts.items() if part.topic == GRID_TOPIC]
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(begin, rows)
            marks = [(part.partition, end) for part, end in self.starts.items() if part.topic == OWN_TOPIC]
            cursor.executemany("INSERT INTO chassis.published VALUES (%s, %s)", marks)
            cursor.execute("INSERT INTO chassis.kept (name, value) VALUES ('key-set', %s)", (JWKS,))
        self.printer.unlink(missing_ok=True)

    def bury(self) -> None:
        """Take members that were killed out of the consumer group, which would wait for them for seconds."""
        client = self.servers.kafka.admin()
        group = f"permits.{CLOSED}"
        members = client.describe_groups([group])[group]["members"]
        client.remove_group_members(group, [MemberToRemove(member_id=member["member_id"]) for member in members])
        client.close()

    # The service.

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **self.servers.environment(),
            "EGOV_RPC_LISTEN": self.rpc,
            "EGOV_ADMIN_LISTEN": self.admin,
            "PERMITS_PRINTER": str(self.printer),
            **more,
        }

    def variant(self, **members: Any) -> type:
        """The service's class with some members of its own."""
        return type("Variant", (self.permits.service.PermitsService,), members)

    def runtime(self, parts: frozenset[str] = PARTS, **more: str) -> Runtime:
        return make_runtime("permits", parts, self.environment(**more))[1]

    def record(self, *events: Message) -> None:
        """Commit events, in one unit of work, in no process whose relay could publish them."""
        runtime = self.runtime(frozenset())
        with Transaction(runtime, Call(kind="test", name="test")) as transaction:
            for event in events:
                transaction.record(event)
            transaction.commit()
        runtime.engine.dispose()

    def set_due(self, name: str, **moments: float | None) -> None:
        """Commit what is due, by key: in so many seconds; None cancels it. In no process that could do it."""
        runtime = self.runtime(frozenset())
        with Transaction(runtime, Call(kind="test", name="test")) as transaction:
            for key, seconds in moments.items():
                if seconds is None:
                    transaction.cancel_due(name, key)
                else:
                    transaction.set_due(name, key, datetime.now(UTC) + timedelta(seconds=seconds))
            transaction.commit()
        runtime.engine.dispose()

    def ended(self, key: str, version: int = 1) -> Message:
        """An event of permits."""
        event: Message = self.permits.events.PermitEnded(permit_id=key, version=version, region=REGION)
        return event

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """What the service recorded about the taking of events: the fields of each `kind`, such as EventParked."""
        rows = self.sql(
            "SELECT body FROM chassis.event_log WHERE type = %s ORDER BY event_id", f"egov.chassis.v1.{kind}"
        )
        return [MessageToDict(getattr(chassis_events, kind).FromString(body)) for (body,) in rows]

    def inbox(self) -> dict[str, str]:
        """Outcomes of the events that were met, by event id."""
        return dict(self.sql("SELECT event_id, outcome FROM chassis.inbox"))

    def kept(self) -> list[tuple[Any, ...]]:
        """Events that are not taken yet, in their order: state, reason, attempts."""
        return self.sql("SELECT state, reason, attempts FROM chassis.parked_event ORDER BY id")

    def forget_event(self, key: str, version: int) -> None:
        """As if the database had been set back to before this event: neither the log nor its marks know of it."""
        with self.servers.postgres.connect(SERVICE) as administrator:
            administrator.execute("SET session_replication_role = replica")
            forgotten = "DELETE FROM chassis.event_log WHERE aggregate_id = %s AND aggregate_version = %s"
            assert administrator.execute(forgotten, (key, version)).rowcount == 1
            marks = [(end, part.partition) for part, end in self.starts.items() if part.topic == OWN_TOPIC]
            with administrator.cursor() as cursor:
                cursor.executemany("UPDATE chassis.published SET next_offset = %s WHERE partition = %s", marks)

    def at_work(self, statement: str) -> int:
        """How many sessions run a statement that ends like this."""
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%' || %s"
        return int(self.value(running, statement))

    def outbox(self) -> int:
        return int(self.value("SELECT count(*) FROM chassis.outbox"))

    @contextmanager
    def running(self, *parts: str, service: type | None = None, **more: str) -> Iterator[Container]:
        """The service in this process, with these parts; the relay always runs."""
        runtime = self.runtime(frozenset(parts), **more)
        container = Container(service or self.variant(), runtime)
        try:
            container.start()
            yield container
        finally:
            runtime.stopping.set()
            container.stop()
            runtime.engine.dispose()

    @contextmanager
    def process(self, *parts: str, ready: bool = True, program: str = "", **more: str) -> Iterator[Child]:
        """The service in a process of its own, by the command of the README or a program that takes the same."""
        environment = {**self.environment(**more), "PYTHONPATH": python_path(self.permits.folder)}
        run = ["-c", program] if program else ["-m", "services.chassis.run"]
        command = [sys.executable, *run, "permits"]
        command += ["--only", ",".join(parts)] if parts else []
        child = Child(command, env=environment, log=self.servers.folder / "permits.log", cwd=self.permits.folder)
        child.start()
        try:
            if ready:
                wait_for("the service is ready", lambda: answers(f"http://{self.admin}/readyz") or not child.alive())
                assert child.alive(), child.last_lines()
            yield child
        finally:
            child.stop(15)


def event_call(world: World, function: Callable[..., Any]) -> dict[str, Any]:
    """Members of a variant whose handler of closed incidents is this function of (service, event, call)."""
    on = world.permits.service.on
    take = on(world.permits.grid.IncidentClosed, id=CLOSED, start="beginning")

    def incident_closed(self: Any, event: Any, call: Any) -> None:
        function(self, event, call)

    return {"incident_closed": take(incident_closed)}


def long_ago(days: int) -> str:
    """An event id, UUIDv7, of so many days ago."""
    moment = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)
    return str(uuid.UUID(int=(moment << 80) | (7 << 76) | (0b10 << 62) | (uuid.uuid4().int & ((1 << 62) - 1))))
