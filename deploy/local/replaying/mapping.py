"""From a foreign row to a report of the sample city: which incident type, which village.

Both are files beside the sample city. The types are a judgement, row by row. The places are arbitrary: an area of the
source stands for a township of Rizhao, and a hash of the block picks a village in it, the same one on every run, so
that what happened on one block happens in one village. A complaint that an inspection followed is one of food hygiene
about the business that was inspected, and happens where that business is.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.replaying.licences import Licence
from deploy.local.replaying.rows import SAMPLE_FOLDER, LeftOut, Row


@dataclass(frozen=True, slots=True)
class TypeKey:
    """Key of an incident type; `kind` is `component` or `event`, as in the sample files."""

    standard: str
    kind: str
    code: str

    def json(self) -> dict[str, str]:
        """As the API takes it."""
        return {"standard": self.standard, "kind": f"INCIDENT_KIND_{self.kind.upper()}", "code": self.code}


FOOD_HYGIENE = TypeKey("RZ-LOCAL", "event", "90001")
"""Leads to an inspection by market supervision (`inspected_types.csv`)."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A row with its incident type and its village; `licence` is the business it is about, None when it says none."""

    row: Row
    type: TypeKey
    village: str
    licence: Licence | None = None

    def report(self, run: str) -> dict[str, Any]:
        """The report to file, as the API takes it. The same for the same run and row: a repeat is recognised."""
        said = ": ".join(part for part in (self.row.nature, self.row.detail) if part)
        report = {
            "type": self.type.json(),
            "region": self.village,
            "description": f"{said} ({self.row.source} {self.row.number})",
            "address": self.row.block,
            "seenAt": self.row.created.isoformat().replace("+00:00", "Z"),
            "reference": reference(run, self.row),
        }
        return {**report, "enterpriseCode": self.licence.enterprise(run)} if self.licence else report


def reference(run: str, row: Row) -> str:
    """The reporting system's own reference, which every event of the incident carries on."""
    return f"{reference_prefix(run)}{row.key}"


def reference_prefix(run: str) -> str:
    """What the references of one run begin with."""
    return f"replay/{run}/"


@dataclass(frozen=True, slots=True)
class Atlas:
    """The two mapping files. A type of None leaves the row out on purpose."""

    types: Mapping[tuple[str, str, str], TypeKey | None]
    townships: Mapping[tuple[str, str], str]
    villages: Mapping[str, Sequence[str]]

    def place(self, row: Row) -> Mapped | LeftOut:
        """The row with type and village, or why it is left out."""
        if not row.nature and (row.source, "", "") in self.types:
            return _left_out(row, "NATURE_NOT_SAID")
        key = next((k for k in _type_keys(row) if k in self.types), None)
        if key is None:
            return _left_out(row, "NATURE_UNKNOWN")
        incident_type = self.types[key]
        if incident_type is None:
            return _left_out(row, "NO_INCIDENT_TYPE")
        township = self.townships.get((row.source, row.area))
        if township is None:
            return _left_out(row, "NO_PLACE")
        return Mapped(row, incident_type, self._village(township, f"{row.source}/{row.block}"))

    def site(self, licence: int) -> str:
        """The village of a licensed business: the files say no area of it, so its number picks the township, too."""
        townships = sorted({township for (source, _), township in self.townships.items() if source == "chicago"})
        key = f"licence/{licence}"
        return self._village(_picked(townships, f"township of {key}"), key)

    def _village(self, township: str, text: str) -> str:
        return _picked(self.villages[township], text)


def load(folder: Path = SAMPLE_FOLDER) -> Atlas:
    """Read the mapping files and the villages of the sample city."""
    types = {
        (r["source"], r["nature"], r["detail"]): TypeKey(r["standard"], r["kind"], r["code"]) if r["code"] else None
        for r in _records(folder / "replay_types.csv")
    }
    townships = {(r["source"], r["area"]): r["township"] for r in _records(folder / "replay_regions.csv")}
    villages: dict[str, list[str]] = defaultdict(list)
    for record in _records(folder / "regions.csv"):
        if record["level"] == "village":
            villages[record["parent_code"]].append(record["code"])
    return Atlas(types, townships, {township: sorted(codes) for township, codes in villages.items()})


def about_food(row: Row, licence: Licence) -> Mapped:
    """A complaint that an inspection of this business followed."""
    return Mapped(row, FOOD_HYGIENE, licence.village, licence)


def _picked(codes: Sequence[str], text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return codes[int.from_bytes(digest[:8], "big") % len(codes)]


def _left_out(row: Row, reason: str) -> LeftOut:
    return LeftOut(row.key, reason, row.created)


def _type_keys(row: Row) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    return (row.source, row.nature, row.detail), (row.source, row.nature, "")


def _records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
