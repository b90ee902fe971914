"""The tables of working days and shifts. `services.grid.load` fills them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from services.grid.domain.calendars import Calendars
from services.kernel.worktime.calendars import DayKind, DayName, NationalCalendar, Shifts, Span

_TABLES = sa.MetaData()

YEAR = sa.Table("national_year", _TABLES, sa.Column("year", sa.Integer, primary_key=True))
DAY = sa.Table(
    "national_day",
    _TABLES,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("kind", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("notice", sa.Text),
)
SHIFT = sa.Table(
    "shift",
    _TABLES,
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("since", sa.Date, primary_key=True),
    sa.Column("days", sa.Text, primary_key=True),
    sa.Column("start_minute", sa.Integer, primary_key=True),
    sa.Column("end_minute", sa.Integer),
)
STAMP = sa.Table("calendar_stamp", _TABLES, sa.Column("stamp", sa.BigInteger))

_STAMP = sa.select(STAMP.c.stamp)
_SHIFTS = sa.select(SHIFT).order_by(SHIFT.c.department, SHIFT.c.since, SHIFT.c.days, SHIFT.c.start_minute)
# A clock in working time that runs may end at another moment now.
_WAKE = sa.text(
    "UPDATE chassis.due SET due_at = now(), try_at = now(), attempts = 0, claim = NULL"
    " WHERE name = :timer AND key IN (SELECT id::text FROM incident WHERE state <> 'CLOSED'"
    """ AND clocks @? '$[*] ? (@.unit != "CLOCK_HOUR" && @.ended_at == null)')"""
)


class NationalDay(NamedTuple):
    """A holiday or a make-up day, and the notice of the State Council that says so."""

    day: date
    kind: DayKind
    name: str
    notice: str


class KnownCalendars:
    """The calendars that this process read last; read again once others were loaded."""

    def __init__(self) -> None:
        self._known: tuple[int | None, Calendars] = (None, Calendars())

    def now(self, connection: sa.Connection) -> Calendars:
        """As they are loaded now."""
        stamp: int | None = connection.execute(_STAMP).scalar()
        if stamp != self._known[0]:
            self._known = (stamp, read_calendars(connection))
        return self._known[1]


def read_calendars(connection: sa.Connection) -> Calendars:
    """Everything that is loaded."""
    years = frozenset(connection.execute(sa.select(YEAR.c.year)).scalars())
    days = connection.execute(sa.select(DAY.c.day, DAY.c.kind)).all()
    holidays = frozenset(day for day, kind in days if kind == DayKind.HOLIDAY)
    make_up_days = frozenset(day for day, kind in days if kind == DayKind.MAKE_UP_DAY)
    return Calendars(NationalCalendar(years, holidays, make_up_days), _shifts(connection))


def replace_calendars(
    connection: sa.Connection,
    years: Mapping[int, Sequence[NationalDay]],
    shifts: Mapping[str, Sequence[Shifts]] | None,
    timer: str,
) -> None:
    """Make these the days of these years, and these the shifts; other years stay, and so do the shifts for None.

    Clocks that this may move are due at once, by the name of `timer`.
    """
    before = read_calendars(connection)
    for year, days in years.items():
        _replace_year(connection, year, days)
    if shifts is not None:
        _replace_shifts(connection, shifts)
    if read_calendars(connection) != before:
        connection.execute(sa.update(STAMP).values(stamp=STAMP.c.stamp + 1))
        connection.execute(_WAKE, {"timer": timer})


def _replace_year(connection: sa.Connection, year: int, days: Sequence[NationalDay]) -> None:
    connection.execute(sa.delete(YEAR).where(YEAR.c.year == year))
    connection.execute(sa.delete(DAY).where(sa.extract("year", DAY.c.day) == year))
    connection.execute(sa.insert(YEAR), {"year": year})
    if days:
        connection.execute(sa.insert(DAY), [each._asdict() for each in days])


def _replace_shifts(connection: sa.Connection, shifts: Mapping[str, Sequence[Shifts]]) -> None:
    rows = [
        {"department": department, "since": each.since, "days": name, "start_minute": start, "end_minute": end}
        for department, versions in shifts.items()
        for each in versions
        for name, spans in each.spans.items()
        for start, end in spans
    ]
    connection.execute(sa.delete(SHIFT))
    if rows:
        connection.execute(sa.insert(SHIFT), rows)


def _shifts(connection: sa.Connection) -> dict[str, tuple[Shifts, ...]]:
    spans: dict[tuple[str, date], dict[DayName, tuple[Span, ...]]] = defaultdict(dict)
    for row in connection.execute(_SHIFTS):
        days, name = spans[row.department, row.since], DayName(row.days)
        days[name] = (*days.get(name, ()), Span(row.start_minute, row.end_minute))
    shifts: dict[str, tuple[Shifts, ...]] = {}
    for (department, since), days in spans.items():
        shifts[department] = (*shifts.get(department, ()), Shifts(since, days))
    return shifts
