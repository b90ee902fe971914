"""The accounts of a run: what the gateway acknowledged against logs, Kafka, effects and notices.

Kafka delivers at least once, so a record may lie there twice under the same event id; consumers drop the second. What
must not be: an acknowledged change without its event, a second event for it, an event that did not cause what it has
to cause in another service or caused it twice, an event without its notices or with more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local.replaying.expected import SUSPENDED, Expected, key_of
from deploy.local.replaying.facts import Fact, NoticeFact
from deploy.local.replaying.taken import NOTIFICATION, SERVICES, TOPIC_OF, taken_by

ESCALATED = "IncidentEscalated"
"""Caused by time and not by a call: a run that lasts longer than a step may take sees some."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the services say of themselves: by name the events they logged and took; all parked events; mails to do."""

    logged: Mapping[str, int]
    taken: Mapping[str, int]
    parked: int = 0
    jobs_pending: int = 0


@dataclass(slots=True)
class Accounts:
    """Lines to show, and every difference in words; no difference: nothing lost, nothing doubled."""

    lines: list[tuple[str, int]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def line(self, name: str, count: int) -> None:
        """Add a line to show."""
        self.lines.append((name, count))

    def must_equal(self, one: str, a: int, other: str, b: int) -> None:
        """Two figures that have to agree."""
        if a != b:
            self.differences.append(f"{one}: {a:,}, but {other}: {b:,} (difference {a - b:+,})")

    def none_of(self, what: str, found: Sequence[object]) -> None:
        """Something that must not be; the first three are named."""
        if found:
            shown = ", ".join(str(item) for item in found[:3])
            self.differences.append(f"{what}: {len(found):,} ({shown}{', ...' if len(found) > 3 else ''})")


def reconcile(
    expected: Expected, facts: Iterable[Fact], notices: Iterable[NoticeFact], before: Counts, after: Counts
) -> Accounts:
    """Bring the books together. `facts`, `notices`: all records since the run began, those of others among them."""
    accounts = Accounts()
    records, notice_records = list(facts), list(notices)
    known = {fact.id: fact for fact in records}
    made = {notice.id: notice for notice in notice_records}
    ours = {fact.id: fact for fact in expected.ours(known.values())}
    _events(accounts, expected, list(ours.values()))
    _books(accounts, known.values(), len(made), before, after)
    _notices(accounts, ours, list(made.values()))
    repeats = len(records) - len(known) + len(notice_records) - len(made)
    accounts.line("records that lie in Kafka twice under one id", repeats)
    accounts.line("events of others meanwhile", len(known) - len(ours))
    accounts.line("notification's jobs still to do (mails)", after.jobs_pending)
    return accounts


def _events(accounts: Accounts, expected: Expected, ours: Sequence[Fact]) -> None:
    """One event for every acknowledged change and for everything that follows from one, and no other."""
    counted = [fact for fact in ours if fact.name != ESCALATED]
    there = Counter(key_of(fact, expected.chains) for fact in counted)
    wanted = expected.acknowledged + expected.caused
    accounts.line("changes acknowledged by the gateway", expected.acknowledged.total())
    accounts.line("changes that events cause in other services", expected.caused.total())
    accounts.line("their events in Kafka", there.total())
    for name, count in sorted(Counter(_shown(key) for key in there.elements()).items()):
        accounts.line(f"  {name}", count)
    accounts.line("escalations of them, because time passed", len(ours) - there.total())
    accounts.none_of("acknowledged twice", [key for key, count in wanted.items() if count > 1])
    accounts.none_of("acknowledged, but not in Kafka", [key for key in expected.acknowledged if key not in there])
    accounts.none_of("has to follow, but did not", [key for key in expected.caused if key not in there])
    accounts.none_of("in Kafka under two ids", [key for key, count in there.items() if count > 1])
    accounts.none_of("in Kafka, but without cause", [key for key in there if key not in wanted])
    suspended = len({fact.enterprise for fact in counted if fact.name == SUSPENDED})
    accounts.line("licences suspended by findings", suspended)
    accounts.must_equal("licences suspended", suspended, "licences to be suspended", expected.suspended)


def _shown(key: tuple[str, ...]) -> str:
    """A key's event, and its detail without the item of a finding."""
    detail = key[-1].rpartition(" ")[2] if key[0] in ("FindingRecorded", "RecheckRecorded", "InspectionClosed") else ""
    return f"{key[0]} {detail}".rstrip()


def _books(accounts: Accounts, facts: Collection[Fact], made: int, before: Counts, after: Counts) -> None:
    """The services' own figures against Kafka's, over all events since the run began."""
    for service in SERVICES:
        logged = after.logged[service] - before.logged[service]
        there = made if service == NOTIFICATION else sum(fact.topic == TOPIC_OF[service] for fact in facts)
        accounts.line(f"events in the log of {service}", logged)
        accounts.must_equal(f"events in the log of {service}", logged, f"events on egov.{service}.v1", there)
    for service in SERVICES:
        taken, due = after.taken[service] - before.taken[service], taken_by(service, facts)
        accounts.line(f"effects: events taken by {service}", taken)
        accounts.must_equal(f"events taken by {service}", taken, "events for it in Kafka", due)
    accounts.must_equal("events parked", after.parked, "events parked before", before.parked)


def _notices(accounts: Accounts, ours: Mapping[str, Fact], made: Sequence[NoticeFact]) -> None:
    """For every event one notice to each party that it concerns, and no other."""
    there = Counter((notice.caused_by, notice.recipient) for notice in made if notice.caused_by in ours)
    reporters = {fact.case_number: fact.reporter for fact in ours.values() if fact.reporter}
    wanted = {(fact.id, party) for fact in ours.values() for party in fact.tells}
    wanted |= {
        (fact.id, reporters[fact.case_number])
        for fact in ours.values()
        if fact.tells_reporter and fact.case_number in reporters
    }
    accounts.line("notices", there.total())
    accounts.none_of("notice not made", [key for key in wanted if key not in there])
    accounts.none_of("notice made twice", [key for key, count in there.items() if count > 1])
    accounts.none_of("notice to a party that the event does not concern", [key for key in there if key not in wanted])
