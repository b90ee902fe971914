"""A short `make replay-year` on a real database: the recount agrees, and finds what was changed behind its back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.replaying import mapping
from tests.replay.recount import recount
from tests.replay.rows import read, year_of
from tests.replay.run import play

ROWS, SEED = 40, 118
"""So that all that is changed below is there."""
Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year")
    forgotten = play(year_of(read(None), mapping.load(), ROWS), SEED, None, folder)
    assert forgotten == 0, "every open incident has a holder and a next moment"
    return folder


def first(lines: Lines, name: str) -> dict[str, Any]:
    return next(each for each in lines if each["type"] == f"egov.grid.v1.{name}")


def lose(name: str) -> Callable[[Lines], None]:
    return lambda lines: lines.remove(first(lines, name))


def move(name: str, field: str) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        first(lines, name)["body"][field] = "2025-12-31T00:00:00Z"

    return change


def send_elsewhere(lines: Lines) -> None:
    first(lines, "IncidentDispatched")["body"]["department"] = "371102-YJJ"


def decide_otherwise(lines: Lines) -> None:
    first(lines, "IncidentDispatched")["why"] = "RULE 99"


def test_the_recount_agrees(books: Path) -> None:
    assert recount(books) == []


@pytest.mark.parametrize(
    "change",
    [
        lose("IncidentEscalated"),
        lose("IncidentReworkOrdered"),
        lose("IncidentMerged"),
        lose("IncidentClosed"),
        lose("IncidentProgressed"),
        lose("IncidentTimeRefused"),
        lose("IncidentResumed"),
        lose("IncidentReopened"),
        lose("IncidentRejoined"),
        move("IncidentDispatched", "handle_by"),
        move("IncidentHandled", "handled_at"),
        move("IncidentHandled", "handle_by"),
        move("IncidentHeld", "review_at"),
        move("IncidentDeadlineMoved", "due_at"),
        move("IncidentSentOutside", "answer_by"),
        move("IncidentOutsideAnswered", "handle_by"),
        send_elsewhere,
        decide_otherwise,
    ],
)
def test_the_recount_finds_a_log_that_says_something_else(
    books: Path, tmp_path: Path, change: Callable[[Lines], None]
) -> None:
    lines = [json.loads(line) for line in (books / "events.jsonl").read_text("utf-8").splitlines()]
    change(lines)
    (tmp_path / "run.json").write_bytes((books / "run.json").read_bytes())
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert recount(tmp_path)


def test_the_recount_finds_other_figures(books: Path, tmp_path: Path) -> None:
    run = json.loads((books / "run.json").read_text("utf-8"))
    department = next(iter(run["figures"]))
    run["figures"][department]["filed"] = 1_000
    (tmp_path / "run.json").write_text(json.dumps(run), "utf-8")
    (tmp_path / "events.jsonl").write_bytes((books / "events.jsonl").read_bytes())
    assert [each.split(":")[0] for each in recount(tmp_path)] == [f"{department}, filed"] * 2
