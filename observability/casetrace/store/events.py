"""Events of cases, as their envelopes have them, and what they name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.search import LinkedCase

COLUMNS = (
    "id", "at", "type", "service", "aggregate_id", "aggregate_version", "case_number", "phase", "holder", "deadline",
    "region", "actor", "links", "trace_id", "subject_type",
)  # fmt: skip
# What moves nobody to look at another case: an event names the one that caused it, and nearly always within its case.
LINKING = ("merged", "concerns")

_COLUMNS = ", ".join(COLUMNS)
# One parameter for all rows: to write thousands of values one by one costs the driver more than all else. Answered is
# what was known already, which is nearly always nothing.
ADD = (
    "WITH given AS (SELECT * FROM json_populate_recordset(NULL::case_event, %(rows)s)), added AS ("
    f" INSERT INTO case_event ({_COLUMNS}) SELECT {_COLUMNS} FROM given ON CONFLICT DO NOTHING RETURNING id"
    "), linked AS ("
    " INSERT INTO case_link (target, case_number, kind) SELECT DISTINCT link ->> 1, case_number, link ->> 0"
    f" FROM given, jsonb_array_elements(links) AS link WHERE link ->> 0 IN {LINKING} ON CONFLICT DO NOTHING"
    ") SELECT id FROM given EXCEPT SELECT id FROM added"
)
OF_CASES = (
    f"SELECT json_agg(found) FROM (SELECT {_COLUMNS} FROM case_event WHERE case_number = ANY(%(numbers)s)) AS found"
)
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
        rows = orjson.dumps([_row(fact) for fact in facts]).decode()
        known = set(self._connection.exec_driver_sql(ADD, {"rows": rows}).scalars())
        return [fact for fact in facts if fact.id not in known]

    def of_cases(self, numbers: Sequence[str]) -> dict[str, list[Fact]]:
        """All events of these cases, by case number."""
        found: dict[str, list[Fact]] = {number: [] for number in numbers}
        rows = self._connection.exec_driver_sql(OF_CASES, {"numbers": list(numbers)}).scalar_one()
        for row in rows or ():
            found[row["case_number"]].append(_fact(row))
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
    return {
        "id": fact.id,
        "at": fact.at,
        "type": fact.type,
        "service": fact.service,
        "aggregate_id": fact.aggregate_id,
        "aggregate_version": fact.aggregate_version,
        "case_number": fact.case_number,
        "phase": fact.phase,
        "holder": fact.holder,
        "deadline": fact.deadline,
        "region": fact.region,
        "actor": fact.actor,
        "links": fact.links,
        "trace_id": fact.trace_id,
        "subject_type": fact.subject_type,
    }


def _fact(row: dict[str, Any]) -> Fact:
    deadline = row["deadline"] and datetime.fromisoformat(row["deadline"])
    links = tuple((kind, target) for kind, target in row["links"])
    return Fact(**row | {"at": datetime.fromisoformat(row["at"]), "deadline": deadline, "links": links})
