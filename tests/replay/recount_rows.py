"""The figures once more, from the raw rows: what the city's rules and the draws of README.md make of each of them.

Nothing here is the service's: deadlines and escalations are worked out by plain counting. What it finds is compared
with what the service did.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.replay.recount_books import Book, Told
from tests.replay.recount_raw import Raw, Step, mains_of, steps_of
from tests.replay.recount_rules import HOUR, LOCAL, Rule, Rules

END = datetime(2026, 1, 1, tzinfo=LOCAL)
_DAY = Rule("", 24, "clock_hour")


def book_of(rows: Sequence[Raw], seed: int) -> Book:
    """What has to be in the books."""
    rules, book, mains = Rules(), Book(), mains_of(rows)
    ends: dict[str, datetime | None] = {}
    for row in sorted(rows, key=lambda each: each.duplicate):
        rule = rules.of(row.key.partition("/")[0], row.nature, row.detail, row.area)
        centre = f"{rule.department[:6]}-ZHZX"
        steps = [each for each in steps_of(row, seed, rule, centre, row.key in mains) if each.at < END]
        if row.duplicate:
            _duplicate(book, row.key, steps, centre, mains.get(row.key), ends)
        else:
            ends[row.key] = _Course(book, row.key, rules, rule, centre).run(steps)
    return book


@dataclass
class _Clocks:
    """One row's incident: the clocks that run, since when, who holds it; it climbs while nothing happens."""

    rules: Rules
    told: Counter[tuple[str, str]]
    since: datetime
    holder: str
    running: dict[str, tuple[datetime, Rule]] = field(default_factory=dict)
    level: str = ""
    waits: datetime | None = None

    def until(self, at: datetime) -> None:
        """Time passes: who is told, and how often."""
        if self.running:
            marks = sorted(self.rules.due(*each, times) for each in self.running.values() for times in (1, 2, 3))
            moment = self.waits or max(marks[0], self.since)
            while moment < min(at, END):
                self.level = "CITY" if self.level or self.holder.endswith("-ZHZX") else "COUNTY"
                self.told[self.holder, self.level] += 1
                self.waits = moment = self._next(moment, marks)
        self.since = at

    def _next(self, moment: datetime, marks: Sequence[datetime]) -> datetime:
        """A day on, for the city after a week a week on; sooner where a limit has passed once, twice or three times."""
        weekly = self.level == "CITY" and moment >= marks[0] + 168 * HOUR
        return min([moment + (168 if weekly else 24) * HOUR, *(mark for mark in marks if mark > moment)])

    def start(self, holder: str, **limits: Rule) -> None:
        """These clocks run from now on, and no others."""
        self.holder, self.running = holder, {name: (self.since, rule) for name, rule in limits.items()}
        self.level, self.waits = "", None

    def stop(self, name: str) -> None:
        """This clock ends; whoever was told goes on waiting if another one is late."""
        del self.running[name]
        if all(self.rules.due(*each) > self.since for each in self.running.values()):
            self.level, self.waits = "", None


@dataclass
class _Course:
    """The course of one row that is no duplicate."""

    book: Book
    key: str
    rules: Rules
    rule: Rule
    centre: str
    department: str = ""
    handle_by: datetime | None = None
    late: defaultdict[str, bool] = field(default_factory=lambda: defaultdict(bool))

    def run(self, steps: Sequence[Step]) -> datetime | None:
        """Put it into the book; when it is closed, None for not in this year."""
        clocks = _Clocks(self.rules, self.book.told, steps[0].at, self.centre)
        for step in steps:
            clocks.until(step.at)
            self._take(step, clocks)
            running, measured_by = clocks.running.get("handle"), self.handle_by
            self.handle_by = self.rules.due(*running) if running else None
            by = measured_by if step.event == "IncidentHandled" else self.handle_by
            self.book.note(self.key, Told(step.event, step.at, by))
        clocks.until(END)
        closed = steps[-1].event in ("IncidentClosed", "IncidentDeclined")
        self._count(closed)
        return steps[-1].at if closed else None

    def _take(self, step: Step, clocks: _Clocks) -> None:
        own = self.rule._replace(department=step.to)
        match step.event:
            case "IncidentDispatched":
                self.department = step.to
                clocks.start(step.to, accept=_DAY, handle=own)
            case "IncidentAccepted":
                clocks.stop("accept")
            case "IncidentReturned" | "IncidentReferred":
                self._give_up(step, "returned")
                self.department = ""
                clocks.start(self.centre, dispatch=_DAY)
            case "IncidentHandled":
                self._give_up(step)
                clocks.start(self.centre, verify=_DAY)
            case "IncidentReworkOrdered":
                self.book.add(self.department, "reworked")
                clocks.start(step.to, handle=own)
            case "IncidentClosed" | "IncidentDeclined":
                clocks.running = {}
            case _:
                clocks.start(self.centre, next=_DAY)

    def _give_up(self, step: Step, figure: str = "") -> None:
        """The department's clock ends."""
        assert self.handle_by is not None
        self.late[self.department] |= step.at > self.handle_by
        if figure:
            self.book.add(self.department, figure)

    def _count(self, closed: bool) -> None:
        at = self.department or self.centre
        self.book.add(at, "filed")
        if closed:
            self.book.add(at, "closed")
        if self.department:
            late = self.late[at] or (self.handle_by is not None and self.handle_by < END)
            self.book.add(at, "late" if late else "running" if self.handle_by else "in time")


def _duplicate(
    book: Book,
    key: str,
    steps: Sequence[Step],
    centre: str,
    main: str | None,
    ends: Mapping[str, datetime | None],
) -> None:
    """Put a labelled duplicate into the book, which ends at once or with its main incident."""
    for step in steps:
        book.note(key, Told(step.event, step.at))
    book.add(centre, "filed")
    if len(steps) < 2:
        return
    book.add(centre, "duplicates")
    end = ends[main] if main else steps[1].at
    if end is not None:
        book.add(centre, "closed")
    if main and end is not None:
        book.note(key, Told("IncidentClosed", end))
