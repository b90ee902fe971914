"""The accounts of a run: what the gateway acknowledged against logs, Kafka, effects and notices.

Kafka delivers at least once, so a record may lie there twice under the same event id; consumers drop the second. What
must not be: an acknowledged change without its event, a second event for it, an event without its effects or with more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local.replaying.timeline import Action

Party = tuple[int, str]

EVENT_OF = {
    Action.FILE: "egov.grid.v1.IncidentFiled",
    Action.DISPATCH: "egov.grid.v1.IncidentDispatched",
    Action.ACCEPT: "egov.grid.v1.IncidentAccepted",
    Action.HANDLE: "egov.grid.v1.IncidentHandled",
    Action.VERIFY: "egov.grid.v1.IncidentVerified",
    Action.CLOSE: "egov.grid.v1.IncidentClosed",
}
"""The event of each step of a run."""

ESCALATED = "egov.grid.v1.IncidentEscalated"
"""Caused by time and not by a call: a run that lasts longer than a step may take sees some."""

TAKEN = frozenset(
    {
        *EVENT_OF.values(),
        ESCALATED,
        "egov.grid.v1.IncidentReturned",
        "egov.grid.v1.IncidentReworkOrdered",
        "egov.grid.v1.IncidentReopened",
    }
)
"""The events of grid that notification takes."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event on grid's topic. Of an incident's events only: `reference`, and `tells`, who is to get a notice."""

    id: str
    type: str
    incident_id: str
    version: int
    reference: str = ""
    tells: frozenset[Party] = frozenset()


@dataclass(frozen=True, slots=True)
class NoticeFact:
    """An event on notification's topic. `caused_by` and `recipient`: of NoticeCreated only."""

    id: str
    caused_by: str = ""
    recipient: Party = (0, "")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the services say of themselves: events logged by grid, taken and logged by notification, parked, jobs."""

    grid_logged: int
    notification_taken: int
    notification_logged: int
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
    acknowledged: Mapping[Action, Sequence[tuple[str, int]]],
    grid: Iterable[Fact],
    notices: Iterable[NoticeFact],
    before: Counts,
    after: Counts,
    prefix: str,
) -> Accounts:
    """Bring the books together. `grid`, `notices`: all records since the run began; `prefix`: its references'."""
    accounts = Accounts()
    records, notice_records = list(grid), list(notices)
    facts = {fact.id: fact for fact in records}
    made = {notice.id: notice for notice in notice_records}
    ours = {fact.id: fact for fact in facts.values() if fact.reference.startswith(prefix)}
    _events(accounts, acknowledged, list(ours.values()))
    _books(accounts, facts.values(), len(made), before, after)
    _notices(accounts, ours, list(made.values()))
    repeats = len(records) - len(facts) + len(notice_records) - len(made)
    accounts.line("records that lie in Kafka twice under one id", repeats)
    accounts.line("events of others meanwhile", len(facts) - len(ours))
    accounts.line("notification's jobs still to do (mails)", after.jobs_pending)
    return accounts


def _events(accounts: Accounts, acknowledged: Mapping[Action, Sequence[tuple[str, int]]], ours: Sequence[Fact]) -> None:
    """One event for every acknowledged change, of its type, and no other."""
    there = Counter((fact.type, fact.incident_id, fact.version) for fact in ours if fact.type != ESCALATED)
    wanted = Counter((EVENT_OF[action], *pair) for action, pairs in acknowledged.items() for pair in pairs)
    accounts.line("changes acknowledged by the gateway", wanted.total())
    accounts.line("their events in Kafka", there.total())
    for type, count in sorted(Counter(type for type, _, _ in there.elements()).items(), key=_in_order):
        accounts.line(f"  {type.rpartition('.')[2]}", count)
    accounts.line("escalations of them, because time passed", len(ours) - there.total())
    accounts.none_of("acknowledged twice", [key for key, count in wanted.items() if count > 1])
    accounts.none_of("acknowledged, but not in Kafka", [key for key in wanted if key not in there])
    accounts.none_of("in Kafka under two ids", [key for key, count in there.items() if count > 1])
    accounts.none_of("in Kafka, but never acknowledged", [key for key in there if key not in wanted])


def _in_order(typed: tuple[str, int]) -> int:
    """Place of an event type in a report's life; types that no step causes come last."""
    types = list(EVENT_OF.values())
    return types.index(typed[0]) if typed[0] in types else len(types)


def _books(accounts: Accounts, facts: Collection[Fact], made: int, before: Counts, after: Counts) -> None:
    """The services' own figures against Kafka's, over all events since the run began."""
    consumed = sum(fact.type in TAKEN for fact in facts)
    logged = after.grid_logged - before.grid_logged
    taken = after.notification_taken - before.notification_taken
    noted = after.notification_logged - before.notification_logged
    accounts.line("events in grid's log", logged)
    accounts.line("effects: events taken by notification", taken)
    accounts.must_equal("events in grid's log", logged, "events on egov.grid.v1", len(facts))
    accounts.must_equal("events taken by notification", taken, "incidents' events on egov.grid.v1", consumed)
    accounts.must_equal("events in notification's log", noted, "events on egov.notification.v1", made)
    accounts.must_equal("events parked", after.parked, "events parked before", before.parked)


def _notices(accounts: Accounts, ours: Mapping[str, Fact], made: Sequence[NoticeFact]) -> None:
    """For every event one notice to each party that it concerns, and no other."""
    there = Counter((notice.caused_by, notice.recipient) for notice in made if notice.caused_by in ours)
    wanted = {(fact.id, party) for fact in ours.values() for party in fact.tells}
    accounts.line("notices", there.total())
    accounts.none_of("notice not made", [key for key in wanted if key not in there])
    accounts.none_of("notice made twice", [key for key, count in there.items() if count > 1])
    accounts.none_of("notice to a party that the event does not concern", [key for key in there if key not in wanted])
