"""Cases as they stand: kept for each event, and searched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.cases import Case, Held
from services.kernel.errors import not_found

COLUMNS = (
    "case_number", "region", "opened_at", "last_at", "last_id", "last_type", "opening_known", "closed_at", "holder",
    "held_since", "deadline", "clock_since", "events", "held",
)  # fmt: skip
TYPES = dict.fromkeys(("opened_at", "last_at", "closed_at", "held_since", "deadline", "clock_since"), "timestamptz")
TYPES |= {"opening_known": "boolean", "events": "int", "held": "jsonb"}

_SELECTED = f"SELECT {', '.join(COLUMNS)} FROM case_file"
_ARRAYS = ", ".join(f"%({name})s::{TYPES.get(name, 'text')}[]" for name in COLUMNS)
# A row for each case, so that two processes that meet the first events of one do not both begin it.
BEGIN = sa.text(
    "INSERT INTO case_file (case_number, region, opened_at, last_at, last_id, last_type, opening_known, events, held)"
    " SELECT n, '', 'epoch', 'epoch', '', '', false, 0, '{}' FROM unnest(CAST(:numbers AS text[])) AS c (n)"
    " ORDER BY n ON CONFLICT DO NOTHING"
)
LOCK = sa.text(f"{_SELECTED} WHERE case_number = ANY(:numbers) ORDER BY case_number FOR UPDATE")
SAVE = (
    f"UPDATE case_file f SET {', '.join(f'{name} = n.{name}' for name in COLUMNS[1:])}"
    f" FROM unnest({_ARRAYS}) AS n ({', '.join(COLUMNS)}) WHERE f.case_number = n.case_number"
)
LOAD = sa.text(f"{_SELECTED} WHERE case_number = :number AND region LIKE :bound AND events > 0")


class CaseStore:
    """Cases over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self, numbers: Iterable[str]) -> dict[str, Case]:
        """Those of these cases that have events, by number. All are locked to the end, also those without."""
        wanted = {"numbers": sorted(numbers)}
        self._connection.execute(BEGIN, wanted)
        rows = self._connection.execute(LOCK, wanted)
        return {row.case_number: case_from(row) for row in rows if row.events > 0}

    def save(self, cases: Sequence[Case]) -> None:
        """Keep how locked cases stand now."""
        rows = [_row(case) for case in cases]
        self._connection.exec_driver_sql(SAVE, {name: [row[name] for row in rows] for name in COLUMNS})

    def load(self, number: str, bound: str) -> Case:
        """Read one; Refusal CASE_NOT_FOUND, also when it lies outside `bound`."""
        row = self._connection.execute(LOAD, {"number": number, "bound": f"{bound}%"}).first()
        if row is None:
            raise not_found("CASE_NOT_FOUND")
        return case_from(row)


def case_from(row: Any) -> Case:
    """A row as a case."""
    values = dict(row._mapping)
    held = {who: Held(timedelta(seconds=seconds), times) for who, (seconds, times) in values["held"].items()}
    return Case(number=values.pop("case_number"), **values | {"held": held})


def _row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in COLUMNS if name not in ("case_number", "held")}
    held = {who: (each.time.total_seconds(), each.times) for who, each in case.held.items()}
    return row | {"case_number": case.number, "held": json.dumps(held)}
