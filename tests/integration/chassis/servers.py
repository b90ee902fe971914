"""PostgreSQL and Kafka without the services of the stack, for one service that is not of the stack: `permits`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from deploy.kafka.topics import Topic, apply
from deploy.local import fetch, pki
from deploy.local.children import Child, wait_until
from deploy.local.kafka import Kafka
from deploy.local.places import forget, home_for, unprivileged
from deploy.local.ports import Ports
from deploy.local.postgres import Passwords, Postgres
from deploy.postgres import roles
from tests.conftest import RUN, environment

SERVICE = "permits"
OWN_TOPIC, GRID_TOPIC, IDENTITY_TOPIC = "egov.permits.v1", "egov.grid.v1", "egov.identity.v1"
CACHE = RUN / "cache"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "EGOV_STRICT_TELEMETRY")


def topic(name: str, writer: str, *readers: str) -> Topic:
    return Topic(
        name, writer, readers, partitions=6, retention_days=14, replication=1, max_message_bytes=1024 * 1024
    )  # fmt: skip


class Servers:
    """Both servers on free loopback ports, in a temporary folder; a context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="egov-chassis-"))
        # PostgreSQL does not run as root: another account passes here.
        self.folder.chmod(0o755)
        self.ports = Ports({}, free=True)
        self.identities = pki.DevelopmentPki(self.folder / "tls")
        self.postgres = self._postgres()
        self.kafka = self._kafka()

    def __enter__(self) -> Servers:
        for server, budget_s in ((self.postgres, 60), (self.kafka, 90)):
            server.prepare()
            server.child.start()
            assert wait_until(server.ready, budget_s), server.child.last_lines()
        self._make_database()
        client = self.kafka.admin()
        read = (topic(GRID_TOPIC, "grid", SERVICE), topic(IDENTITY_TOPIC, "identity", SERVICE))
        apply(client, [topic(OWN_TOPIC, SERVICE, SERVICE), *read])
        client.close()
        return self

    def __exit__(self, *error: object) -> None:
        self.kafka.child.stop(10)
        self.postgres.child.stop(10)
        self.ports.release()
        forget(self.folder / "postgres")
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """What a process of the service reads, apart from its doors."""
        files = self.identities.workload(SERVICE)
        return {
            **{key: value for key, value in environment().items() if key in PASSED_ON},
            **self.kafka.settings(files),
            "DATABASE_URL_PERMITS": self.postgres.url(SERVICE, SERVICE),
            "EGOV_TLS_CERT": str(files.cert),
            "EGOV_TLS_KEY": str(files.key),
            "EGOV_TLS_TRUST": str(files.trust),
            "EGOV_TOKEN_ISSUER": "https://127.0.0.1",
            "EGOV_ADDRESS_IDENTITY": self.ports.address("identity"),
        }

    def database(self, *, owner: bool = False) -> psycopg.Connection[Any]:
        """A connection to the service's database, each statement its own transaction."""
        role = roles.owner(SERVICE) if owner else SERVICE
        return psycopg.connect(self.postgres.url(role, SERVICE), autocommit=True)

    def start(self, child: Child) -> None:
        """Start a server again that was stopped or killed, and wait until it is ready."""
        server = self.postgres if child is self.postgres.child else self.kafka
        child.start()
        assert wait_until(server.ready, 60), child.last_lines()

    def _make_database(self) -> None:
        self.postgres.provision()

    def _postgres(self) -> Postgres:
        account = unprivileged()
        binaries = fetch.postgres_binaries(CACHE, home_for(CACHE / "postgres", account), fetch.quiet)
        passwords = Passwords(self._private("secrets"))
        return Postgres(
            binaries,
            self.folder / "postgres",
            self.identities.workload("postgres"),
            passwords,
            [SERVICE],
            port=self.ports["postgres"],
            log=self.folder / "postgres.log",
            account=account,
        )

    def _kafka(self) -> Kafka:
        return Kafka(
            fetch.kafka_jars(CACHE, fetch.quiet),
            self._private("kafka"),
            self.identities.workload("kafka"),
            port=self.ports["kafka"],
            controller_port=self.ports["kafka-controller"],
            log=self.folder / "kafka.log",
        )

    def _private(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700)
        return path
