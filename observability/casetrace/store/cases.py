"""Cases as they stand: kept for each event, and searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from observability.casetrace.domain.cases import Case, Held
from services.kernel.errors import not_found

COLUMNS = (
    "case_number", "region", "opened_at", "last_at", "last_id", "last_type", "opening_known", "closed_at", "holder",
    "held_since", "deadline", "clock_since", "events", "held", "subject_type",
)  # fmt: skip
MOMENTS = ("opened_at", "last_at", "closed_at", "held_since", "deadline", "clock_since")
PLAIN = tuple(name for name in COLUMNS if name not in ("case_number", "held"))

_SELECTED = f"SELECT {', '.join(COLUMNS)} FROM case_file"
# One value for all rows: to read thousands of them one by one costs the driver more than all else.
LOCK = (
    f"SELECT json_agg(locked)::text FROM ({_SELECTED} WHERE case_number = ANY("
    " ARRAY(SELECT json_array_elements_text(%(numbers)s))) ORDER BY case_number FOR UPDATE) AS locked"
)
# A row for each case, so that two processes that meet the first events of one do not both begin it.
BEGIN = (
    "INSERT INTO case_file (case_number, region, opened_at, last_at, last_id, last_type, opening_known, events, held)"
    " SELECT n, '', 'epoch', 'epoch', '', '', false, 0, '{}' FROM json_array_elements_text(%(numbers)s) AS c (n)"
    " ORDER BY n ON CONFLICT DO NOTHING RETURNING case_number"
)
SAVE = (
    f"UPDATE case_file f SET {', '.join(f'{name} = n.{name}' for name in COLUMNS[1:])}"
    " FROM json_populate_recordset(NULL::case_file, %(rows)s) AS n WHERE f.case_number = n.case_number"
)
LOAD = sa.text(f"{_SELECTED} WHERE case_number = :number AND region LIKE :bound AND events > 0")


class CaseStore:
    """Cases over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self, numbers: Iterable[str]) -> dict[str, Case]:
        """Those of these cases that have events, by number. All are locked to the end, also those without."""
        wanted = set(numbers)
        rows = self._lock(wanted)
        if new := wanted.difference(row["case_number"] for row in rows):
            begun = self._connection.exec_driver_sql(BEGIN, _given(new)).scalars()
            # Those that another process began at the same time are there as soon as it has committed.
            if lost := new.difference(begun):
                rows += self._lock(lost)
        return {row["case_number"]: _case(row | _moments(row)) for row in rows if row["events"]}

    def save(self, cases: Sequence[Case]) -> None:
        """Keep how locked cases stand now."""
        self._connection.exec_driver_sql(SAVE, {"rows": orjson.dumps([_row(case) for case in cases]).decode()})

    def _lock(self, numbers: Iterable[str]) -> list[dict[str, Any]]:
        found = self._connection.exec_driver_sql(LOCK, _given(numbers)).scalar_one()
        return orjson.loads(found) if found else []

    def load(self, number: str, bound: str) -> Case:
        """Read one; Refusal CASE_NOT_FOUND, also when it lies outside `bound`."""
        row = self._connection.execute(LOAD, {"number": number, "bound": f"{bound}%"}).first()
        if row is None:
            raise not_found("CASE_NOT_FOUND")
        return case_from(row)


def _given(numbers: Iterable[str]) -> dict[str, str]:
    return {"numbers": orjson.dumps(sorted(numbers)).decode()}


def case_from(row: Any) -> Case:
    """A row as a case."""
    return _case(dict(row._mapping))


def _case(values: dict[str, Any]) -> Case:
    held = {who: Held(timedelta(seconds=seconds), times) for who, (seconds, times) in values["held"].items()}
    return Case(number=values.pop("case_number"), **values | {"held": held})


def _moments(row: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(row[name]) for name in MOMENTS if row[name] is not None}


def _row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in PLAIN}
    row["case_number"] = case.number
    row["held"] = {who: [each.time.total_seconds(), each.times] for who, each in case.held.items()}
    return row
