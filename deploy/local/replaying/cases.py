"""The cases of a run, and their steps: what is done to a report, an inspection or a licence, on which date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from deploy.local.replaying.items import MINOR, Finding
from deploy.local.replaying.joining import Recheck
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.mapping import Mapped
from deploy.local.replaying.visits import Visit


class Noun(StrEnum):
    """What a step changes."""

    CERTIFICATE = "certificate"
    INCIDENT = "incident"
    INSPECTION = "inspection"


class Action(IntEnum):
    """What is done, in the order in which a case sees it; END closes an inspection, CLOSE an incident."""

    ISSUE = 0
    FILE = 1
    DISPATCH = 2
    OPEN = 3
    ASSIGN = 4
    FIND = 5
    ORDER = 6
    FAIL = 7
    PASS = 8
    END = 9
    ACCEPT = 10
    HANDLE = 11
    VERIFY = 12
    CLOSE = 13

    @property
    def noun(self) -> Noun:
        """What it changes."""
        if self is Action.ISSUE:
            return Noun.CERTIFICATE
        return Noun.INSPECTION if Action.OPEN <= self <= Action.END else Noun.INCIDENT


ON_ARRIVAL = (Action.FILE, Action.DISPATCH)
BY_DEPARTMENT = (Action.ACCEPT, Action.HANDLE)
BY_CENTRE = (Action.VERIFY, Action.CLOSE)


@dataclass(frozen=True, slots=True)
class Inspected:
    """A visit at a business, the findings it becomes and the second looks at them, the last one passed."""

    visit: Visit
    licence: Licence
    findings: tuple[Finding, ...]
    looks: tuple[Recheck, ...]

    @property
    def to_rectify(self) -> bool:
        """Rectification is ordered: something graver than minor was found, or something in a visit that failed."""
        grave = any(finding.gravity != MINOR for finding in self.findings)
        return grave or (self.visit.failed and bool(self.findings))

    @property
    def suspends(self) -> bool:
        """What was found suspends a licence that there is."""
        return self.licence.since is not None and any(finding.suspends for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Case:
    """Something to play: a report that stays in grid (`mapped`), one that an inspection followed (`mapped` and
    `inspected`), an inspection by request (`inspected`), or a licence (`licence`). `key` is its name over all sources.
    """

    key: str
    mapped: Mapped | None = None
    inspected: Inspected | None = None
    licence: Licence | None = None

    @property
    def chain(self) -> bool:
        """It goes through grid and inspection."""
        return self.mapped is not None and self.inspected is not None

    @property
    def county(self) -> str:
        """Code of the county where it happens."""
        where = self.mapped or self.licence or (self.inspected and self.inspected.licence)
        return where.village[:6] if where else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One call to make, at its place in time and, counted from 0, among the steps of its case.

    `finding` is set for FIND. `number` tells steps of one case with the same action apart.
    """

    at: datetime
    case: Case
    place: int
    action: Action
    number: int = 0
    finding: Finding | None = None

    @property
    def name(self) -> str:
        """Its name among all steps of a run: what idempotency keys derive from."""
        return f"{self.case.key}/{self.action.name}" + (f"-{self.number}" if self.number else "")

    @property
    def after(self) -> str:
        """Key of the licence that has to be issued before this, empty for none."""
        inspected = self.case.inspected
        needed = self.place == 0 and inspected is not None and inspected.licence.since is not None
        return inspected.licence.key if inspected and needed else ""


def steps_of(case: Case) -> list[Step]:
    """All steps of a case, in their order; none is dated before the one before it."""
    steps: list[Step] = []
    for at, action, number, finding in _acts(case):
        earliest = max(at, steps[-1].at) if steps else at
        steps.append(Step(earliest, case, len(steps), action, number, finding))
    return steps


Act = tuple[datetime, Action, int, Finding | None]


def _acts(case: Case) -> Iterator[Act]:
    if case.licence is not None and case.licence.since is not None:
        yield case.licence.since, Action.ISSUE, 0, None
    if case.mapped is not None:
        yield from _once(case.mapped.row.created, *ON_ARRIVAL)
    if case.inspected is not None:
        yield from _inspection(case.inspected, by_request=case.mapped is None)
    if case.mapped is not None:
        yield from _rest(case.mapped, inspected=case.inspected)


def _inspection(inspected: Inspected, *, by_request: bool) -> Iterator[Act]:
    visit = inspected.visit
    yield from _once(visit.at, *([Action.OPEN] if by_request else []), Action.ASSIGN)
    for number, finding in enumerate(inspected.findings, start=1):
        yield visit.at, Action.FIND, number, finding
    last = visit.at
    if inspected.to_rectify:
        yield from _once(visit.at, Action.ORDER)
        for number, look in enumerate(inspected.looks[:-1], start=1):
            yield look.at, Action.FAIL, number, None
        last = inspected.looks[-1].at
        yield from _once(last, Action.PASS)
    yield from _once(last, Action.END)


def _rest(mapped: Mapped, inspected: Inspected | None) -> Iterator[Act]:
    """To the close: on the date that the source says, or with the inspection, whichever is later."""
    if inspected is not None:
        yield from _once(mapped.row.closed or mapped.row.created, *BY_CENTRE)
    elif mapped.row.closed is not None:
        yield from _once(mapped.row.closed, *BY_DEPARTMENT, *BY_CENTRE)


def _once(at: datetime, *actions: Action) -> Iterator[Act]:
    for action in actions:
        yield at, action, 0, None
