"""Queues of open incidents: keys come from an index that has all that is asked, incidents by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from services.grid.domain.incidents import Incident
from services.grid.domain.queues import STANDING_STILL, STATE_OF, Desk, QueueKind, held_by, urgency
from services.grid.domain.states import IncidentState, Who
from services.grid.store.incident_rows import COLUMNS, INCIDENT, incident_of
from services.grid.store.stages import TRUE_STATE, in_state
from services.kernel.paging import Page, PageRequest


def _listed(states: Iterable[IncidentState]) -> str:
    return ", ".join(f"'{each.value}'" for each in states)


_URGENCY = "coalesce(deadline, filed_at)"
_OPEN = "state <> 'CLOSED' AND region LIKE :bound || '%'"
_RUNS = f"{TRUE_STATE} NOT IN ({_listed(STANDING_STILL)})"
_LATE = f"(escalation_level <> 'GRID' OR {_URGENCY} <= :now)"
_SOON = f"(escalation_level = 'GRID' AND {_URGENCY} > :now AND {_URGENCY} <= :soon)"
_REPORTED = "reporter_kind = :kind AND reporter_id = :party_id"
_HELD = {
    Who.CENTRE: "owner = :department",
    Who.DEPARTMENT: "department = :department",
    # Said twice, for the index that holds nothing else.
    Who.COORDINATOR: "coordinator = :department AND coordinator <> ''",
}
_KEYS = f"""(
    SELECT id, {_URGENCY} AS first_at FROM incident WHERE {_OPEN} AND {{which}}
{{behind}}
    ORDER BY {_URGENCY}, id LIMIT :fetch
)"""
_BEHIND = f" AND ({_URGENCY}, id) > (:after_at, :after_id)"
_PAGE = """
SELECT {columns} FROM (SELECT * FROM ({keys}) AS found ORDER BY first_at, id LIMIT :fetch) AS first
JOIN incident USING (id) ORDER BY first_at, id
"""
# Rows are counted by what stands in the index, and what that means is asked of the few groups: asked of each of 30,000
# rows it took longer than all else.
_COUNTED = f"""
SELECT {TRUE_STATE} AS state, many, late, soon FROM (
    SELECT state, stage, count(*) AS many,
        count(*) FILTER (WHERE {_LATE}) AS late, count(*) FILTER (WHERE {_SOON}) AS soon
    FROM incident WHERE {_OPEN} AND {{which}} GROUP BY state, stage
) AS waiting WHERE {{held}}
"""
_SELDOM = {
    QueueKind.TO_DECIDE: f"asked IS NOT NULL AND {in_state(IncidentState.ACCEPTED)}",
    QueueKind.SUPERVISED: "supervision IS NOT NULL",
    QueueKind.UNDECIDED: f"{in_state(IncidentState.FILED)} AND undecided IS NOT NULL",
}
# Each of these has an index of its own that holds little else.
_FILTERS = {QueueKind.OVERDUE: f"{_RUNS} AND {_LATE}", QueueKind.DUE_SOON: f"{_RUNS} AND {_SOON}", **_SELDOM}


class QueueStore:
    """Queues over a connection whose statements stand alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, desk: Desk, kind: QueueKind, page: PageRequest) -> Page[Incident]:
        """A page of a queue, the most urgent first."""
        rows = self._connection.execute(statement(desk, kind, page), _given(desk) | _after(page)).mappings()
        return page.cut([incident_of(row) for row in rows], key=lambda each: (urgency(each), each.id))

    def counts(self, desk: Desk) -> Mapping[QueueKind, int]:
        """How much waits in the queues of every kind but MINE."""
        counted = " UNION ALL ".join(
            _COUNTED.format(which=which, held=_held(who)) for who, which in _whose(desk, QueueKind.OVERDUE)
        )
        rows = self._connection.execute(sa.text(counted), _given(desk)).all()
        running = [row for row in rows if row.state not in STANDING_STILL]
        counts = {kind: sum(row.many for row in rows if row.state == state) for kind, state in STATE_OF.items()}
        late, soon = sum(row.late for row in running), sum(row.soon for row in running)
        seldom = {kind: self._few(desk, kind) for kind in _SELDOM}
        return counts | {QueueKind.OVERDUE: late, QueueKind.DUE_SOON: soon} | seldom

    def open_reports(self, desk: Desk) -> int:
        """How many incidents of the desk's reporter are open."""
        return self._count(desk, _REPORTED)

    def _few(self, desk: Desk, kind: QueueKind) -> int:
        parts = ((which, _held(who), _SELDOM[kind]) for who, which in _whose(desk, kind))
        return sum(self._count(desk, " AND ".join(each)) for each in parts)

    def _count(self, desk: Desk, which: str) -> int:
        counted = f"SELECT count(*) FROM incident WHERE {_OPEN} AND {which}"
        return int(self._connection.execute(sa.text(counted), _given(desk)).scalar_one())


def statement(desk: Desk, kind: QueueKind, page: PageRequest) -> sa.TextualSelect:
    """That of a page."""
    asked = [_FILTERS[kind]] if kind in _FILTERS else []
    asked += [in_state(STATE_OF[kind])] if kind in STATE_OF else []
    behind = _BEHIND if page.after else ""
    parts = ((which, _held(who), *asked) for who, which in _whose(desk, kind))
    keys = (_KEYS.format(which=" AND ".join(each), behind=behind) for each in parts)
    made = sa.text(_PAGE.format(columns=COLUMNS, keys=" UNION ALL ".join(keys)))
    return made.columns(**{each.name: each.type for each in INCIDENT.c})


def _whose(desk: Desk, kind: QueueKind) -> list[tuple[Who | None, str]]:
    """Rows of which an index of its own has each; with who has to hold them, None: anybody.

    What is to be decided is held by a department, and decided by its centre; for what rules leave open nobody else is.
    """
    if kind in (QueueKind.TO_DECIDE, QueueKind.UNDECIDED) and (desk.reporter or desk.department):
        return [(None, "false" if desk.reporter else "owner = :department")]
    if desk.reporter:
        return [(None, _REPORTED)]
    return list(_HELD.items()) if desk.department else [(None, "true")]


def _held(who: Who | None) -> str:
    return f"{TRUE_STATE} IN ({_listed(held_by(who))})" if who else "true"


def _given(desk: Desk) -> dict[str, Any]:
    given: dict[str, Any] = {"bound": desk.bound, "now": desk.now, "soon": desk.soon, "department": desk.department}
    return given | ({"kind": desk.reporter.kind, "party_id": desk.reporter.id} if desk.reporter else {})


def _after(page: PageRequest) -> dict[str, Any]:
    behind = dict(zip(("after_at", "after_id"), page.after, strict=True)) if page.after else {}
    return behind | {"fetch": page.fetch}
