"""Calendars and terms for tests of working time, and how hypothesis makes them up."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from services.kernel.clock import SHANGHAI
from services.kernel.worktime.calendars import Calendar, DayName, NationalCalendar, Shifts, Span
from services.kernel.worktime.terms import Limit, Pause, Term, Unit

SAMPLE = Path(__file__).parents[4] / "deploy" / "local" / "sample"
YEARS = (2024, 2025, 2026)
MINUTE = timedelta(minutes=1)


def announced(kind: str) -> frozenset[date]:
    """The days of this kind in the project's own data."""
    days = set()
    for year in YEARS:
        with (SAMPLE / f"national_days_{year}.csv").open(encoding="utf-8") as sheet:
            days |= {date.fromisoformat(row["day"]) for row in csv.DictReader(sheet) if row["kind"] == kind}
    return frozenset(days)


NATIONAL = NationalCalendar(frozenset(YEARS), announced("holiday"), announced("make_up_day"))
SINCE = date(2024, 1, 1)


def at(text: str) -> datetime:
    """A moment of Asia/Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def clock(*spans: str) -> tuple[Span, ...]:
    """Spans as people write them: `08:30-12:00`; an end that is not after its start is on the next day."""

    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    read = [Span(minutes(each[:5]), minutes(each[6:])) for each in spans]
    return tuple(span if span.end > span.start else span._replace(end=span.end + 1440) for span in read)


def calendar(**spans: tuple[str, ...]) -> Calendar:
    return Calendar.of(NATIONAL, [Shifts(SINCE, {DayName(name): clock(*said) for name, said in spans.items()})])


OFFICE = calendar(workdays=("08:30-12:00", "13:30-17:30"))
STREET = calendar(workdays=("08:00-20:00",), weekends=("09:00-15:00",), make_up_days=("09:00-15:00",))
NIGHT = calendar(workdays=("22:00-06:00",), friday=("20:00-04:00",))
ALWAYS = calendar(workdays=("00:00-24:00",), weekends=("00:00-24:00",), holidays=("00:00-24:00",))
WORKING = (Unit.WORKING_HOUR, Unit.WORKING_DAY)


def term(limit: str, begin: str, department: Calendar = OFFICE, *pauses: Pause, extension: float = 0) -> Term:
    return Term(Limit.parse(limit), at(begin), department, pauses, extension)


moments = st.integers(0, 600 * 24 * 60 * 60).map(lambda seconds: at("2024-02-01 00:00") + timedelta(seconds=seconds))
lengths = st.integers(1, 40 * 24 * 60).map(lambda minutes: minutes * MINUTE)
limits = st.builds(Limit, st.one_of(st.integers(1, 30), st.sampled_from([0.25, 0.5, 1.5])), st.sampled_from(list(Unit)))
calendars = st.sampled_from([OFFICE, STREET, NIGHT, ALWAYS])
terms = st.builds(Term, limits, moments, calendars, extension=st.integers(0, 5))


@st.composite
def paused_terms(draw: st.DrawFn) -> Term:
    """A term with pauses that may overlap, touch one another or lie before its beginning; all of them end."""
    plain = draw(terms)
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        begin = plain.begin + draw(st.integers(-2 * 24 * 60, 60 * 24 * 60)) * MINUTE
        pauses.append(Pause(begin, begin + draw(lengths), draw(st.sampled_from(["AWAITS_PARTS", "WEATHER"]))))
    return Term(plain.limit, plain.begin, plain.calendar, tuple(pauses), plain.extension)
