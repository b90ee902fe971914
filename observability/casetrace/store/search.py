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
from observability.casetrace.domain.search import MOST_COUNTED, Count, Wanted
from observability.casetrace.store.cases import COLUMNS, case_from
from observability.casetrace.store.filters import Filter, filters, values
from services.kernel.paging import Page, PageRequest

# So many are looked up and sorted in the time in which a page is found of those that more let through.
FEW = 10_000

IN_ORDER = "ORDER BY c.last_at DESC, c.case_number DESC LIMIT"
PASSING = f"SELECT {{columns}} FROM {{cases}} AS c WHERE {{conditions}} {IN_ORDER} :most"
LATEST = f"(SELECT * FROM case_file AS c WHERE {{conditions}} {IN_ORDER} :most)"
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
            listed = self._passing(wanted, ", ".join(COLUMNS), behind)
            cases = [case_from(row) for row in self._connection.execute(sa.text(listed), given)]
        return page.cut(cases, key=lambda case: (case.last_at, case.number))

    def counts(self, wanted: Wanted, now: datetime) -> tuple[list[Count], int]:
        """How many of the cases that pass have which value of each facet, and how many were counted."""
        given = {**values(wanted), "most": MOST_COUNTED, "now": now}
        columns = ", ".join(f"{value} AS {name}" for name, value in FACETS.items())
        with _planned_anew(self._connection):
            passing = self._passing(wanted, columns, among_latest=True)
            facets, sets = ", ".join(FACETS), ", ".join(f"({name})" for name in FACETS)
            counting = BY_FACET.format(facets=facets, sets=sets, passing=passing)
            return _counts(self._connection.execute(sa.text(counting), given).all())

    def _passing(self, wanted: Wanted, columns: str, also: Sequence[str] = (), *, among_latest: bool = False) -> str:
        """The statement that lists the cases that pass.

        `among_latest`: what the row of a case does not tell is asked of the latest cases only.
        """
        given = filters(wanted)
        narrow = next((each for each in given if each.findable and self._lets_few_through(each, wanted)), None)
        cases, conditions = _cases(narrow), [*also, *(each.passes for each in given if each is not narrow)]
        if narrow is None and among_latest and any(each.elsewhere for each in given):
            told = ["c.events > 0", *(each.passes for each in given if not each.elsewhere)]
            cases = LATEST.format(conditions=" AND ".join(told))
            conditions = [each.passes for each in given if each.elsewhere]
        return PASSING.format(columns=columns, cases=cases, conditions=" AND ".join(["c.events > 0", *conditions]))

    def _lets_few_through(self, each: Filter, wanted: Wanted) -> bool:
        counted = sa.text(COUNTED.format(numbers=each.numbers))
        return int(self._connection.execute(counted, {**values(wanted), "few": FEW + 1}).scalar_one()) <= FEW


def _cases(narrow: Filter | None) -> str:
    """Where the cases come from: all, or those of a filter that lets few through."""
    if narrow is None:
        return "case_file"
    return NUMBERED.format(numbers=narrow.elsewhere) if narrow.elsewhere else THESE.format(passes=narrow.passes)


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
