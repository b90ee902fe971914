"""The filters of a search, in SQL: how each is told of one case, and how all cases that pass it are found.

Regions and numbers are ranges rather than patterns: an index can hold them against whatever value is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from observability.casetrace.domain.search import Wanted

# Clocks of services may disagree by so much: an event may lie before the one that its case has as the first, or behind
# the last. Months in which a case has none are not looked at.
SKEW = timedelta(days=1)
COUNTY_DIGITS = 6

OF_TYPE = (
    "(SELECT true FROM case_event e WHERE e.case_number = c.case_number AND e.type = :event_type"
    " AND e.at BETWEEN c.opened_at - :skew AND c.last_at + :skew LIMIT 1)"
)
ALL_OF_TYPE = "SELECT case_number FROM case_event WHERE type = :event_type"
FAILED_CALLS = (
    "SELECT case_number FROM failure WHERE reason = :reason AND case_number IS NOT NULL"
    " UNION ALL SELECT e.case_number FROM failure f JOIN case_event e ON e.aggregate_id = f.aggregate_id"
    " WHERE f.reason = :reason"
)
FAILING = (
    "((SELECT true FROM effect WHERE effect.case_number = c.case_number AND effect.reason = :reason"
    " AND effect.day BETWEEN (c.opened_at - :skew)::date AND (c.last_at + :skew)::date LIMIT 1)"
    f" OR c.case_number IN ({FAILED_CALLS}))"
)
ALL_FAILING = f"SELECT case_number FROM effect WHERE reason = :reason UNION ALL {FAILED_CALLS}"
ABOUT = (
    "((SELECT true FROM case_link WHERE target = :about AND case_link.case_number = c.case_number LIMIT 1)"
    " OR (SELECT true FROM case_event e WHERE e.case_number = c.case_number AND e.aggregate_id = :about"
    " AND e.at BETWEEN c.opened_at - :skew AND c.last_at + :skew LIMIT 1))"
)
ALL_ABOUT = (
    "SELECT case_number FROM case_event WHERE aggregate_id = :about"
    " UNION ALL SELECT case_number FROM case_link WHERE target = :about"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter that is set. `passes`: a condition on the case `c`.

    `findable`: an index gives the cases that pass. `elsewhere`: the statement that does, where the row of a case does
    not say it; a number may come more than once.
    """

    passes: str
    findable: bool = False
    elsewhere: str = ""

    @property
    def numbers(self) -> str:
        """The statement that gives the numbers of the cases that pass."""
        return self.elsewhere or f"SELECT case_number FROM case_file AS c WHERE {self.passes}"


def filters(wanted: Wanted) -> list[Filter]:
    """The filters that are set; those first that let the fewest cases through, as experience has it."""
    return [*_ranges(wanted), *_elsewhere(wanted), *_plain(wanted)]


def values(wanted: Wanted) -> Mapping[str, Any]:
    """What their SQL is given."""
    return {
        "skew": SKEW,
        "bound": wanted.bound,
        "bound_end": _end(wanted.bound),
        "region": wanted.region,
        "region_end": _end(wanted.region),
        "number": wanted.number,
        "number_end": _end(wanted.number),
        "holder": wanted.holder,
        "subject_type": wanted.subject_type,
        "code": wanted.subject_type.rpartition("/")[2],
        "event_type": wanted.event_type,
        "last_event_type": wanted.last_event_type,
        "reason": wanted.reason,
        "about": wanted.about,
        "active_from": wanted.active_from,
        "active_until": wanted.active_until,
        "quiet_since": wanted.quiet_since,
        "overdue_at": wanted.overdue_at,
    }


def _ranges(wanted: Wanted) -> Iterator[Filter]:
    if wanted.number:
        yield Filter("c.case_number >= :number AND c.case_number < :number_end", findable=True)
    for name, prefix in (("region", wanted.region), ("bound", wanted.bound)):
        if prefix:
            condition = f"c.region >= :{name} AND c.region < :{name}_end"
            yield Filter(condition, findable=len(prefix) > COUNTY_DIGITS)


def _elsewhere(wanted: Wanted) -> Iterator[Filter]:
    """Those that the row of a case does not tell."""
    if wanted.about:
        yield Filter(ABOUT, findable=True, elsewhere=ALL_ABOUT)
    if wanted.reason:
        yield Filter(FAILING, findable=True, elsewhere=ALL_FAILING)
    if wanted.event_type:
        yield Filter(OF_TYPE, findable=True, elsewhere=ALL_OF_TYPE)


def _plain(wanted: Wanted) -> Iterator[Filter]:
    """Those that an index tells in the order of lists."""
    conditions = (
        (wanted.holder, "c.holder = :holder"),
        (wanted.subject_type, "split_part(c.subject_type, '/', -1) = :code"),
        ("/" in wanted.subject_type, "c.subject_type = :subject_type"),
        (wanted.last_event_type, "c.last_type = :last_event_type"),
        (wanted.is_open is True, "c.closed_at IS NULL"),
        (wanted.is_open is False, "c.closed_at IS NOT NULL"),
        (wanted.active_from, "c.last_at >= :active_from"),
        (wanted.active_until, "c.opened_at < :active_until"),
        (wanted.quiet_since, "c.closed_at IS NULL AND c.last_at < :quiet_since"),
        (wanted.overdue_at, "c.closed_at IS NULL AND c.deadline < :overdue_at"),
    )
    yield from (Filter(condition) for is_set, condition in conditions if is_set)


def _end(prefix: str) -> str:
    """Behind all digits, capitals and hyphens."""
    return f"{prefix}~"
