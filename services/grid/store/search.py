"""Searching incidents, newest first.

Where a filter lets few through, those are looked up in its index and sorted; otherwise incidents are passed by in the
order of the list until the page is full. Which way it is, is counted beforehand, up to `FEW`: PostgreSQL would guess,
and guesses wrong for words and places.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.search import Sought
from services.grid.store.filters import Filter, filters, values
from services.grid.store.incidents import INCIDENT, incident_of
from services.kernel.paging import Page, PageRequest

# So many are looked up and sorted in the time in which a page is found of those that more let through.
FEW = 5_000
COUNTED = "SELECT count(*) FROM (SELECT FROM ({keys}) AS found LIMIT :few) AS counted"
# LIMIT 1 keeps the way: those of the filter first, whatever PostgreSQL thinks how many there are.
THESE = (
    "(SELECT each.* FROM ({keys}) AS few CROSS JOIN LATERAL (SELECT * FROM incident WHERE id = few.id LIMIT 1) AS each)"
)
LISTED = "SELECT * FROM {incidents} AS incident WHERE {conditions} ORDER BY filed_at DESC, id DESC LIMIT :most"
BEHIND = "(filed_at, id) < (:last_filed_at, :last_id)"


class SearchStore:
    """Searches over a connection whose statements stand alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, sought: Sought, page: PageRequest) -> Page[Incident]:
        """The incidents that have all that is sought, newest first."""
        given = values(sought) | {"most": page.fetch}
        if page.after:
            given |= dict(zip(("last_filed_at", "last_id"), page.after, strict=True))
        with _planned_anew(self._connection):
            listed = statement(sought, page, self.narrow(sought))
            rows = self._connection.execute(listed, _spoken_of(listed, given)).mappings()
            found = [incident_of(row) for row in rows]
        return page.cut(found, key=lambda incident: (incident.filed_at, incident.id))

    def narrow(self, sought: Sought) -> Filter | None:
        """The first filter that lets few through; None where each lets many."""
        return next((each for each in filters(sought) if each.keys and self._lets_few_through(each, sought)), None)

    def _lets_few_through(self, each: Filter, sought: Sought) -> bool:
        counted = sa.text(COUNTED.format(keys=each.keys))
        given = _spoken_of(counted, values(sought) | {"few": FEW + 1})
        return int(self._connection.execute(counted, given).scalar_one()) <= FEW


def statement(sought: Sought, page: PageRequest, narrow: Filter | None) -> sa.TextualSelect:
    """That of a page."""
    conditions = [each.passes for each in filters(sought)] + ([BEHIND] if page.after else [])
    incidents = THESE.format(keys=narrow.keys) if narrow else "incident"
    made = sa.text(LISTED.format(incidents=incidents, conditions=" AND ".join(conditions)))
    return made.columns(**{each.name: each.type for each in INCIDENT.c})


def _spoken_of(asked: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Of the values those that the statement speaks of."""
    names = asked.compile().params
    return {name: value for name, value in given.items() if name in names}


@contextmanager
def _planned_anew(connection: sa.Connection) -> Iterator[None]:
    """A plan that is made once for all values would be the wrong one for the common or for the rare ones."""
    driver: Any = connection.connection.driver_connection
    kept, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = kept
