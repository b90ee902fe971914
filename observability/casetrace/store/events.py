"""Events of cases, as their envelopes have them, and what they name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.search import LinkedCase

COLUMNS = (
    "id", "at", "type", "service", "aggregate_id", "aggregate_version", "case_number", "phase", "holder", "deadline",
    "region", "actor", "links", "trace_id",
)  # fmt: skip
TYPES = {"at": "timestamptz", "deadline": "timestamptz", "aggregate_version": "bigint", "links": "jsonb"}
# What moves nobody to look at another case: an event names the one that caused it, and nearly always within its case.
LINKING = ("merged", "concerns")

_ARRAYS = ", ".join(f"%({name})s::{TYPES.get(name, 'text')}[]" for name in COLUMNS)
ADD = (
    f"INSERT INTO case_event ({', '.join(COLUMNS)}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT DO NOTHING RETURNING id"
)
ADD_LINKS = (
    "INSERT INTO case_link (target, case_number, kind) SELECT DISTINCT t, c, k"
    " FROM unnest(%(targets)s::text[], %(cases)s::text[], %(kinds)s::text[]) AS l (t, c, k) ON CONFLICT DO NOTHING"
)
OF_CASES = sa.text(f"SELECT {', '.join(COLUMNS)} FROM case_event WHERE case_number = ANY(:numbers)")
# Others that name the same thing or name this case; those whose event, aggregate or number is named here. The things
# are given rather than joined: each is one look into an index.
LINKED = sa.text(
    "SELECT DISTINCT found.case_number, found.kind, found.target FROM ("
    " SELECT case_number, kind, target FROM case_link WHERE target = ANY(:named) OR target = ANY(:own)"
    " UNION SELECT case_number, NULL, aggregate_id FROM case_event WHERE aggregate_id = ANY(:named)"
    " UNION SELECT case_number, NULL, id FROM case_event WHERE id = ANY(:named)"
    " UNION SELECT case_number, NULL, case_number FROM case_file WHERE case_number = ANY(:named)) AS found"
    " JOIN case_file f ON f.case_number = found.case_number AND f.region LIKE :bound"
    " WHERE found.case_number <> :number ORDER BY found.case_number, found.target, found.kind LIMIT 100"
)


class EventStore:
    """Events over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, facts: Sequence[Fact]) -> list[Fact]:
        """Keep events; those of them that were not known before."""
        rows = [_row(fact) for fact in facts]
        arrays = {name: [row[name] for row in rows] for name in COLUMNS}
        fresh = set(self._connection.exec_driver_sql(ADD, arrays).scalars())
        links = [(target, fact.case_number, kind) for fact in facts for kind, target in fact.links if kind in LINKING]
        if links:
            targets, cases, kinds = (list(column) for column in zip(*links, strict=True))
            self._connection.exec_driver_sql(ADD_LINKS, {"targets": targets, "cases": cases, "kinds": kinds})
        return [fact for fact in facts if fact.id in fresh]

    def of_cases(self, numbers: Sequence[str]) -> dict[str, list[Fact]]:
        """All events of these cases, by case number."""
        found: dict[str, list[Fact]] = {number: [] for number in numbers}
        for row in self._connection.execute(OF_CASES, {"numbers": list(numbers)}):
            found[row.case_number].append(_fact(row))
        return found

    def linked(self, number: str, facts: Sequence[Fact], bound: str) -> list[LinkedCase]:
        """Other cases of the region, up to 100, that have to do with what a case's events name, or name the case."""
        named = {target: kind for fact in facts for kind, target in fact.links}
        own = [number, *{fact.aggregate_id for fact in facts}]
        given = {"number": number, "named": list(named), "own": own, "bound": f"{bound}%"}
        rows = self._connection.execute(LINKED, given)
        found = {(row.case_number, row.target): row.kind or named[row.target] for row in rows}
        return [LinkedCase(other, kind, target) for (other, target), kind in found.items()]


def _row(fact: Fact) -> dict[str, Any]:
    row = {name: getattr(fact, name) for name in COLUMNS}
    return row | {"links": json.dumps(fact.links)}


def _fact(row: Any) -> Fact:
    values = dict(row._mapping)
    return Fact(**values | {"links": tuple((kind, target) for kind, target in values["links"])})
