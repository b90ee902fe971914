"""Searching incidents, newest first.

Where a filter lets few through, those are looked up in its index and sorted; otherwise incidents are passed by in the
order of the list until the page is full. Which way it is, is counted beforehand, up to `FEW`: PostgreSQL would guess,
and guesses wrong for words and places. To count how many have a text takes as long as they are many, so that the newest
`RECENT` are looked through first: what many have fills a page there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.search import Line, Sought
from services.grid.store.filters import SHOWN, Filter, filters, text_filter, values
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of
from services.grid.store.stages import TRUE_STATE
from services.kernel.coordinates import Point
from services.kernel.paging import Page, PageRequest

# So many are looked up and sorted in the time in which a page is found of those that more let through.
FEW = 5_000
RECENT = 2_000
COUNTED = "SELECT count(*) FROM (SELECT FROM ({keys}) AS found LIMIT :few) AS counted"
LISTED = "SELECT {columns} FROM {incidents} AS incident WHERE {conditions} ORDER BY filed_at DESC, id DESC LIMIT :most"
LATEST = "(SELECT * FROM incident WHERE {conditions} ORDER BY filed_at DESC, id DESC LIMIT :recent)"
# What an export says, without the parts of an incident that cost most to read.
LINE = f"""
case_number, id, {TRUE_STATE} AS state, type_standard, type_kind, type_code, region, department, owner, reference,
enterprise_code, filed_at, dispatched_at, handle_by, handled_at, closed_at, closing_outcome, escalation_level,
CASE WHEN {SHOWN} THEN latitude END AS latitude, CASE WHEN {SHOWN} THEN longitude END AS longitude
"""
BEHIND = "(filed_at, id) < (:last_filed_at, :last_id)"


class SearchStore:
    """Searches over a connection whose statements stand alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, sought: Sought, page: PageRequest) -> Page[Incident]:
        """The incidents that have all that is sought, newest first."""
        rows = self._rows(sought, page, COLUMNS)
        return page.cut([incident_of(row) for row in rows], key=lambda incident: (incident.filed_at, incident.id))

    def lines(self, sought: Sought, page: PageRequest) -> Page[Line]:
        """The same, as an export says them."""
        rows = self._rows(sought, page, LINE)
        return page.cut([_line(*row.values()) for row in rows], key=lambda line: (line.filed_at, line.incident_id))

    def _rows(self, sought: Sought, page: PageRequest, columns: str) -> list[Mapping[Any, Any]]:
        with _planned_anew(self._connection):
            narrow = self.narrow(sought)
            found = self._listed(sought, page, recent(sought, page, columns)) if sought.text and not narrow else []
            if len(found) < page.fetch:
                narrow = narrow or self._narrow_text(sought)
                found = self._listed(sought, page, statement(sought, page, narrow, columns))
        return found

    def narrow(self, sought: Sought) -> Filter | None:
        """The first filter beside the text that lets few through; None where each lets many."""
        asked = (each for each in filters(sought) if each.keys)
        return next((each for each in asked if self._lets_few_through(each, sought)), None)

    def _narrow_text(self, sought: Sought) -> Filter | None:
        found = text_filter(sought)
        return found if found and self._lets_few_through(found, sought) else None

    def _listed(self, sought: Sought, page: PageRequest, listed: sa.TextualSelect) -> list[Mapping[Any, Any]]:
        given = values(sought) | {"most": page.fetch, "recent": RECENT}
        if page.after:
            given |= dict(zip(("last_filed_at", "last_id"), page.after, strict=True))
        return list(self._connection.execute(listed, _spoken_of(listed, given)).mappings())

    def _lets_few_through(self, each: Filter, sought: Sought) -> bool:
        counted = sa.text(COUNTED.format(keys=each.keys))
        given = _spoken_of(counted, values(sought) | {"few": FEW + 1})
        return int(self._connection.execute(counted, given).scalar_one()) <= FEW


def statement(sought: Sought, page: PageRequest, narrow: Filter | None, columns: str = COLUMNS) -> sa.TextualSelect:
    """That of a page: of the incidents of the narrow filter, or else of all."""
    text = text_filter(sought)
    conditions = [*_conditions(sought, page), *([text.passes] if text else [])]
    return _list(columns, narrow.incidents if narrow else "incident", conditions)


def recent(sought: Sought, page: PageRequest, columns: str = COLUMNS) -> sa.TextualSelect:
    """That of the part of a page that has the text sought, among the newest that have all else."""
    text = text_filter(sought)
    assert text is not None, "a text is sought"
    return _list(columns, LATEST.format(conditions=" AND ".join(_conditions(sought, page))), [text.passes])


def _conditions(sought: Sought, page: PageRequest) -> list[str]:
    return [each.passes for each in filters(sought)] + ([BEHIND] if page.after else [])


def _list(columns: str, incidents: str, conditions: Sequence[str]) -> sa.TextualSelect:
    made = sa.text(LISTED.format(columns=columns, incidents=incidents, conditions=" AND ".join(conditions)))
    return made.columns(**{each.name: each.type for each in INCIDENT.c})


def _line(*said: Any) -> Line:
    *facts, latitude, longitude = said
    return Line._make((*facts, None if latitude is None else Point(latitude, longitude)))


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
