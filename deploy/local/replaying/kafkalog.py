"""Reads what lies in Kafka: the ends of the two topics, and every event between two such ends.

It reads beside the services' consumers, as no group, and commits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid_events
from egov.notification.v1 import events_pb2 as notification_events
from google.protobuf.message import Message
from kafka import KafkaConsumer, TopicPartition

from deploy.local.replaying.accounts import Fact, NoticeFact, Party
from services.chassis.envelope import Envelope, open_envelope

GRID_TOPIC, NOTIFICATION_TOPIC = "egov.grid.v1", "egov.notification.v1"
POLL_MS = 500
SILENT_POLLS = 60  # half a minute without a record that should be there

Ends = Mapping[str, Mapping[int, int]]

# The departments that an event is told to beside its reporter. Said here once more, so that the books do not take
# notification's own word for it.
_TOLD: dict[type[Message], Callable[[Any], set[str]]] = {
    grid_events.IncidentFiled: lambda event: {event.holder.removeprefix("department/")},
    grid_events.IncidentDispatched: lambda event: {event.department},
    grid_events.IncidentAccepted: lambda event: {event.centre},
    grid_events.IncidentReturned: lambda event: {event.centre},
    grid_events.IncidentHandled: lambda event: {event.centre},
    grid_events.IncidentVerified: lambda event: {event.department},
    grid_events.IncidentReworkOrdered: lambda event: {event.department},
    grid_events.IncidentClosed: lambda event: {event.department} - {""},
    grid_events.IncidentReopened: lambda event: {event.centre},
    grid_events.IncidentEscalated: lambda event: {event.supervisor, event.department},
}
_INCIDENT_EVENTS = {kind.DESCRIPTOR.full_name: kind for kind in _TOLD}
_NOTICE_CREATED = notification_events.NoticeCreated.DESCRIPTOR.full_name


class KafkaSilent(Exception):
    """Kafka does not give what its own end offsets promise; the text is one sentence."""


class KafkaLog:
    """A reader of the two topics, for a `with` statement. `options`: how kafka-python connects."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._consumer = KafkaConsumer(**options, group_id=None, enable_auto_commit=False, client_id="replay")

    def __enter__(self) -> KafkaLog:
        return self

    def __exit__(self, *error: object) -> None:
        self._consumer.close()

    def ends(self) -> dict[str, dict[int, int]]:
        """Offset after the last record, by topic and partition."""
        return {topic: self._ends(topic) for topic in (GRID_TOPIC, NOTIFICATION_TOPIC)}

    def grid_events(self, since: Ends, until: Ends) -> list[Fact]:
        """Grid's events between two ends, with repetitions."""
        return [fact(*record) for record in self._between(GRID_TOPIC, since, until)]

    def notices(self, since: Ends, until: Ends) -> list[NoticeFact]:
        """Notification's events between two ends, with repetitions."""
        return [notice_fact(*record) for record in self._between(NOTIFICATION_TOPIC, since, until)]

    def _ends(self, topic: str) -> dict[int, int]:
        numbers = self._consumer.partitions_for_topic(topic) or set()
        ends = self._consumer.end_offsets([TopicPartition(topic, number) for number in sorted(numbers)])
        return {partition.partition: offset for partition, offset in ends.items()}

    def _between(self, topic: str, since: Ends, until: Ends) -> Iterator[tuple[Envelope, bytes]]:
        """Transactions leave no gaps here: producers are idempotent, not transactional, so every offset is a record."""
        due = {TopicPartition(topic, number): end for number, end in until[topic].items()}
        starts = {partition: since[topic].get(partition.partition, 0) for partition in due}
        open_ones = {partition for partition, end in due.items() if starts[partition] < end}
        self._consumer.assign(sorted(open_ones))
        for partition in open_ones:
            self._consumer.seek(partition, starts[partition])
        silent = 0
        while open_ones:
            batch = self._consumer.poll(timeout_ms=POLL_MS)
            silent = 0 if batch else silent + 1
            if silent > SILENT_POLLS:
                raise KafkaSilent(f"Kafka holds records of {topic} that it does not give out.")
            for partition, records in batch.items():
                for record in records:
                    if record.offset < due[partition]:
                        yield open_envelope(record.headers), record.value
            open_ones = {p for p in open_ones if self._consumer.position(p) < due[p]}


def fact(envelope: Envelope, body: bytes) -> Fact:
    """An event of grid's topic, told by its envelope and, for an incident's events, by its body."""
    kind = _INCIDENT_EVENTS.get(envelope.type)
    if kind is None:
        return Fact(envelope.id, envelope.type, envelope.key, envelope.version)
    event: Any = kind()
    event.ParseFromString(body)
    return Fact(envelope.id, envelope.type, envelope.key, envelope.version, event.reference, tells(event))


def notice_fact(envelope: Envelope, body: bytes) -> NoticeFact:
    """An event of notification's topic."""
    if envelope.type != _NOTICE_CREATED:
        return NoticeFact(envelope.id)
    event = notification_events.NoticeCreated()
    event.ParseFromString(body)
    return NoticeFact(envelope.id, event.caused_by, _party(event.recipient))


def tells(event: Any) -> frozenset[Party]:
    """Who is to get a notice of an incident's event. The reporter is spared reminders."""
    departments = {(parties_pb2.PARTY_KIND_DEPARTMENT, code) for code in _TOLD[type(event)](event)}
    spared = isinstance(event, grid_events.IncidentEscalated) and event.reminder
    return frozenset(departments if spared else departments | {_party(event.reporter)})


def _party(party: parties_pb2.Party) -> Party:
    return party.kind, party.id
