"""Plain objects that the tests of the replay share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploy.local.replaying.cases import Case, Inspected
from deploy.local.replaying.items import GRAVE, MINOR, ORDINARY, Finding
from deploy.local.replaying.joining import Recheck
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.mapping import Mapped, TypeKey, about_food
from deploy.local.replaying.rows import Row
from deploy.local.replaying.visits import Visit

VILLAGE = "371102001001"
FIRST = datetime(2014, 12, 1, tzinfo=UTC)
DIRTY = Finding("34", "FOOD-16", MINOR, False)
WARM = Finding("17", "FOOD-10", ORDINARY, False)
SPOILED = Finding("1", "FOOD-03", GRAVE, True)
BUSINESS = Licence(30790, VILLAGE, FIRST - timedelta(days=30))


def day(number: int) -> datetime:
    """The day of December 2014 with this number; 32 is in January."""
    return FIRST + timedelta(days=number - 1)


def row(number: str = "a", created: int = 1, closed: int | None = None, place: str = "") -> Row:
    """A complaint of Chicago."""
    end = day(closed) if closed else None
    return Row("chicago", number, "Other", "", "61", "48XX S WOOD", day(created), end, False, place)


def visit(number: int, at: int = 1, *, licence: int = 30790, place: str = "", failed: bool = False) -> Visit:
    """An inspection."""
    return Visit(number, licence, place, day(at), failed, ("34",))


def report(number: str = "a", created: int = 1, closed: int | None = None) -> Case:
    """A complaint that stays in grid."""
    mapped = Mapped(row(number, created, closed), TypeKey("RZ-LOCAL", "event", "92001"), VILLAGE)
    return Case(mapped.row.key, mapped=mapped)


def inspected(
    number: int, *findings: Finding, at: int = 1, licence: Licence = BUSINESS, looks: tuple[Recheck, ...] = ()
) -> Inspected:
    """A visit with its findings, checked again on the same day unless `looks` say otherwise."""
    return Inspected(visit(number, at), licence, findings, looks or (Recheck(day(at), True, None),))


def request(number: int, *findings: Finding, at: int = 1, licence: Licence = BUSINESS) -> Case:
    """An inspection by request."""
    made = inspected(number, *findings, at=at, licence=licence)
    return Case(made.visit.key, inspected=made)


def chain(number: str, *findings: Finding, created: int = 1, closed: int | None = None, at: int = 3) -> Case:
    """A complaint that an inspection followed."""
    made = inspected(1, *findings, at=at)
    return Case(f"chicago/{number}", mapped=about_food(row(number, created, closed), BUSINESS), inspected=made)
