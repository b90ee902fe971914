"""What a clock shows and where its time went are one account, whatever becomes of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.clocks import HOLD, Clock, ClockKind, Explained, Verdict, explain
from services.grid.store.clocks import clocks_in, clocks_out
from services.grid.wire.clocks import clocks_message
from services.kernel.worktime.calendars import Calendar, DayName, NationalCalendar, Shifts, Span
from services.kernel.worktime.stretches import Reason
from services.kernel.worktime.terms import Limit, Pause, Unit
from tests.unit.grid.samples import DEPARTMENT
from tests.unit.grid.test_clocks import at

BEGIN, MINUTE = datetime(2026, 12, 1, tzinfo=UTC), timedelta(minutes=1)
IN_TIME = {Verdict.RUNNING, Verdict.KEPT, Verdict.PAUSED, Verdict.UNDECIDED}
LATE = {Verdict.OVERDUE, Verdict.MISSED}
ROUNDED_UP = Fraction(1, 10**9)
"""An end is a whole microsecond, and may use a part of one too much."""


def calendar(holidays: frozenset[date] = frozenset(), years: tuple[int, ...] = (2026,), opens: int = 540) -> Calendar:
    national = NationalCalendar(frozenset(years), holidays)
    return Calendar.of(national, (Shifts(date(2020, 1, 1), {DayName.WORKDAYS: (Span(opens, 720), Span(780, 1080))}),))


def clock(limit: Limit, pauses: tuple[Pause, ...] = (), begun_at: datetime = BEGIN) -> Clock:
    return Clock(
        kind=ClockKind.HANDLE, department=DEPARTMENT, limit=limit, begun_at=begun_at, due_at=begun_at, pauses=pauses
    )


def demand_one_account(explained: Explained, until: datetime) -> None:
    """The intervals follow one another to the end; what they counted says the same as the verdict."""
    entries = explained.entries
    assert explained.spent == sum(entry.counted for entry in entries)
    assert (entries[0].start, entries[-1].end) == (explained.clock.begun_at, until)
    assert all(one.end == other.start for one, other in pairwise(entries))
    assert explained.verdict in IN_TIME | LATE
    assert explained.used <= 1 + ROUNDED_UP if explained.verdict in IN_TIME else explained.used >= 1


days = st.dates(date(2026, 12, 1), date(2027, 1, 20))
calendars = st.builds(
    calendar, st.frozensets(days, max_size=12), st.sampled_from([(2026,), (2026, 2027)]), st.integers(480, 600)
)
limits = st.builds(Limit, st.integers(1, 30), st.sampled_from(Unit))
minutes = st.integers(1, 40 * 24 * 60).map(lambda passed: BEGIN + passed * MINUTE)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    """A clock with some pauses, of which the last one may last."""
    moments = sorted(draw(st.sets(minutes, max_size=5)))
    ends = [*moments[1::2], None]
    pauses = tuple(Pause(begin, end, HOLD) for begin, end in zip(moments[::2], ends, strict=False))
    return clock(draw(limits), pauses)


@given(clocks(), calendars, calendars, minutes)
def test_a_clock_that_runs_is_shown_by_the_calendar_of_today(
    running: Clock, before: Calendar, today: Calendar, now: datetime
) -> None:
    now = max([now, *(moment for pause in running.pauses for moment in pause[:2] if moment)]) + MINUTE
    kept = running.reckoned(before)
    demand_one_account(explain(kept, today, now), now)
    assert explain(kept, today, now) == explain(running.reckoned(today), today, now)


@given(clocks(), calendars, calendars, minutes)
def test_a_clock_that_ended_sums_to_its_verdict_whatever_is_corrected_later(
    running: Clock, then: Calendar, today: Calendar, now: datetime
) -> None:
    now = max([now, *(moment for pause in running.pauses for moment in pause[:2] if moment)]) + MINUTE
    ended = running.reckoned(then).end(then, now)
    first, later = explain(ended, then, now), explain(ended, today, now + timedelta(days=99))
    demand_one_account(first, now)
    demand_one_account(later, now)
    if ended.known:
        assert (later.verdict, later.clock.due_at) == (first.verdict, first.clock.due_at), "what was decided stays so"
    [read] = clocks_in(clocks_out([ended]))
    assert read == ended


NEXT_YEAR = calendar(frozenset({date(2027, 1, 1)}), (2026, 2027))


@pytest.mark.parametrize(
    ("ended", "verdict", "spent"),
    [("2027-01-04 10:00", Verdict.KEPT, 1 + Fraction(1, 8)), ("2027-01-20 10:00", Verdict.MISSED, 13 + Fraction(1, 8))],
)
def test_what_ended_before_the_next_year_was_known_is_decided_when_it_is(
    ended: str, verdict: Verdict, spent: Fraction
) -> None:
    begun = clock(Limit(3, Unit.WORKING_DAY), begun_at=at("2026-12-30 10:00"))
    done = begun.reckoned(calendar()).end(calendar(), at(ended))
    assert explain(done, calendar(), at(ended)).verdict is Verdict.UNDECIDED
    known = explain(done, NEXT_YEAR, at(ended))
    assert (known.verdict, known.spent, known.clock.due_at) == (verdict, spent, at("2027-01-05 18:00"))


def test_what_was_late_stays_late_when_its_days_become_holidays_and_says_why() -> None:
    late = clock(Limit(3, Unit.WORKING_DAY), begun_at=at("2026-12-01 10:00"))
    ended_at = at("2026-12-07 10:00")
    done = late.reckoned(calendar()).end(calendar(), ended_at)
    assert explain(done, calendar(), ended_at).spent == 3 + Fraction(1, 8)
    corrected = calendar(frozenset({date(2026, 12, 2), date(2026, 12, 3)}))
    explained = explain(done, corrected, ended_at)
    assert (explained.verdict, explained.spent) == (Verdict.MISSED, 3 + Fraction(1, 8))
    assert (explained.entries[-1].reason, explained.entries[-1].counted) == (Reason.CORRECTED, Fraction(2))
    (message,) = clocks_message([explained], "en").clocks
    assert message.entries[-1].text.startswith("The calendar was corrected")
    # As the release before left it: nothing was measured, and all is shown by the calendar of today.
    assert explain(replace(done, measured=None), corrected, ended_at).verdict is Verdict.KEPT
