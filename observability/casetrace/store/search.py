"""Searching cases: each list goes on behind its last row, counts have a bound, and no filter makes a look at all cases.

A list is made in one of two ways. Where a filter lets few cases through, those are looked up and sorted. Otherwise
cases are passed by in the order of the list until the page is full. Which way it is, is counted beforehand, up to
`FEW`: PostgreSQL would guess, and guesses wrong where filters have to do with one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.cases import Case
from observability.casetrace.domain.search import MOST_COUNTED, Count, Counted, Wanted
from observability.casetrace.store.cases import COLUMNS, case_from
from observability.casetrace.store.filters import Filter, filters, values
from services.kernel.paging import Page, PageRequest

# So many are looked up and sorted in the time in which a page is found of those that more let through.
FEW = 10_000
# As the migration has it.
LONG = "interval '30 days'"
# Of so many of the latest cases facets ask what their rows do not tell.
MOST_ASKED = 2_000

IN_ORDER = "ORDER BY c.last_at DESC, c.case_number DESC LIMIT"
PASSING = f"SELECT {{columns}} FROM {{cases}} AS c WHERE {{conditions}} {IN_ORDER} :most"
LATEST = f"(SELECT * FROM case_file AS c WHERE {{conditions}} {IN_ORDER} {{most}})"
# What was opened before a moment ended soon after it, but for the few that went on for long, which have an index.
SOON_AFTER = f"c.last_at < :active_until + {LONG}"
LONG_AFTER = f"c.last_at >= :active_until + {LONG} AND c.last_at - c.opened_at > {LONG}"
# OFFSET 0 and LIMIT 1 keep the way: those of the filter first, whatever PostgreSQL thinks how many there are.
THESE = "(SELECT * FROM case_file AS c WHERE {passes} OFFSET 0)"
NUMBERED = (
    "(SELECT found.* FROM (SELECT DISTINCT case_number AS number FROM ({numbers}) AS every) AS few"
    " CROSS JOIN LATERAL (SELECT * FROM case_file WHERE case_number = few.number LIMIT 1) AS found)"
)
COUNTED = "SELECT count(*) FROM (SELECT FROM ({numbers}) AS found LIMIT :few) AS counted"
BEHIND = "(c.last_at, c.case_number) < (:last_at, :last_number)"
FACETS = {
    "state": "CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END",
    "holder": "holder",
    "county": "left(region, 6)",
    "subject_type": "subject_type",
    "last_event_type": "last_type",
    "overdue": "CASE WHEN closed_at IS NULL AND deadline < :now THEN 'true' ELSE 'false' END",
}
BY_FACET = (
    "SELECT {facets}, grouping({facets}) AS grouping, count(*) AS cases FROM ({passing}) AS hits"
    " GROUP BY GROUPING SETS ({sets}, ())"
)


class SearchStore:
    """Searches over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, wanted: Wanted, page: PageRequest) -> Page[Case]:
        """The cases that pass, the one with the latest event first."""
        given = {**values(wanted), "most": page.fetch}
        behind = []
        if page.after is not None:
            given |= dict(zip(("last_at", "last_number"), page.after, strict=True))
            behind = [BEHIND]
        with _planned_anew(self._connection):
            listed = _passing(wanted, ", ".join(COLUMNS), self._narrow(wanted), also=behind)
            cases = [case_from(row) for row in self._connection.execute(sa.text(listed), given)]
        return page.cut(cases, key=lambda case: (case.last_at, case.number))

    def counts(self, wanted: Wanted, now: datetime) -> Counted:
        """How many of the cases that pass have which value of each facet.

        What the row of a case does not tell, and many have, is asked of the latest cases only.
        """
        given = {**values(wanted), "most": MOST_COUNTED, "asked": MOST_ASKED, "now": now}
        columns = ", ".join(f"{value} AS {name}" for name, value in FACETS.items())
        with _planned_anew(self._connection):
            narrow = self._narrow(wanted)
            asked = [] if narrow else [each for each in filters(wanted) if each.elsewhere]
            passing = _passing(wanted, columns, narrow, asked)
            facets, sets = ", ".join(FACETS), ", ".join(f"({name})" for name in FACETS)
            counting = BY_FACET.format(facets=facets, sets=sets, passing=passing)
            found, cases = _counts(self._connection.execute(sa.text(counting), given).all())
        return Counted(found, cases, partly=bool(asked) or cases == MOST_COUNTED)

    def _narrow(self, wanted: Wanted) -> Filter | None:
        """The first filter that lets few through; None where each lets many."""
        return next((each for each in filters(wanted) if each.findable and self._lets_few_through(each, wanted)), None)

    def _lets_few_through(self, each: Filter, wanted: Wanted) -> bool:
        counted = sa.text(COUNTED.format(numbers=each.numbers))
        return int(self._connection.execute(counted, {**values(wanted), "few": FEW + 1}).scalar_one()) <= FEW


def _passing(
    wanted: Wanted, columns: str, narrow: Filter | None, asked: Sequence[Filter] = (), also: Sequence[str] = ()
) -> str:
    """The statement that lists the cases that pass. `asked`: filters that only the latest cases are asked for."""
    left = [each for each in filters(wanted) if each != narrow]
    told = ["c.events > 0", *also, *(each.passes for each in left if each not in asked)]
    conditions = [*told, *(each.passes for each in asked)]
    if narrow is not None:
        cases = _looked_up(narrow)
    elif wanted.active_until:
        cases = _latest(told, SOON_AFTER, LONG_AFTER, most=":asked" if asked else ":most")
    else:
        cases = _latest(told, most=":asked") if asked else "case_file"
    return PASSING.format(columns=columns, cases=cases, conditions=" AND ".join(conditions))


def _looked_up(narrow: Filter) -> str:
    """The cases of a filter that lets few through."""
    return NUMBERED.format(numbers=narrow.elsewhere) if narrow.elsewhere else THESE.format(passes=narrow.passes)


def _latest(conditions: Sequence[str], *parts: str, most: str) -> str:
    """The latest cases that pass; of each part, if there are several."""
    of_parts = [LATEST.format(conditions=" AND ".join([*conditions, part]), most=most) for part in parts or ["true"]]
    return f"({' UNION ALL '.join(of_parts)})"


@contextmanager
def _planned_anew(connection: sa.Connection) -> Iterator[None]:
    """A plan that is made once for all values would be the wrong one for the common or for the rare ones."""
    driver: Any = connection.connection.driver_connection
    kept, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = kept


def _counts(rows: Sequence[Any]) -> tuple[list[Count], int]:
    """A row that is grouped by one facet has 0 in that facet's bit of `grouping`; the row of all has none."""
    names = list(FACETS)
    everything = (1 << len(names)) - 1
    found, counted = [], 0
    for row in rows:
        if row.grouping == everything:
            counted = row.cases
            continue
        place = len(names) - (everything ^ row.grouping).bit_length()
        if row[place] is not None:
            found.append(Count(names[place], row[place], row.cases))
    return sorted(found, key=lambda each: (names.index(each.facet), -each.cases, each.value)), counted
