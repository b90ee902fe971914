"""The checker: plain records in, findings out. No finding: nothing was lost and nothing was doubled.

Delivery is at least once, so Kafka may hold a record twice under one id, and a mail may be sent twice. That is counted,
and a finding only when no fault near it excuses it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.chaos.records import Books, Command, Notice, Published, Told

FINAL = ("taken", "refused")
MAILED = ("department", "enterprise")
"""Kinds of party that have a mailbox in the sample city."""

# A fault has an aftermath: requests to Kafka and to the mail server are waited for as long as 10 s.
AFTERMATH_S = 12.0
# From a mail's arrival to the moment when its sender has kept that it was taken.
KEEPING_S = 5.0
MORE_FILES, MORE_THREADS = 24, 8
MORE_MEMORY, MEMORY_FACTOR = 64 * 1024 * 1024, 1.5


class Finding(NamedTuple):
    """Something that must not be: the rule that it breaks, and what it is about."""

    rule: str
    about: str


def check(books: Books) -> list[Finding]:
    """Everything that must not be, rule by rule."""
    return [Finding(name, about) for name, rule in RULES.items() for about in rule(books)]


def acknowledged_has_its_state(books: Books) -> Iterator[str]:
    """What was acknowledged is there, as the answer said."""
    rows = {row.id: row for row in books.rows}
    changes = {(event.aggregate, event.version): event.type for event in books.logged}
    for command in _told(books, Told.ACKNOWLEDGED):
        row = rows.get(command.aggregate)
        if row is None or row.version < command.version or row.reference != (command.reference or row.reference):
            yield f"{command.event} of {command.aggregate or command.reference}: no such state"
        elif changes.get((command.aggregate, command.version)) != command.event:
            yield f"{command.event} of {command.aggregate}: version {command.version} is no such event"


def acknowledged_once(books: Books) -> Iterator[str]:
    """No change was acknowledged to two commands, and none that was asked of an older version."""
    commands = list(_told(books, Told.ACKNOWLEDGED))
    yield from _twice((command.aggregate, command.version) for command in commands)
    for command in commands:
        if command.version != command.seen + 1:
            yield f"{command.event} of {command.aggregate}: asked of version {command.seen}, became {command.version}"


def at_most_once(books: Books) -> Iterator[str]:
    """What was made is there once, however often it was sent."""
    yield from _twice(row.reference for row in books.rows if row.reference)


def refused_has_no_effect(books: Books) -> Iterator[str]:
    """Nothing is there of a command that was refused."""
    references = {row.reference for row in books.rows}
    for command in _told(books, Told.REFUSED):
        if command.reference and command.reference in references:
            yield f"{command.event} of {command.reference} ({command.reason})"


def refused_when_late(books: Books) -> Iterator[str]:
    """Exactly those commands were refused that had to be."""
    for command in books.commands:
        if command.told is (Told.ACKNOWLEDGED if command.late else Told.REFUSED):
            yield f"{command.event} of {command.aggregate or command.reference}: {command.told} ({command.reason})"


def nothing_unasked(books: Books) -> Iterator[str]:
    """Of what only commands cause, nothing happened that no client asked for, or that was told to have been refused."""
    asked = {(command.aggregate, command.seen + 1, command.event)
             for command in books.commands if command.told is not Told.REFUSED}  # fmt: skip
    made = {command.reference: command.event for command in books.commands if command.told is not Told.REFUSED}
    caused = {command.event for command in books.commands}
    rows = {row.id: row for row in books.rows}
    for event in books.logged:
        row = rows.get(event.aggregate)
        if event.type not in caused or row is None or row.by_event:
            continue
        wanted = made.get(row.reference) == event.type if event.version == 1 else False
        if not wanted and (event.aggregate, event.version, event.type) not in asked:
            yield f"{event.type} of {event.aggregate}, version {event.version}"


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
        if before is not record and not _excused(books, touched, since, until):
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


def every_notice(books: Books) -> Iterator[str]:
    """Each event told each party that it concerns, and nobody else."""
    there = {(notice.caused_by, notice.party) for notice in books.notices}
    tells = {record.id: record.tells for record in books.published if record.tells is not None}
    wanted = {(id, party) for id, parties in tells.items() for party in parties}
    yield from (f"{party} was not told of {id}" for id, party in wanted if (id, party) not in there)
    yield from (f"{party} was told of {id}, which does not concern them" for id, party in there
                if (id, party) not in wanted)  # fmt: skip


def no_notice_twice(books: Books) -> Iterator[str]:
    """Nobody was told of the same event twice."""
    yield from _twice((notice.caused_by, notice.party) for notice in books.notices)


def every_mail(books: Books) -> Iterator[str]:
    """Whoever has a mailbox got the notice's mail, and nobody got another."""
    sent = {mail.notice for mail in books.mails}
    notices = {notice.id: notice for notice in books.notices}
    yield from (f"{notice.party}: {notice.id} is {notice.email}" for notice in books.notices if _unsent(notice, sent))
    yield from (f"{id}: a mail without its notice" for id in sent if id not in notices)


def mails_doubled_where_smtp_allows(books: Books) -> Iterator[str]:
    """A mail was sent again only when a fault kept its sender from keeping that it was taken."""
    first: dict[str, float] = {}
    for mail in sorted(books.mails, key=lambda mail: mail.at):
        before = first.setdefault(mail.notice, mail.at)
        touched = ("notification", "mail", "postgres")
        if before < mail.at and not _excused(books, touched, before, before + KEEPING_S):
            yield f"{mail.notice}: at {before:.1f} and {mail.at:.1f}"


def every_case_is_held(books: Books) -> Iterator[str]:
    """What goes on has a holder and a clock that has not run out; the last event says the same holder."""
    last: dict[str, Published] = {}
    for record in sorted(books.published, key=lambda record: record.version):
        last[record.aggregate] = record
    for row in books.rows:
        if row.open and (row.holder not in books.holders or row.deadline is None or row.deadline < books.ended):
            yield f"{row.service} {row.id}: held by {row.holder or 'nobody'} until {row.deadline}"
        elif row.open and row.id in last and last[row.id].holder not in ("", f"department/{row.holder}"):
            yield f"{row.service} {row.id}: held by {row.holder}, but {last[row.id].holder} was told"


def nothing_left(books: Books) -> Iterator[str]:
    """Once it is quiet nothing waits: no outbox, no deferred or parked event, no held key, no job."""
    yield from (f"{what}: {count}" for what, count in books.left.items() if count)


def nothing_died_by_itself(books: Books) -> Iterator[str]:
    """Whatever ended was ended by a fault."""
    yield from books.died


def nothing_leaks(books: Books) -> Iterator[str]:
    """Files and threads are what they were, memory is bounded."""
    for part, before in books.before.items():
        after = books.after.get(part)
        if after is None:
            continue
        if after.files > before.files + MORE_FILES:
            yield f"{part}: {before.files} open files, then {after.files}"
        if after.threads > before.threads + MORE_THREADS:
            yield f"{part}: {before.threads} threads, then {after.threads}"
        if after.memory > before.memory * MEMORY_FACTOR + MORE_MEMORY:
            yield f"{part}: {before.memory >> 20} MB, then {after.memory >> 20} MB"


Rule = Callable[[Books], Iterator[str]]


def name_of(rule: Rule) -> str:
    """A rule's name, for people."""
    return rule.__name__.replace("_", " ")


RULES: dict[str, Rule] = {
    name_of(rule): rule
    for rule in (
        acknowledged_has_its_state,
        acknowledged_once,
        at_most_once,
        refused_has_no_effect,
        refused_when_late,
        nothing_unasked,
        one_event_per_change,
        kafka_is_the_log,
        repeats_are_excused,
        one_outcome_per_consumer,
        order_in_kafka,
        order_of_effects,
        every_notice,
        no_notice_twice,
        every_mail,
        mails_doubled_where_smtp_allows,
        every_case_is_held,
        nothing_left,
        nothing_died_by_itself,
        nothing_leaks,
    )
}


LOST = frozenset(
    map(
        name_of,
        (
            acknowledged_has_its_state,
            refused_when_late,
            kafka_is_the_log,
            one_outcome_per_consumer,
            every_notice,
            every_mail,
            every_case_is_held,
            nothing_left,
        ),
    )
)
"""Rules that say that something is not there which should be."""
DOUBLED = frozenset(
    map(
        name_of,
        (
            acknowledged_once,
            at_most_once,
            nothing_unasked,
            repeats_are_excused,
            no_notice_twice,
            mails_doubled_where_smtp_allows,
        ),
    )
)
"""Rules that say that something is there more than once, or that nobody asked for."""


def repeats(books: Books) -> tuple[int, int]:
    """Records that lie in Kafka again under an id, and mails that were sent again: both allowed, and counted."""
    records = len(books.published) - len({record.id for record in books.published})
    return records, len(books.mails) - len({mail.notice for mail in books.mails})


def _told(books: Books, told: Told) -> Iterator[Command]:
    return (command for command in books.commands if command.told is told)


def _twice(keys: Iterable[object]) -> Iterator[str]:
    return (f"{key}: {count} times" for key, count in Counter(keys).items() if count > 1)


def _firsts(records: Iterable[Published]) -> list[Published]:
    """The first record of each id, as a reader of its partition sees it."""
    first: dict[str, Published] = {}
    for record in sorted(records, key=lambda record: record.offset):
        first.setdefault(record.id, record)
    return list(first.values())


def _sender(topic: str) -> str:
    return topic.split(".")[1]


def _excused(books: Books, parts: Iterable[str], since: float, until: float) -> bool:
    """Whether a fault of one of these parts, or of a second process of it, or its aftermath, fell into this time."""
    wanted = tuple(parts)
    near = (fault for fault in books.disturbances if fault.part.removesuffix("-2") in wanted)
    return any(fault.began <= until and fault.ended >= since - AFTERMATH_S for fault in near)


def _unsent(notice: Notice, sent: set[str]) -> bool:
    if notice.email == "SENT":
        return notice.id not in sent
    return notice.email != "NONE" or notice.party[0] in MAILED or notice.id in sent
