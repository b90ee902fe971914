"""The joins that the data have: which inspection followed a complaint, and which one checked again what had failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from deploy.local.replaying.rows import Row
from deploy.local.replaying.visits import Visit

K = TypeVar("K", str, int)

FOLLOWED_WITHIN = timedelta(days=30)
# The longest that inspection lets anybody rectify: what comes later is the next year's visit.
CHECKED_AGAIN_WITHIN = timedelta(days=90)
ASSUMED_AFTER = timedelta(days=30)


class Recheck(NamedTuple):
    """A second look. `by`: the visit that was it; None where the data have none, and a passed one is assumed."""

    at: datetime
    passed: bool
    by: Visit | None


def follow_ups(complaints: Iterable[Row], visits: Iterable[Visit]) -> dict[str, Visit]:
    """By a complaint's key the first visit to the same place, from its day on and within 30 days."""
    places = _by(visits, lambda visit: visit.place)
    found = ((row.key, _first_after(row, places.get(row.place, ()))) for row in complaints if row.place)
    return {key: visit for key, visit in found if visit is not None}


def rechecks(visits: Iterable[Visit]) -> dict[int, tuple[Recheck, ...]]:
    """By number of a visit the second looks at what it found; the last of them is passed.

    What did not make it fail was put right while the officers were there. After a failed one the next visit to the
    same licence tells, if it came within 90 days; where none tells, it is taken as passed 30 days later.
    """
    told: dict[int, tuple[Recheck, ...]] = {}
    for ours in _by(visits, lambda visit: visit.licence).values():
        later: Visit | None = None
        for visit in reversed(ours):
            told[visit.number] = _looks(visit, later, told)
            later = visit
    return told


def _looks(visit: Visit, later: Visit | None, told: Mapping[int, tuple[Recheck, ...]]) -> tuple[Recheck, ...]:
    if not visit.failed:
        return (Recheck(visit.at, True, None),)
    if later is None or later.at - visit.at > CHECKED_AGAIN_WITHIN:
        return (Recheck(visit.at + ASSUMED_AFTER, True, None),)
    rest = told[later.number] if later.failed else ()
    return (Recheck(later.at, not later.failed, later), *rest)


def _first_after(row: Row, visits: Sequence[Visit]) -> Visit | None:
    return next((v for v in visits if timedelta(0) <= v.at - row.created <= FOLLOWED_WITHIN), None)


def _by(visits: Iterable[Visit], key: Callable[[Visit], K]) -> Mapping[K, Sequence[Visit]]:
    """The visits by something, each list in the order of date and number."""
    lists: defaultdict[K, list[Visit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda visit: (visit.at, visit.number)):
        lists[key(visit)].append(visit)
    return lists
