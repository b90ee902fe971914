"""The topics of the service: what it publishes, and what others publish for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from services.chassis.envelope import seal
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import REGION
from tests.integration.chassis.servers import GRID_TOPIC, OWN_TOPIC, Servers


@dataclass(frozen=True)
class Published:
    """One record of a topic."""

    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["ce_type"].rpartition(".")[2]


class Topics:
    """Kafka as its administrator sees it."""

    servers: Servers
    permits: SimpleNamespace
    starts: Mapping[TopicPartition, int]
    _producer: KafkaProducer | None = None
    _consumer: KafkaConsumer | None = None

    @property
    def _kafka(self) -> dict[str, Any]:
        superuser = self.servers.identities.workload("kafka")
        return {
            "bootstrap_servers": self.servers.kafka.servers,
            "security_protocol": "SSL",
            "ssl_cafile": str(superuser.trust),
            "ssl_certfile": str(superuser.cert),
            "ssl_keyfile": str(superuser.key),
            "metrics_enabled": False,
        }

    @property
    def _reading(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = KafkaConsumer(**self._kafka)
        return self._consumer

    def ends(self) -> dict[TopicPartition, int]:
        """Where both topics end now, by partition."""
        wanted = [TopicPartition(topic, number) for topic in (OWN_TOPIC, GRID_TOPIC) for number in range(6)]
        ends: dict[TopicPartition, int] = self._reading.end_offsets(wanted)
        return ends

    def published(self) -> list[Published]:
        """What the service published since the test began, partition by partition in order."""
        return self.records({part: start for part, start in self.starts.items() if part.topic == OWN_TOPIC})

    def records(self, wanted: Mapping[TopicPartition, int]) -> list[Published]:
        """What stands in these partitions from these offsets on, partition by partition in order."""
        ends = self._reading.end_offsets(list(wanted))
        self._reading.assign(list(wanted))
        for part, start in wanted.items():
            self._reading.seek(part, start)
        found: list[Published] = []
        while any(self._reading.position(part) < end for part, end in ends.items()):
            for records in self._reading.poll(timeout_ms=500).values():
                found += [_published(record) for record in records]
        return sorted(found, key=lambda each: (each.partition, each.offset))

    def send(
        self, key: str | None, body: bytes, headers: Mapping[str, str | None], *, topic: str = GRID_TOPIC
    ) -> tuple[int, int]:
        """Put a record on a topic; its partition and offset. A header that is None is left out."""
        if self._producer is None:
            self._producer = KafkaProducer(**self._kafka, acks="all")
        raw = [(name, text.encode()) for name, text in headers.items() if text is not None]
        sent = self._producer.send(topic, key=key.encode() if key is not None else None, value=body, headers=raw)
        place = sent.get(10)
        return place.partition, place.offset

    def close_incident(self, incident_id: str, version: int = 3, /, **headers: Any) -> str:
        """Grid publishes that an incident was closed; the event's id. `headers` take the place of the right ones."""
        id = str(uuid7())
        event = self.permits.grid.IncidentClosed(incident_id=incident_id, version=version, region=REGION)
        envelope = seal(event, id=id, source="/egov/grid", time=datetime.now(UTC), case_number=None, actor=None)
        body = headers.pop("body", event.SerializeToString())
        self.send(incident_id, body, envelope.headers() | headers)
        return str(headers.get("ce_id", id))

    def close(self) -> None:
        """Let go of Kafka, before it is stopped."""
        for client in (self._producer, self._consumer):
            if client is not None:
                client.close()
        self._producer = self._consumer = None


def _published(record: Any) -> Published:
    headers = {name: value.decode() for name, value in record.headers}
    return Published(record.partition, record.offset, (record.key or b"").decode(), headers, record.value)
