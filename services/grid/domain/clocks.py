"""Clocks: how long somebody had for a step, under which rule, and where the time went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from services.kernel import texts
from services.kernel.worktime.calendars import Calendar
from services.kernel.worktime.ledger import Entry, ledger, total
from services.kernel.worktime.reckoning import due_or_horizon
from services.kernel.worktime.stretches import Reason
from services.kernel.worktime.terms import Limit, Pause, Term, Unit

SOON = Fraction(4, 5)
"""The share of a clock at which whoever holds the incident is warned."""
HOLD = "HOLD"
"""Why a clock of grid is paused."""

texts.register(
    {
        "LEDGER_CLOCK_TIME": ("自然时，连续计时。", "Clock hours, which pass always."),
        "LEDGER_WORKING_TIME": ("工作时间，计时。", "Working time, which counts."),
        "LEDGER_MAKE_UP_DAY": ("调休上班日的工作时间，计时。", "Working time of a make-up day, which counts."),
        "LEDGER_OFF_HOURS": ("夜间或休息时间，不计时。", "Night or break, which does not count."),
        "LEDGER_WEEKEND": ("周末，不计时。", "Weekend, which does not count."),
        "LEDGER_HOLIDAY": ("法定节假日，不计时。", "Statutory holiday, which does not count."),
        "LEDGER_FIRST_DAY": ("期间开始之日，不计算在内。", "The day on which the limit begins, which does not count."),
        "LEDGER_BEYOND_CALENDAR": (
            "尚未发布该日的放假安排，暂不计时。",
            "Which of these days are worked is not announced yet; nothing is counted.",
        ),
        "LEDGER_CORRECTED": (
            "工作日安排在此时限结束后有更正，仍以结束时的计算为准。",
            "The calendar was corrected after this clock had ended; what counted by that of its time holds.",
        ),
        "LEDGER_PAUSE": (
            "挂账或转外部单位期间，不计时。",
            "On hold or with an outside body, which does not count.",
        ),
        "CLOCK_RUNNING": ("计时中，未超期。", "Running, not overdue."),
        "CLOCK_OVERDUE": ("计时中，已超期。", "Running, overdue."),
        "CLOCK_KEPT": ("已结束，未超期。", "Ended in time."),
        "CLOCK_MISSED": ("已结束，超期。", "Ended late."),
        "CLOCK_PAUSED": (
            "挂账或已转外部单位，暂停计时。",
            "On hold or with an outside body: it stands still.",
        ),
        "CLOCK_UNDECIDED": (
            "尚未发布下一年度的放假安排，截止时间待定。",
            "The end is not known: next year's holidays are not announced yet.",
        ),
    }
)


class ClockKind(StrEnum):
    """The step that a clock is for."""

    DISPATCH = "DISPATCH"
    ACCEPT = "ACCEPT"
    HANDLE = "HANDLE"
    VERIFY = "VERIFY"
    CLOSE = "CLOSE"
    CHECK = "CHECK"
    FILE = "FILE"
    """Decide whether it is filed."""
    ANSWER = "ANSWER"
    """Get an answer from an outside body."""
    DECIDE = "DECIDE"
    """Grant or refuse the hold or the extension that was asked for. It runs beside the clock of the step."""


class Verdict(StrEnum):
    """What a clock shows."""

    RUNNING = "RUNNING"
    OVERDUE = "OVERDUE"
    KEPT = "KEPT"
    MISSED = "MISSED"
    PAUSED = "PAUSED"
    UNDECIDED = "UNDECIDED"
    """The calendar ends before the limit does."""


class StageName(NamedTuple):
    """Which stage of the handling it is, from 1, and what it is called; the English name may be empty."""

    position: int
    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time that `department` has for a step. It keeps the limit that it began with.

    `due_at` is where the calendar ends when that comes first; then `known` is False. While the clock is paused, it is
    what it was before. `extension`: units that were granted on top of the limit. `stage`: that of the handling which
    it is for; None where that has none. `measured`: units that had passed when it ended, by the calendar that decided
    then whether it was late; None where none did, or none had to. `told_at`: when somebody was told last that its time
    runs out or is used up; only of a clock that runs beside that of the step.
    """

    kind: ClockKind
    department: str
    limit: Limit
    begun_at: datetime
    due_at: datetime
    known: bool = True
    ended_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extension: float = 0
    stage: StageName | None = None
    measured: Fraction | None = None
    told_at: datetime | None = None

    @property
    def running(self) -> bool:
        """The step is not done."""
        return self.ended_at is None

    @property
    def paused(self) -> bool:
        """A pause lasts."""
        return bool(self.pauses) and self.pauses[-1].end is None

    @property
    def by_calendar(self) -> bool:
        """A calendar decides when it ends."""
        return self.limit.unit is not Unit.CLOCK_HOUR

    def term(self, calendar: Calendar) -> Term:
        """As the rules of working time know it."""
        return Term(self.limit, self.begun_at, calendar, self.pauses, self.extension)

    def pause(self, now: datetime) -> Clock:
        """It stands still from now on."""
        return replace(self, pauses=(*self.pauses, Pause(now, None, HOLD)))

    def resume(self, now: datetime) -> Clock:
        """It goes on; when it ends then is to be reckoned. Itself where it is not paused."""
        if not self.paused:
            return self
        return replace(self, pauses=(*self.pauses[:-1], self.pauses[-1]._replace(end=now)))

    def reckoned(self, calendar: Calendar) -> Clock:
        """With its end by this calendar; of one that stands still what it would be if it went on."""
        over = tuple(pause for pause in self.pauses if pause.end)
        due = due_or_horizon(replace(self.term(calendar), pauses=over))
        assert due, "no pause lasts"
        return replace(self, due_at=due.at, known=due.known)

    def end(self, calendar: Calendar, now: datetime) -> Clock:
        """The step is done: from now on it shows what it shows by this calendar."""
        ended = replace(self.resume(now), ended_at=now)
        if self.paused or self.by_calendar:
            ended = ended.reckoned(calendar)
        decided = ended.by_calendar and ended.known
        return replace(ended, measured=total(ledger(ended.term(calendar), now)) if decided else None)

    def shown(self, calendar: Calendar) -> Clock:
        """As it is shown: by this calendar, unless another one decided when it ended."""
        return self.reckoned(calendar) if self.by_calendar and self.measured is None else self

    def late(self, now: datetime) -> bool:
        """It is not done, and its time was used up before now, or before it stood still."""
        return self.running and self.known and (self.pauses[-1].begin if self.paused else now) >= self.due_at

    def verdict(self, now: datetime) -> Verdict:
        """What it shows now."""
        if self.paused and self.pauses[-1].begin <= self.due_at:
            return Verdict.PAUSED
        if (self.ended_at or now) > self.due_at:
            late = Verdict.OVERDUE if self.running else Verdict.MISSED
            return late if self.known else Verdict.UNDECIDED
        return Verdict.RUNNING if self.running else Verdict.KEPT


def of_step(clocks: Iterable[Clock]) -> tuple[Clock, ...]:
    """Those for what the holder of the incident has to do: only they make it late."""
    return tuple(each for each in clocks if each.kind is not ClockKind.DECIDE)


def first_to_end(clocks: Iterable[Clock]) -> Clock | None:
    """Of those that run the one that ends first; one whose end is not known comes after those that are."""
    going = (each for each in clocks if each.running and not each.paused)
    return min(going, key=lambda each: (not each.known, each.due_at), default=None)


class Explained(NamedTuple):
    """A clock, every interval that it counted or did not, and their sum in units of its limit."""

    clock: Clock
    verdict: Verdict
    entries: list[Entry]
    spent: Fraction

    @property
    def used(self) -> Fraction:
        """The share of the limit that is used, from 0 on."""
        return self.spent / (Fraction(self.clock.limit.amount) + Fraction(self.clock.extension))


def explain(clock: Clock, calendar: Calendar, now: datetime) -> Explained:
    """Where a clock's time went, until it ended or until now, by the calendar that its verdict comes from."""
    clock = clock.shown(calendar)
    entries = ledger(clock.term(calendar), clock.ended_at or now)
    entries += _correction(clock, calendar, entries)
    return Explained(clock, clock.verdict(now), entries, total(entries))


def _correction(clock: Clock, calendar: Calendar, entries: list[Entry]) -> list[Entry]:
    """What had counted when it ended and does not by today's calendar, or less than nothing."""
    if clock.measured is None or clock.ended_at is None:
        return []
    missing = clock.measured - total(entries)
    return [Entry(clock.ended_at, clock.ended_at, Reason.CORRECTED, missing)] if missing else []
