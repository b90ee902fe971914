"""What is asked of a term: when it ends, how much of it is used, when to warn."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from services.kernel.worktime.calendars import OutOfCalendar, midnight
from services.kernel.worktime.stretches import stretches
from services.kernel.worktime.terms import MICROSECOND, Term

WARNINGS = (Fraction(4, 5), Fraction(1), Fraction(2), Fraction(3))
"""At which shares of a limit somebody is warned: before its end, at its end, and again and again after it."""


class Due(NamedTuple):
    """When a term ends. `known` is False where the calendar ends before: then it is where the calendar ends."""

    at: datetime
    known: bool


def due(term: Term) -> datetime | None:
    """The first moment at which all of it is used; None while a pause lasts. Raises OutOfCalendar."""
    return moment_at(term, Fraction(1))


def due_or_horizon(term: Term) -> Due | None:
    """When it ends, or else where the calendar does, though not before it began; None while a pause lasts."""
    try:
        at = due(term)
    except OutOfCalendar as ends:
        return Due(max(term.begin, midnight(ends.day)), known=False)
    return Due(at, known=True) if at else None


def moment_at(term: Term, share: Fraction) -> datetime | None:
    """The first moment at which this share is used; None when a pause that lasts comes first. Raises OutOfCalendar."""
    left, unit_us, passed_us, wanted_us = term.whole * share, 1, 0, 0
    for stretch in stretches(term):
        if not stretch.unit_us:
            continue
        if stretch.unit_us != unit_us:
            # Whole numbers for as long as units are equally long: fractions of them cost most of the time.
            left -= Fraction(passed_us, unit_us)
            unit_us, passed_us = stretch.unit_us, 0
            wanted_us = ceil(left * unit_us)
        lasts_us = (stretch.end - stretch.start) // MICROSECOND
        if passed_us + lasts_us >= wanted_us:
            return stretch.start + (wanted_us - passed_us) * MICROSECOND
        passed_us += lasts_us
    return None


def spent(term: Term, at: datetime) -> Fraction:
    """Units that have passed at a moment. Raises OutOfCalendar."""
    units = Fraction()
    for stretch in stretches(term):
        if stretch.start >= at:
            break
        if stretch.unit_us:
            units += Fraction((min(stretch.end, at) - stretch.start) // MICROSECOND, stretch.unit_us)
    return units


def used(term: Term, at: datetime) -> Fraction:
    """The share that is used at a moment, from 0 on; above 1 it is overdue. Raises OutOfCalendar."""
    return spent(term, at) / term.whole


def warnings(term: Term) -> dict[Fraction, datetime]:
    """When to warn, by share; those that a lasting pause or the end of the calendar hides are left out."""
    known: dict[Fraction, datetime] = {}
    for share in WARNINGS:
        try:
            at = moment_at(term, share)
        except OutOfCalendar:
            break
        if at is not None:
            known[share] = at
    return known
