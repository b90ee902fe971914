"""Reminders: how often somebody is told again of what stays overdue. Often at first, then seldom, but for ever."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.kernel.worktime.calendars import Calendar
from services.kernel.worktime.reckoning import due
from services.kernel.worktime.terms import Limit, Term

TIMES = 7
"""For how many intervals it is often, and how many times longer the intervals are then: a week of days."""


class Reminders(NamedTuple):
    """Every `often` as long as no more than `spell` has passed since it is overdue, then every `seldom`."""

    often: Limit
    spell: Limit
    seldom: Limit

    @classmethod
    def every(cls, often: Limit) -> Reminders:
        """So often for seven times as long, then seven times as seldom: each day for a week, then each week."""
        longer = Limit(often.amount * TIMES, often.unit)
        return cls(often, spell=longer, seldom=longer)

    def next(self, since: datetime, now: datetime, calendar: Calendar) -> datetime:
        """When to remind after `now` of what is overdue since `since`.

        The calendar is not asked where the units are clock hours. Raises OutOfCalendar.
        """
        interval = self.often if now < _after(self.spell, since, calendar) else self.seldom
        return _after(interval, now, calendar)


def _after(limit: Limit, begin: datetime, calendar: Calendar) -> datetime:
    at = due(Term(limit, begin, calendar))
    assert at is not None, "nothing pauses it"
    return at
