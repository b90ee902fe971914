"""The raw rows, read once more, and what README.md's draws make of them: which event has to be there when."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.replay.recount_rules import HOUR as H
from tests.replay.recount_rules import LOCAL, Rule

M = timedelta(minutes=1)
WEEKS = {"chicago": 574, "nyc": 104}


class Raw(NamedTuple):
    """A row as its source has it, moved by whole weeks."""

    key: str
    nature: str
    detail: str
    area: str
    block: str
    created: datetime
    closed: datetime | None
    duplicate: bool

    @property
    def dated(self) -> bool:
        """The source says days alone."""
        return self.key.startswith("chicago/")


def raw_rows(paths: dict[str, Path], keys: set[str]) -> list[Raw]:
    """The rows of these keys, each once, in the order of their dates."""
    found = {row.key: row for source in ("chicago", "nyc") for row in reversed(_rows(source, paths[source]))}
    return sorted((found[key] for key in keys), key=lambda row: (row.created, row.key))


def _rows(source: str, path: Path) -> list[Raw]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as lines:
        return [_chicago(each) if source == "chicago" else _nyc(each) for each in csv.DictReader(lines)]


def _chicago(row: dict[str, str]) -> Raw:
    created, closed = row["Creation_Date"], row["Completion_Date"]
    return Raw(
        f"chicago/{row['Service_Request_Number']}",
        row["What_is_the_Nature_of_this_Code_Violation"].strip(),
        "",
        row["Community_Area"].split(".")[0],
        _block(row["Street_Address"]),
        _moved("chicago", created),
        _moved("chicago", closed) if closed else None,
        row["Status"].endswith("Dup"),
    )


def _nyc(row: dict[str, str]) -> Raw:
    created, closed = row["created_date"], row["closed_date"]
    return Raw(
        f"nyc/{row['unique_key']}",
        row["complaint_type"].strip(),
        row["descriptor"].strip(),
        row["borough"].strip(),
        row["incident_address"],
        _moved("nyc", created),
        _moved("nyc", closed) if closed else None,
        False,
    )


def _moved(source: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL) + timedelta(weeks=WEEKS[source])


def _block(address: str) -> str:
    """Without the last two digits of the house number."""
    number, _, street = " ".join(address.split()).partition(" ")
    return f"{number[:-2]}XX {street}" if number.isdigit() else " ".join(address.split())


class Step(NamedTuple):
    """An event that has to be there, and who holds the incident from then on."""

    at: datetime
    event: str
    to: str = ""


def _share(seed: int, key: str, what: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}/{what}".encode()).digest()[:6], "big") / 2**48


def steps_of(row: Raw, seed: int, rule: Rule, centre: str, merged: bool) -> list[Step]:
    """Everything that people do about a row; `merged`: it is a duplicate of a row that is there."""

    def share(what: str) -> float:
        return _share(seed, row.key, what)

    def wait(what: str, least: timedelta, span: timedelta) -> timedelta:
        return least + timedelta(seconds=int(share(what) * span.total_seconds()))

    at = row.created + (wait("filed", 7 * H, 12 * H) if row.dated else timedelta())
    steps = [Step(at, "IncidentFiled", centre)]
    if row.duplicate:
        return [*steps, Step(at + wait("merge", 10 * M, H), "IncidentMerged" if merged else "IncidentClosed")]
    if not row.dated and share("hotline") < 0.5:
        checked = at + wait("check", 26 * H if share("slow-check") < 0.1 else 20 * M, 6 * H)
        steps = [Step(at, "IncidentReported", centre), Step(checked, "IncidentChecked", centre)]
        at = checked + wait("decide", 10 * M, 2 * H)
        if share("declined") < 0.2:
            return [*steps, Step(at, "IncidentDeclined")]
        steps.append(Step(at, "IncidentFiled", centre))
    at += wait("dispatch", 26 * H if share("slow-dispatch") < 0.03 else 5 * M, 85 * M)
    steps.append(Step(at, "IncidentDispatched", rule.department))
    if share("returned") < 0.06:
        county, _, suffix = rule.department.partition("-")
        other = f"{county}-{'ZJJ' if suffix == 'HBJ' else 'HBJ'}"
        steps += [Step(at + H, "IncidentReturned", centre), Step(at := at + 2 * H, "IncidentDispatched", other)]
        if share("returned-twice") < 0.3:
            steps += [Step(at + 2 * H, "IncidentReferred", centre)]
            steps += [Step(at := at + 5 * H, "IncidentDispatched", rule.department)]
    holder = steps[-1].to
    at += wait("accept", 25 * H if share("slow-accept") < 0.05 else 10 * M, 3 * H)
    steps.append(Step(at, "IncidentAccepted", holder))
    if row.closed is None:
        return steps
    done = max(at + H, row.closed + (wait("done", 8 * H, 10 * H) if row.dated else timedelta()))
    if share("rework") < 0.1:
        first = at + (done - at) / 2
        steps += [Step(first, "IncidentHandled", centre)]
        steps += [Step(first + (done - first) / 2, "IncidentReworkOrdered", holder)]
    verified = done + wait("verify", 30 * H if share("slow-verify") < 0.03 else 30 * M, 8 * H)
    closed = verified + wait("close", 10 * M, 4 * H)
    steps += [Step(done, "IncidentHandled", centre), Step(verified, "IncidentVerified", centre)]
    return [*steps, Step(closed, "IncidentClosed")]


def mains_of(rows: Iterable[Raw]) -> dict[str, str]:
    """Of each duplicate the last row of its nature on its block, from a day before, still open, 30 days old at most."""
    alike: dict[tuple[str, str], list[Raw]] = defaultdict(list)
    found = {}
    for row in rows:
        others = alike[row.block, row.nature]
        if not row.duplicate:
            others.append(row)
        for each in others if row.duplicate else []:
            past = (row.created - each.created).days
            if 0 < past <= 30 and (each.closed is None or each.closed > row.created):
                found[row.key] = each.key
    return found
