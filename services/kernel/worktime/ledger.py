"""The ledger of a term: every interval since its beginning that counted or did not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from services.kernel.worktime.calendars import OutOfCalendar
from services.kernel.worktime.stretches import Reason, Stretch, stretches
from services.kernel.worktime.terms import MICROSECOND, Term


class Entry(NamedTuple):
    """An interval of one kind, and the units that it counted; `note` is why a pause was made."""

    start: datetime
    end: datetime
    reason: Reason
    counted: Fraction
    note: str = ""


def ledger(term: Term, until: datetime) -> list[Entry]:
    """The intervals from the beginning to a moment, without gap or overlap; together they counted what is spent.

    Where the calendar ends before, the last one says so and counts nothing.
    """
    entries: list[Entry] = []
    for entry in _entries(term, until):
        last = entries[-1] if entries else None
        if last and (last.reason, last.note) == (entry.reason, entry.note):
            entries[-1] = last._replace(end=entry.end, counted=last.counted + entry.counted)
        else:
            entries.append(entry)
    return entries


def total(entries: list[Entry]) -> Fraction:
    """Units that counted."""
    return sum((entry.counted for entry in entries), Fraction())


def _entries(term: Term, until: datetime) -> Iterator[Entry]:
    at = term.begin
    try:
        for stretch in stretches(term):
            if stretch.start >= until:
                return
            at = min(stretch.end, until)
            yield _entry(stretch, at)
    except OutOfCalendar:
        if at < until:
            yield Entry(at, until, Reason.BEYOND_CALENDAR, Fraction())


def _entry(stretch: Stretch, end: datetime) -> Entry:
    length_us = (end - stretch.start) // MICROSECOND
    counted = Fraction(length_us, stretch.unit_us) if stretch.unit_us else Fraction()
    return Entry(stretch.start, end, stretch.reason, counted, stretch.note)
