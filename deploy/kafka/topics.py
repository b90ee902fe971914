"""Topics and access rules of a Kafka cluster, made from `deploy/topics.yaml`. May be done again at any time.

    python -m deploy.kafka.topics

works on the cluster that KAFKA_BOOTSTRAP_SERVERS names, with the TLS identity of KAFKA_SSL_*, which must be allowed to
make topics and rules. Topics that are there keep their number of partitions. Rules are added, never taken away.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, SecurityDisabledError

TOPICS_FILE = Path(__file__).resolve().parents[1] / "topics.yaml"
DAY_MS = 86_400_000
TIMEOUT_MS = 30_000
CLIENT_KEYS = {
    "bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS",
    "security_protocol": "KAFKA_SECURITY_PROTOCOL",
    "ssl_cafile": "KAFKA_SSL_CAFILE",
    "ssl_certfile": "KAFKA_SSL_CERTFILE",
    "ssl_keyfile": "KAFKA_SSL_KEYFILE",
}


@dataclass(frozen=True)
class Topic:
    """One topic and who may do what with it."""

    name: str
    writer: str
    readers: tuple[str, ...]
    partitions: int
    retention_days: int
    replication: int
    max_message_bytes: int

    def config(self) -> dict[str, str]:
        """Its settings as Kafka names them."""
        return {
            "retention.ms": str(self.retention_days * DAY_MS),
            "max.message.bytes": str(self.max_message_bytes),
            "cleanup.policy": "delete",
        }


def read_topics(path: Path = TOPICS_FILE) -> list[Topic]:
    """The topics of `topics.yaml`, defaults and readers of all filled in."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for_all = tuple(content.get("readers_of_all", ()))
    return [_topic(name, {**content["defaults"], **given}, for_all) for name, given in content["topics"].items()]


def _topic(name: str, given: Mapping[str, Any], for_all: tuple[str, ...]) -> Topic:
    return Topic(**{**given, "name": name, "readers": (*given["readers"], *for_all)})


def rules(topics: Iterable[Topic]) -> list[ACL]:
    """The access rules of `topics`: your own to write and read back, those that name you to read, groups by name."""
    topics = list(topics)
    principals = dict.fromkeys(name for topic in topics for name in (topic.writer, *topic.readers))
    return [*(rule for topic in topics for rule in _topic_rules(topic)), *(_group_rule(name) for name in principals)]


def _topic_rules(topic: Topic) -> Iterator[ACL]:
    # A right to write or read includes the right to describe.
    yield _allow(topic.writer, ACLOperation.WRITE, ResourceType.TOPIC, topic.name)
    # A service reads back what it wrote, to notice that its database was set back.
    for reader in dict.fromkeys((topic.writer, *topic.readers)):
        yield _allow(reader, ACLOperation.READ, ResourceType.TOPIC, topic.name)


def _group_rule(principal: str) -> ACL:
    return _allow(principal, ACLOperation.READ, ResourceType.GROUP, f"{principal}.", ACLResourcePatternType.PREFIXED)


def _allow(
    principal: str,
    operation: ACLOperation,
    kind: ResourceType,
    name: str,
    pattern: ACLResourcePatternType = ACLResourcePatternType.LITERAL,
) -> ACL:
    resource = ResourcePattern(kind, name, pattern)
    return ACL(f"User:{principal}", "*", operation, ACLPermissionType.ALLOW, resource)


def apply(client: KafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Make the topics and rules that are not there. Raises KafkaError when the cluster refuses."""
    topics = list(topics)
    existing = set(client.list_topics())
    brokers = len(client.describe_cluster()["brokers"])
    missing = {topic.name: _creation(topic, brokers) for topic in topics if topic.name not in existing}
    if missing:
        client.create_topics(missing, wait_for_metadata=True)
    _apply_rules(client, rules(topics))


def _creation(topic: Topic, brokers: int) -> dict[str, Any]:
    copies = min(topic.replication, brokers)
    return {"num_partitions": topic.partitions, "replication_factor": copies, "configs": topic.config()}


def _apply_rules(client: KafkaAdminClient, wanted: list[ACL]) -> None:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    try:
        held, _ = client.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything))
    except SecurityDisabledError:
        # A cluster without access rules (a closed test network) needs none from us.
        return
    missing = [rule for rule in wanted if rule not in held]
    if missing and (failed := client.create_acls(missing)["failed"]):
        raise failed[0]("access rules were refused")


def admin_client(settings: Mapping[str, str], timeout_ms: int = TIMEOUT_MS) -> KafkaAdminClient:
    """A client from KAFKA_* settings; raises KafkaError when no broker answers within `timeout_ms`."""
    given = {name: settings[key] for name, key in CLIENT_KEYS.items() if settings.get(key)}
    return KafkaAdminClient(**given, bootstrap_timeout_ms=timeout_ms, request_timeout_ms=TIMEOUT_MS)


def main() -> int:
    """Apply `topics.yaml` to the cluster of the environment."""
    try:
        client = admin_client(os.environ)
        apply(client, topics := read_topics())
    except KafkaError as error:
        print(f"topics: {error}", file=sys.stderr)
        return 1
    client.close()
    print(f"{len(topics)} topics and their access rules are in place")
    return 0


if __name__ == "__main__":
    sys.exit(main())
