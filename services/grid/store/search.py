"""Searching incidents, newest first.

Where a filter lets few through, those are looked up in its index and sorted; otherwise incidents are passed by in the
order of the list until the page is full. Which way it is, is counted beforehand, up to `FEW`: PostgreSQL would guess,
and guesses wrong for words and places. To count how many have a text takes as long as they are many, so that the newest
`RECENT` are looked through first: what many have fills a page there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.search import Sought
from services.grid.store.filters import Filter, filters, text_filter, values
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of
from services.kernel.paging import Page, PageRequest

# So many are looked up and sorted in the time in which a page is found of those that more let through.
FEW = 5_000
RECENT = 2_000
COUNTED = "SELECT count(*) FROM (SELECT FROM ({keys}) AS found LIMIT :few) AS counted"
LISTED = "SELECT {columns} FROM {incidents} AS incident WHERE {conditions} ORDER BY filed_at DESC, id DESC LIMIT :most"
LATEST = "(SELECT * FROM incident WHERE {conditions} ORDER BY filed_at DESC, id DESC LIMIT :recent)"
BEHIND = "(filed_at, id) < (:last_filed_at, :last_id)"


class SearchStore:
    """Searches over a connection whose statements stand alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, sought: Sought, page: PageRequest) -> Page[Incident]:
        """The incidents that have all that is sought, newest first."""
        with _planned_anew(self._connection):
            narrow = self.narrow(sought)
            found = self._listed(sought, page, recent(sought, page)) if sought.text and not narrow else []
            if len(found) < page.fetch:
                narrow = narrow or self._narrow_text(sought)
                found = self._listed(sought, page, statement(sought, page, narrow))
        return page.cut(found, key=lambda incident: (incident.filed_at, incident.id))

    def narrow(self, sought: Sought) -> Filter | None:
        """The first filter beside the text that lets few through; None where each lets many."""
        asked = (each for each in filters(sought) if each.keys)
        return next((each for each in asked if self._lets_few_through(each, sought)), None)

    def _narrow_text(self, sought: Sought) -> Filter | None:
        found = text_filter(sought)
        return found if found and self._lets_few_through(found, sought) else None

    def _listed(self, sought: Sought, page: PageRequest, listed: sa.TextualSelect) -> list[Incident]:
        given = values(sought) | {"most": page.fetch, "recent": RECENT}
        if page.after:
            given |= dict(zip(("last_filed_at", "last_id"), page.after, strict=True))
        return [incident_of(row) for row in self._connection.execute(listed, _spoken_of(listed, given)).mappings()]

    def _lets_few_through(self, each: Filter, sought: Sought) -> bool:
        counted = sa.text(COUNTED.format(keys=each.keys))
        given = _spoken_of(counted, values(sought) | {"few": FEW + 1})
        return int(self._connection.execute(counted, given).scalar_one()) <= FEW


def statement(sought: Sought, page: PageRequest, narrow: Filter | None) -> sa.TextualSelect:
    """That of a page: of the incidents of the narrow filter, or else of all."""
    text = text_filter(sought)
    conditions = [*_conditions(sought, page), *([text.passes] if text else [])]
    return _list(narrow.incidents if narrow else "incident", conditions)


def recent(sought: Sought, page: PageRequest) -> sa.TextualSelect:
    """That of the part of a page that has the text sought, among the newest that have all else."""
    text = text_filter(sought)
    assert text is not None, "a text is sought"
    return _list(LATEST.format(conditions=" AND ".join(_conditions(sought, page))), [text.passes])


def _conditions(sought: Sought, page: PageRequest) -> list[str]:
    return [each.passes for each in filters(sought)] + ([BEHIND] if page.after else [])


def _list(incidents: str, conditions: Sequence[str]) -> sa.TextualSelect:
    made = sa.text(LISTED.format(columns=COLUMNS, incidents=incidents, conditions=" AND ".join(conditions)))
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
