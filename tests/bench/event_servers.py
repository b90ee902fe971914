"""Kafka, and PostgreSQL with a database for each of two services; their processes, and kafka-python's alone."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from deploy.kafka.topics import CLIENT_KEYS, apply
from deploy.local import fetch
from deploy.local.children import Child, answers
from deploy.local.places import home_for, unprivileged
from deploy.local.postgres import Passwords, Postgres
from deploy.postgres import roles
from services.chassis.migrate import migrate
from tests.bench.kafka_alone import TOPIC
from tests.bench.measure import TRACED, Meter, Sample
from tests.conftest import RUN
from tests.integration.chassis.servers import CACHE, Servers, topic
from tests.waiting import wait_for

SENDER, TAKER = "grid", "inspection"
ROOT = RUN.parent
WITHIN_S = 90
EFFECT = "CREATE TABLE effect (event_id text PRIMARY KEY)"


class EventServers(Servers):
    """Both servers, with the topics and access rules of `deploy/topics.yaml`; a context manager."""

    def __enter__(self) -> Self:
        try:
            super().__enter__()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make_database(self) -> None:
        # Each row tells when its transaction was committed, whatever else was in it.
        self.sql("postgres", "ALTER SYSTEM SET track_commit_timestamp = on")
        self.postgres.child.stop(10)
        self.start(self.postgres.child)
        super()._make_database()
        for service in (SENDER, TAKER):
            migrate(service, self.postgres.url(roles.owner(service), service))
        self.sql(TAKER, f"SET ROLE {roles.owner(TAKER)}; {EFFECT}")
        self.kafka.provision()
        client = self.kafka.admin()
        apply(client, [topic(TOPIC, SENDER, TAKER)])
        client.close()

    def _postgres(self) -> Postgres:
        account = unprivileged()
        return Postgres(
            fetch.postgres_binaries(CACHE, home_for(CACHE / "postgres", account), fetch.quiet),
            self.folder / "postgres",
            self.identities.workload("postgres"),
            Passwords(self._private("secrets")),
            [SENDER, TAKER],
            port=self.ports["postgres"],
            log=self.folder / "postgres.log",
            account=account,
        )

    def sql(self, database: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask as the administrator, outside of any transaction."""
        with self.postgres.connect(database) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def records_in(self, topic: str) -> int:
        """How many records the topic has, if it lost none."""
        settings = self.kafka.settings(self.identities.workload("kafka"))
        consumer = KafkaConsumer(**{name: settings[key] for name, key in CLIENT_KEYS.items()}, metrics_enabled=False)
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        ends: dict[TopicPartition, int] = consumer.end_offsets(places)
        consumer.close()
        return sum(ends.values())

    def meter(self, service: Child) -> Meter:
        """Of a service's process and of both servers."""
        parts = {"service": service, "postgres": self.postgres.child, "kafka": self.kafka.child}
        return Meter({name: child.tree()[:1] for name, child in parts.items()})

    @contextmanager
    def service(self, name: str, only: str, **more: float) -> Iterator[Child]:
        """A service of `event_services` in a process of its own, ready. `more`: its further arguments."""
        arguments = [text for key, value in more.items() for text in (f"--{key}", str(value))]
        command = ["tests.bench.event_services", name, "--only", only, *arguments]
        child = self._child(name, command)
        child.start()
        try:
            address = self.ports.address(f"{name}-admin")
            wait_for(
                f"{name} is ready", lambda: answers(f"http://{address}/readyz") or not child.alive(), within_s=WITHIN_S
            )
            assert child.alive(), child.last_lines()
            yield child
        finally:
            child.stop(15)

    def alone(self, what: str, count: int, *, rate: float = 0.0) -> Sample:
        """What kafka-python alone does, in a process of its own. See `kafka_alone`."""
        with self.begun_alone(what, count, rate=rate) as sample:
            return sample()

    @contextmanager
    def begun_alone(self, what: str, count: int, *, rate: float = 0.0) -> Iterator[Callable[[], Sample]]:
        """Begin it; a function that waits for its sample. A reader that follows has its place when this is back."""
        report = self.folder / f"{what}-{time.monotonic_ns()}.json"
        arguments = {"count": count, "rate": rate, "report": report, "broker": self.kafka.child.pid}
        command = ["tests.bench.kafka_alone", what, *(f"--{key}={value}" for key, value in arguments.items())]
        child = self._child(SENDER if what == "send" else TAKER, command)
        child.start()
        try:
            if what == "follow":
                wait_for("the reader has its place", lambda: report.exists() or not child.alive())
            yield lambda: _sample(child, report)
        finally:
            child.stop(5)

    def _child(self, service: str, command: list[str]) -> Child:
        log = self.folder / f"{command[0]}.log"
        return Child([sys.executable, "-m", *command], env=self._environment_of(service), log=log, cwd=ROOT)

    def _environment_of(self, service: str) -> dict[str, str]:
        files = self.identities.workload(service)
        return {
            **self.environment(),
            **self.kafka.settings(files),
            f"DATABASE_URL_{service.upper()}": self.postgres.url(service, service),
            "EGOV_TLS_CERT": str(files.cert),
            "EGOV_TLS_KEY": str(files.key),
            "EGOV_RPC_LISTEN": self.ports.address(f"{service}-rpc"),
            "EGOV_ADMIN_LISTEN": self.ports.address(f"{service}-admin"),
            # As in production: what telemetry does not know is counted, and not checked before it is recorded.
            "EGOV_STRICT_TELEMETRY": "",
            "EGOV_TRACE_RATIO": str(TRACED),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'protos/gen/python'}",
        }


def _sample(child: Child, report: Path) -> Sample:
    wait_for("kafka-python alone has ended", lambda: not child.alive(), within_s=WITHIN_S)
    assert child.exit_code() == 0, child.last_lines()
    return Sample(**json.loads(report.read_text("utf-8")))
