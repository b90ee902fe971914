"""Fetches what the checker knows from where it lies: databases, Kafka, the mail folder, the processes."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from psycopg.rows import dict_row

from deploy.local.children import Child
from deploy.local.stack import Stack
from services.chassis.denials import Denials
from tests.chaos.parties import Tells
from tests.chaos.records import Figures, Logged, Mail, Notice, Published, Row, Subscription, Taken
from tests.contract.system import declared, service_class

ROWS = {
    "grid": "SELECT id, version, reference, state <> 'CLOSED' AS open, deadline, inspection_id IS NOT NULL AS by_event,"
    " CASE WHEN state IN ('DISPATCHED', 'ACCEPTED') THEN department ELSE owner END AS holder FROM incident",
    "inspection": "SELECT id, version FROM inspection",
    "certificates": "SELECT id, version, number AS reference FROM certificate",
    "notification": "SELECT id, version FROM notice",
}
LOG = "SELECT event_id, type, aggregate_id, aggregate_version FROM chassis.event_log"
INBOX = "SELECT consumer, event_id, outcome, decided_at FROM chassis.inbox"
NOTICES = "SELECT id, caused_by, owner_kind, owner_id, email_state FROM notice"
LEFT = {
    "events in the outbox": "SELECT count(*) FROM chassis.outbox",
    "deferred or parked events": "SELECT count(*) FROM chassis.parked_event",
    "held keys": "SELECT count(*) FROM chassis.held_key",
    "jobs to do": "SELECT count(*) FROM chassis.job WHERE state = 'PENDING'",
    "jobs given up": "SELECT count(*) FROM chassis.job WHERE state = 'FAILED'",
}
SILENT_POLLS = 60
MAIL_NAME = re.compile(r"(\d+)-")


class Databases:
    """The services' databases, as the services themselves may read them."""

    def __init__(self, stack: Stack, services: Collection[str]) -> None:
        self._stack = stack
        self._services = services

    def query(self, service: str, statement: str, *facts: Any) -> list[dict[str, Any]]:
        """Rows. psycopg.Error when the database is away."""
        with self._stack.database(service) as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, facts).fetchall()

    def rows(self) -> Iterator[Row]:
        """Every aggregate of the services that make any."""
        for service in [name for name in self._services if name in ROWS]:
            for row in self.query(service, ROWS[service]):
                yield Row(
                    service=service,
                    id=str(row["id"]),
                    version=row["version"],
                    reference=row.get("reference", ""),
                    open=row.get("open", False),
                    holder=row.get("holder", ""),
                    deadline=_moment(row.get("deadline")),
                    by_event=row.get("by_event", False),
                )

    def logged(self) -> Iterator[Logged]:
        """Every event of every log of record."""
        for service in self._services:
            for row in self.query(service, LOG):
                id, version = str(row["event_id"]), row["aggregate_version"]
                yield Logged(service, id, row["type"], row["aggregate_id"], version)

    def taken(self) -> Iterator[Taken]:
        """Every row of every inbox."""
        for service in self._services:
            for row in self.query(service, INBOX):
                yield Taken(service, row["consumer"], row["event_id"], row["outcome"], row["decided_at"].timestamp())

    def notices(self) -> Iterator[Notice]:
        """Every notice."""
        for row in self.query("notification", NOTICES):
            party = row["owner_kind"], row["owner_id"]
            yield Notice(str(row["id"]), str(row["caused_by"]), party, row["email_state"])

    def holders(self) -> frozenset[str]:
        """The departments that there are."""
        return frozenset(row["code"] for row in self.query("identity", "SELECT code FROM department"))

    def left(self) -> dict[str, int]:
        """What waits, by service and kind."""
        found: dict[str, int] = {}
        for service in self._services:
            statement = ", ".join(f"({each})" for each in LEFT.values())
            with self._stack.database(service) as connection:
                counts = connection.execute(f"SELECT {statement}").fetchone() or ()
            found |= {f"{service}: {what}": int(count) for what, count in zip(LEFT, counts, strict=True)}
        return found


def _moment(value: datetime | None) -> float | None:
    return value.timestamp() if value else None


def subscriptions(services: Collection[str]) -> Iterator[Subscription]:
    """What each consumer says that it takes."""
    for service in services:
        types: dict[tuple[str, str], set[str]] = {}
        for cls in (service_class(service), Denials):
            for _, entrypoint in declared(cls):
                if hasattr(entrypoint, "topic"):
                    types.setdefault((entrypoint.id, entrypoint.topic), set()).add(entrypoint.kind.name)
        for (consumer, topic), taken in types.items():
            yield Subscription(service, consumer, topic, frozenset(taken))


def published(options: Mapping[str, Any], services: Collection[str]) -> list[Published]:
    """Every event of these services that lies in Kafka now. `options`: how kafka-python connects."""
    consumer = KafkaConsumer(**options, group_id=None, enable_auto_commit=False)
    tells = Tells()
    try:
        topics = [f"egov.{service}.v1" for service in services]
        records = [record for topic in topics for record in _records(consumer, topic)]
    finally:
        consumer.close()
    for record in records:
        tells.learn(_headers(record), record.value)
    return [_published(record, tells) for record in records]


def _records(consumer: KafkaConsumer, topic: str) -> Iterator[Any]:
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    ends = consumer.end_offsets(partitions)
    due = {partition for partition in partitions if ends[partition] > 0}
    consumer.assign(sorted(due))
    consumer.seek_to_beginning(*due) if due else None
    silent = 0
    while due:
        batch = consumer.poll(timeout_ms=500)
        silent = 0 if batch else silent + 1
        assert silent < SILENT_POLLS, f"Kafka does not give what it says it has of {topic}"
        for partition, records in batch.items():
            yield from (record for record in records if record.offset < ends[partition])
        due = {partition for partition in due if consumer.position(partition) < ends[partition]}


def _headers(record: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


def _published(record: Any, tells: Tells) -> Published:
    said = _headers(record)
    return Published(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        at=record.timestamp / 1000,
        id=said["ce_id"],
        type=said["ce_type"],
        aggregate=record.key.decode(),
        version=int(said["ce_aggregateversion"]),
        holder=said.get("ce_holder", ""),
        tells=tells.of(said, record.value),
    )


def mails(folder: Path) -> Iterator[Mail]:
    """Every mail that the mail server got."""
    for path in folder.glob("*.eml"):
        with open(path, "rb") as file:
            id = str(BytesHeaderParser().parse(file)["Message-ID"]).strip("<>").partition("@")[0]
        named = MAIL_NAME.match(path.name)
        assert named is not None, path.name
        yield Mail(id, int(named[1]) / 1_000_000)


def figures(child: Child) -> Figures:
    """What a part and its descendants use now."""
    pids = child.tree()
    return Figures(sum(map(_files, pids)), sum(map(_threads, pids)), child.memory_bytes())


def is_frozen(pid: int) -> bool:
    """Whether a process is stopped (SIGSTOP)."""
    return _stat(pid)[:1] == ["T"]


def _files(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def _threads(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[17]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; none of a process that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
