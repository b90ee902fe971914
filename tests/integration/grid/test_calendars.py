"""Working days and shifts in the database: loaded, read once, and clocks woken that they may move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from services.grid.domain.deadlines import Limits
from services.grid.store.calendars import KnownCalendars, NationalDay, read_calendars, replace_calendars
from services.grid.store.incidents import IncidentStore
from services.grid.usecases import CLOCK
from services.kernel.worktime.calendars import DayKind, DayName, OutOfCalendar, Shifts, Span
from services.kernel.worktime.terms import Limit, Unit
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.grid.samples import CENTRE, incident, rule

HOLIDAY = NationalDay(date(2026, 2, 15), DayKind.HOLIDAY, "春节", "国务院办公厅2025年11月4日通知")
MAKE_UP = HOLIDAY._replace(day=date(2026, 2, 14), kind=DayKind.MAKE_UP_DAY)
SHIFTS = {
    "": [Shifts(date(2026, 1, 1), {DayName.WORKDAYS: (Span(510, 720), Span(810, 1050))})],
    "CGJ": [Shifts(date(2026, 1, 1), {DayName.WORKDAYS: (Span(1320, 1800),), DayName.MONDAY: (Span(0, 60),)})],
}
DUES = sa.text("SELECT key FROM chassis.due WHERE name = 'incident-clock' AND due_at <= now()")


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    with engine_of("grid").connect() as opened:
        for table in ("national_year", "national_day", "shift", "chassis.due"):
            opened.execute(sa.text(f"DELETE FROM {table}"))
        yield opened
        opened.rollback()


def test_what_is_loaded_is_read_back(connection: sa.Connection) -> None:
    replace_calendars(connection, {2026: [HOLIDAY, MAKE_UP]}, SHIFTS, CLOCK)
    calendars = read_calendars(connection)
    assert calendars.national.kind(date(2026, 2, 14)) is DayKind.MAKE_UP_DAY
    assert calendars.national.kind(date(2026, 2, 15)) is DayKind.HOLIDAY
    assert {name: list(each) for name, each in calendars.shifts.items()} == SHIFTS


def test_a_year_is_added_and_mended_without_the_others(connection: sa.Connection) -> None:
    replace_calendars(connection, {2026: [HOLIDAY, MAKE_UP]}, SHIFTS, CLOCK)
    newyear = NationalDay(date(2027, 1, 1), DayKind.HOLIDAY, "元旦", "通知")
    replace_calendars(connection, {2027: [newyear]}, None, CLOCK)
    replace_calendars(connection, {2026: [HOLIDAY]}, None, CLOCK)
    calendars = read_calendars(connection)
    assert calendars.national.years == {2026, 2027}
    assert calendars.national.holidays == {HOLIDAY.day, newyear.day}
    assert calendars.national.make_up_days == frozenset()
    assert calendars.shifts.keys() == SHIFTS.keys()


def test_a_process_reads_them_again_once_others_were_loaded(connection: sa.Connection) -> None:
    known = KnownCalendars()
    with pytest.raises(OutOfCalendar):
        known.now(connection).of(CENTRE).day(HOLIDAY.day)
    first = known.now(connection)
    assert known.now(connection) is first
    replace_calendars(connection, {2026: [HOLIDAY]}, SHIFTS, CLOCK)
    again = known.now(connection)
    assert again.of(CENTRE).day(HOLIDAY.day).kind is DayKind.HOLIDAY
    replace_calendars(connection, {2026: [HOLIDAY]}, SHIFTS, CLOCK)
    assert known.now(connection) is again, "to load the same changes nothing"


def test_clocks_that_a_new_calendar_may_move_are_looked_at_soon(connection: sa.Connection) -> None:
    store, limits = IncidentStore(connection), Limits()
    plain, filed = incident(), incident()
    days = rule(hours=5, unit=Unit.WORKING_DAY)
    working = filed.dispatch(seen=1, by=CENTRE, rules=[days], named="", limits=limits, now=NOW)
    assert not working.clocks[-1].known
    for each in (plain, filed):
        store.add(each)
        set_due = "INSERT INTO chassis.due (name, key, due_at, try_at) VALUES ('incident-clock', :key, :at, :at)"
        later = datetime.now(UTC) + timedelta(days=9)
        connection.execute(sa.text(set_due), {"key": str(each.id), "at": later})
    store.save(working)
    assert store.load(filed.id, "37") == working
    assert store.load(filed.id, "37").handle_within == Limit(5, Unit.WORKING_DAY)
    replace_calendars(connection, {2026: [HOLIDAY]}, SHIFTS, CLOCK)
    assert connection.execute(DUES).scalars().all() == [str(filed.id)]
    known = replace(limits, calendar_of=read_calendars(connection).of)
    assert known.reckoned(working.clocks[-1]).known
