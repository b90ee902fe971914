"""The sample city on a running stack: what its people do, and what is written down of it.

People act through the gateway only. What is written down is read where it lies: in the services' databases, in Kafka,
in the mail folder.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from psycopg.rows import dict_row

from deploy.local.client import Answer, Gateway, TokenSource
from deploy.local.demonstration.mails import mails_about
from deploy.local.people import People
from deploy.local.stack import Stack
from services.chassis.envelope import Envelope, open_envelope
from tests.e2e.door import Door

VILLAGE = "371102001001"
COUNTY = VILLAGE[:6]
VILLAGE_ELSEWHERE = "371103001001"
COUNTY_ELSEWHERE = VILLAGE_ELSEWHERE[:6]
CENTRE = f"{COUNTY}-ZHZX"
RUBBISH = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"}
FOOD_LICENCE = "11100000MB0328832T014"
GRID_TOPIC, NOTIFICATION_TOPIC, IDENTITY_TOPIC = "egov.grid.v1", "egov.notification.v1", "egov.identity.v1"
INSPECTION_TOPIC, CERTIFICATES_TOPIC = "egov.inspection.v1", "egov.certificates.v1"
PATIENCE_S = 60.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic. `headers` as they lie there, `envelope` as the chassis reads them."""

    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    envelope: Envelope
    body: bytes


class City:
    """The people of the sample city, and its books."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.where = stack.where()
        self.gateway = Gateway(self.where.gateway, self.where.trust, patience_s=PATIENCE_S)
        self.people = People(self.gateway, self.where)
        self.door = Door(self.where.gateway, self.where.trust)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Close the connection to the gateway of the thread that asks."""
        self.gateway.close()

    def file(self, *, key: str | None = None, **said: Any) -> Answer:
        """A citizen reports; `said` is put over the plain report."""
        return self.gateway.post("/v1/incidents", {"report": report(**said)}, door=self.people.citizens, key=key)

    def dispatch(self, incident: Json) -> Answer:
        """The seat of the county's centre sends it to the department in charge."""
        return self._lead(incident, "dispatch", self.people.seat(COUNTY))

    def accept(self, incident: Json) -> Answer:
        """An officer of the department in charge accepts it."""
        officer = self.people.officer(incident["holderDepartment"])
        return self._lead(incident, "accept", officer)

    def report_handled(self, incident: Json) -> Answer:
        """An officer of the department in charge reports it handled."""
        officer = self.people.officer(incident["holderDepartment"])
        return self._lead(incident, "reportHandled", officer)

    def verify(self, incident: Json) -> Answer:
        """The seat of the county's centre finds it handled."""
        return self._lead(incident, "verify", self.people.seat(COUNTY), passed=True)

    def close(self, incident: Json) -> Answer:
        """The seat of the county's centre closes it."""
        return self._lead(incident, "close", self.people.seat(COUNTY), outcome="CLOSING_OUTCOME_HANDLED")

    def rows(self, service: str, statement: str, *facts: Any) -> list[Json]:
        """Rows of a service's own database."""
        with self.stack.database(service) as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, facts).fetchall()

    def one(self, service: str, statement: str, *facts: Any) -> Json:
        """The only row."""
        (row,) = self.rows(service, statement, *facts)
        return row

    def events(self, service: str, case_number: str) -> list[Json]:
        """The case's events in a service's log of record, in their order."""
        return self.rows(
            service, "SELECT * FROM chassis.event_log WHERE case_number = %s ORDER BY event_id", case_number
        )

    def audit(self, service: str, trace_id: str) -> list[Json]:
        """What a service's audit log says of one call."""
        return self.rows(service, "SELECT * FROM chassis.audit_log WHERE trace_id = %s", trace_id)

    def notices(self, case_number: str) -> list[Json]:
        """The case's notices as notification keeps them, in their order."""
        return self.rows("notification", "SELECT * FROM notice WHERE case_number = %s ORDER BY id", case_number)

    def mails(self, case_number: str) -> list[EmailMessage]:
        """The case's mails as the mail server got them, in their order."""
        return mails_about(self.where.mail, case_number)

    def _lead(self, incident: Json, command: str, door: TokenSource, **said: Any) -> Answer:
        """Somebody leads it from the state in which it was seen to the next."""
        body = {"version": incident["version"]} | said
        return self.gateway.post(f"/v1/incidents/{incident['incidentId']}:{command}", body, door=door)

    def records(self, topic: str, case_number: str = "") -> list[Record]:
        """All events of a topic, or those of one case."""
        every = list(_records(self.where.kafka.options(), topic))
        return [record for record in every if not case_number or record.envelope.case_number == case_number]


def report(**said: Any) -> Json:
    """A plain report of rubbish at a crossing, with what is said over it; None takes a field out."""
    plain = {"type": RUBBISH, "region": VILLAGE, "description": "Rubbish at the crossing", "reference": reference()}
    return {name: value for name, value in (plain | said).items() if value is not None}


def licence_wanted(holder: str, holder_name: str, **said: Any) -> Json:
    """What is needed for an enterprise's food business licence, with what is said over it."""
    plain = {
        "typeCode": FOOD_LICENCE,
        "number": f"JY{uuid.uuid4().hex[:12].upper()}",
        "holderKind": "HOLDER_KIND_ENTERPRISE",
        "holder": holder,
        "holderName": holder_name,
        "region": VILLAGE,
    }
    return plain | said


def reference(prefix: str = "e2e") -> str:
    """A reference that no other report has."""
    return f"{prefix}/{uuid.uuid4().hex[:12]}"


def _records(options: Json, topic: str) -> Iterator[Record]:
    """Every event that lies in the topic now; reads beside the services' consumers, as no group."""
    consumer = KafkaConsumer(**options, group_id=None, enable_auto_commit=False)
    try:
        numbers = consumer.partitions_for_topic(topic) or set()
        ends = consumer.end_offsets([TopicPartition(topic, number) for number in sorted(numbers)])
        begins = consumer.beginning_offsets(list(ends))
        due = {partition for partition, end in ends.items() if begins[partition] < end}
        consumer.assign(sorted(due))
        for partition in due:
            consumer.seek(partition, begins[partition])
        while due:
            for partition, batch in consumer.poll(timeout_ms=500).items():
                # What has no headers is no event: tests of Kafka's own rules leave such records on the shared stack.
                yield from (_record(record) for record in batch if record.headers and record.offset < ends[partition])
            due = {partition for partition in due if consumer.position(partition) < ends[partition]}
    finally:
        consumer.close()


def _record(record: Any) -> Record:
    headers = {name: value.decode() for name, value in record.headers}
    return Record(
        partition=record.partition,
        offset=record.offset,
        key=record.key.decode(),
        headers=headers,
        envelope=open_envelope(record.headers),
        body=record.value,
    )
