"""Clocks and their ledgers, for answers."""

from __future__ import annotations

from collections.abc import Iterable

from egov.grid.v1 import clocks_pb2, grid_service_pb2

from services.chassis.moments import stamp
from services.grid.domain.clocks import ClockKind, Explained, Verdict
from services.kernel import texts
from services.kernel.worktime.ledger import Entry
from services.kernel.worktime.stretches import Reason
from services.kernel.worktime.terms import Unit

KINDS_OUT = {
    ClockKind.DISPATCH: clocks_pb2.CLOCK_KIND_DISPATCH,
    ClockKind.ACCEPT: clocks_pb2.CLOCK_KIND_ACCEPT,
    ClockKind.HANDLE: clocks_pb2.CLOCK_KIND_HANDLE,
    ClockKind.VERIFY: clocks_pb2.CLOCK_KIND_VERIFY,
    ClockKind.CLOSE: clocks_pb2.CLOCK_KIND_CLOSE,
    ClockKind.CHECK: clocks_pb2.CLOCK_KIND_CHECK,
    ClockKind.FILE: clocks_pb2.CLOCK_KIND_FILE,
    ClockKind.ANSWER: clocks_pb2.CLOCK_KIND_ANSWER,
    ClockKind.DECIDE: clocks_pb2.CLOCK_KIND_DECIDE,
}
UNITS_OUT = {
    Unit.CLOCK_HOUR: clocks_pb2.TIME_UNIT_CLOCK_HOUR,
    Unit.WORKING_HOUR: clocks_pb2.TIME_UNIT_WORKING_HOUR,
    Unit.WORKING_DAY: clocks_pb2.TIME_UNIT_WORKING_DAY,
}
VERDICTS_OUT = {
    Verdict.RUNNING: (clocks_pb2.CLOCK_VERDICT_RUNNING, "CLOCK_RUNNING"),
    Verdict.OVERDUE: (clocks_pb2.CLOCK_VERDICT_OVERDUE, "CLOCK_OVERDUE"),
    Verdict.KEPT: (clocks_pb2.CLOCK_VERDICT_KEPT, "CLOCK_KEPT"),
    Verdict.MISSED: (clocks_pb2.CLOCK_VERDICT_MISSED, "CLOCK_MISSED"),
    Verdict.PAUSED: (clocks_pb2.CLOCK_VERDICT_PAUSED, "CLOCK_PAUSED"),
    Verdict.UNDECIDED: (clocks_pb2.CLOCK_VERDICT_UNDECIDED, "CLOCK_UNDECIDED"),
}
# What the contract says of time, and the text that goes with it.
REASONS_OUT = {
    Reason.CLOCK_TIME: (clocks_pb2.TIME_REASON_CLOCK_TIME, "LEDGER_CLOCK_TIME"),
    Reason.WORKING_TIME: (clocks_pb2.TIME_REASON_WORKING_TIME, "LEDGER_WORKING_TIME"),
    Reason.MAKE_UP_DAY: (clocks_pb2.TIME_REASON_MAKE_UP_DAY, "LEDGER_MAKE_UP_DAY"),
    Reason.OFF_HOURS: (clocks_pb2.TIME_REASON_OFF_HOURS, "LEDGER_OFF_HOURS"),
    Reason.WEEKEND: (clocks_pb2.TIME_REASON_WEEKEND, "LEDGER_WEEKEND"),
    Reason.HOLIDAY: (clocks_pb2.TIME_REASON_HOLIDAY, "LEDGER_HOLIDAY"),
    Reason.FIRST_DAY: (clocks_pb2.TIME_REASON_FIRST_DAY, "LEDGER_FIRST_DAY"),
    Reason.PAUSE: (clocks_pb2.TIME_REASON_PAUSE, "LEDGER_PAUSE"),
    Reason.BEYOND_CALENDAR: (clocks_pb2.TIME_REASON_BEYOND_CALENDAR, "LEDGER_BEYOND_CALENDAR"),
    Reason.CORRECTED: (clocks_pb2.TIME_REASON_CORRECTED, "LEDGER_CORRECTED"),
}


def clocks_message(clocks: Iterable[Explained], language: str) -> grid_service_pb2.ExplainClockResponse:
    """The clocks of an incident, for an answer to someone of this language."""
    return grid_service_pb2.ExplainClockResponse(clocks=[_clock(each, language) for each in clocks])


def _clock(explained: Explained, language: str) -> clocks_pb2.Clock:
    clock, (verdict, name) = explained.clock, VERDICTS_OUT[explained.verdict]
    return clocks_pb2.Clock(
        kind=KINDS_OUT[clock.kind],
        department=clock.department,
        limit=clock.limit.amount,
        extension=clock.extension,
        unit=UNITS_OUT[clock.limit.unit],
        begun_at=stamp(clock.begun_at),
        due_at=stamp(clock.due_at),
        ended_at=stamp(clock.ended_at),
        verdict=verdict,
        text=texts.text(name, language),
        spent=float(explained.spent),
        used=float(explained.used),
        entries=[_entry(each, language) for each in explained.entries],
        stage=clock.stage.position if clock.stage else 0,
        stage_name=clock.stage.name if clock.stage else "",
        stage_name_en=clock.stage.name_en if clock.stage else "",
    )


def _entry(entry: Entry, language: str) -> clocks_pb2.LedgerEntry:
    reason, name = REASONS_OUT[entry.reason]
    return clocks_pb2.LedgerEntry(
        begins_at=stamp(entry.start),
        ends_at=stamp(entry.end),
        reason=reason,
        text=texts.text(name, language),
        counted=float(entry.counted),
    )
