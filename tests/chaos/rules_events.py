"""Rules about events: the logs of record, Kafka, and what each consumer made of them. Each yields what breaks it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tests.chaos.records import Books, Published
from tests.chaos.rules import excused

FINAL = ("taken", "refused")


def one_event_per_change(books: Books) -> Iterator[str]:
    """The log has every version of every aggregate once, and no event without its state."""
    versions: dict[str, list[int]] = defaultdict(list)
    for event in books.logged:
        versions[event.aggregate].append(event.version)
    rows = {row.id: row for row in books.rows}
    for row in books.rows:
        there = sorted(versions.get(row.id, ()))
        if there != list(range(1, row.version + 1)):
            yield f"{row.service} {row.id}: version {row.version}, but events {there}"
    for event in books.logged:
        if event.aggregate not in rows and not event.type.startswith("egov.chassis."):
            yield f"{event.type} of {event.aggregate}: no state"


def kafka_is_the_log(books: Books) -> Iterator[str]:
    """Kafka holds exactly the ids of the logs, and says the same of each."""
    logged = {event.id: (event.type, event.aggregate, event.version) for event in books.logged}
    published = {record.id: (record.type, record.aggregate, record.version) for record in books.published}
    yield from (f"{logged[id][0]} {id}: not in Kafka" for id in logged if id not in published)
    yield from (f"{published[id][0]} {id}: not in the log" for id in published if id not in logged)
    yield from (f"{id}: {said} in the log, {published[id]} in Kafka" for id, said in logged.items()
                if published.get(id, said) != said)  # fmt: skip


def repeats_are_excused(books: Books) -> Iterator[str]:
    """A record lies in Kafka twice only when a fault came near its sending."""
    first: dict[str, Published] = {}
    for record in sorted(books.published, key=lambda record: (record.topic, record.partition, record.offset)):
        before = first.setdefault(record.id, record)
        touched = (_sender(record.topic), "kafka", "postgres")
        since, until = sorted((before.at, record.at))
        if before is not record and not excused(books, touched, since, until):
            yield f"{record.type} {record.id}: at {before.at:.1f} and {record.at:.1f}"


def one_outcome_per_consumer(books: Books) -> Iterator[str]:
    """Every consumer has one outcome, a final one, for each event that it takes, and none for what nobody sent."""
    sent = {(record.topic, record.type, record.id) for record in books.published}
    wanted = {(each.service, each.consumer, id): type for each in books.subscriptions
              for topic, type, id in sent if topic == each.topic and type in each.types}  # fmt: skip
    there = Counter((taken.service, taken.consumer, taken.event) for taken in books.taken)
    yield from (f"{key[1]} of {key[0]}: {type} {key[2]} has no outcome" for key, type in wanted.items()
                if key not in there)  # fmt: skip
    yield from (f"{key}: {count} outcomes" for key, count in there.items() if count > 1)
    yield from (f"{key}: an outcome without its event" for key in there if key not in wanted)
    for taken in books.taken:
        if taken.outcome not in FINAL:
            yield f"{taken.consumer} of {taken.service}: {taken.event} is {taken.outcome}"


def order_in_kafka(books: Books) -> Iterator[str]:
    """An aggregate's events lie in one partition, each version first seen after the one before."""
    seen: dict[tuple[str, str], list[Published]] = defaultdict(list)
    for record in sorted(_firsts(books.published), key=lambda record: (record.partition, record.offset)):
        seen[record.topic, record.aggregate].append(record)
    for (_, aggregate), records in seen.items():
        versions = [record.version for record in records]
        if versions != sorted(versions) or len({record.partition for record in records}) > 1:
            yield f"{aggregate}: {versions}"


def order_of_effects(books: Books) -> Iterator[str]:
    """A consumer decides an aggregate's events in their order."""
    records = {record.id: record for record in books.published}
    seen: dict[tuple[str, str, str], list[tuple[float, int]]] = defaultdict(list)
    for taken in books.taken:
        if (record := records.get(taken.event)) is not None:
            seen[taken.service, taken.consumer, record.aggregate].append((taken.decided_at, record.version))
    for (_, consumer, aggregate), decided in seen.items():
        versions = [version for _, version in sorted(decided)]
        if versions != sorted(versions):
            yield f"{consumer}: {aggregate}: {versions}"


def _firsts(records: Iterable[Published]) -> list[Published]:
    """The first record of each id, as a reader of its partition sees it."""
    first: dict[str, Published] = {}
    for record in sorted(records, key=lambda record: record.offset):
        first.setdefault(record.id, record)
    return list(first.values())


def _sender(topic: str) -> str:
    return topic.split(".")[1]
