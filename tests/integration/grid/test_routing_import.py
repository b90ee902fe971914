"""Routing rules as they are imported: by a call, and by the command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from egov.grid.v1 import (
    catalogue_pb2,
    routing_pb2,
)

from deploy.local.stack import Stack
from services.chassis.moments import stamp
from services.grid.load_routing import main
from services.kernel.errors import Refusal
from tests.integration.grid.desk import Desk
from tests.integration.grid.routing import (
    CAPACITIES,
    COLUMNS,
    OPERATOR,
    SHARED,
    explained,
    imported,
    kept,
    planned,
)
from tests.unit.grid.samples import incident


def test_rules_are_imported_once_and_listed(desk: Desk) -> None:
    assert imported(desk).outcome == catalogue_pb2.CATALOGUE_OUTCOME_IMPORTED
    again = imported(desk)
    assert again.outcome == catalogue_pb2.CATALOGUE_OUTCOME_UNCHANGED
    listed = desk.call("ListRoutings", routing_pb2.ListRoutingsRequest(), routing_pb2.ListRoutingsResponse, OPERATOR)
    numbers = [each.number for each in listed.routings]
    assert numbers == sorted(set(numbers), reverse=True)
    assert numbers[0] == again.version.number


def test_rules_begin_when_they_are_said_to_and_never_in_the_past(desk: Desk) -> None:
    now, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(Refusal) as refused:
        imported(desk, effective_from=stamp(now - timedelta(minutes=1)))
    assert [tuple(each)[:2] for each in refused.value.violations] == [("effective_from", "ROUTING_IN_PAST")]
    assert imported(desk, dry_run=True).outcome == catalogue_pb2.CATALOGUE_OUTCOME_CHECKED
    assert imported(desk, effective_from=stamp(tomorrow)).version.number
    assert not planned(desk).rules
    assert list(planned(desk, at=stamp(tomorrow)).rules) == [12]


def test_with_faults_nothing_is_taken_and_all_are_named(desk: Desk) -> None:
    answer = imported(desk, COLUMNS + "0,,,06010,,,25:00,,,CGJ;YJJ,\n1,,,,371102,,,,,371103-CGJ,\n")
    assert answer.outcome == catalogue_pb2.CATALOGUE_OUTCOME_FAULTY
    assert [(each.line, each.column, each.rule) for each in answer.faults] == [
        (2, "rule", "sheet_whole"), (2, "start", "sheet_time"), (2, "end", "sheet_times_both"),
        (3, "departments", "sheet_department_elsewhere"),
    ]  # fmt: skip
    assert not explained(desk, kept(desk.runtime.engine, incident())[0]).planned.rules


def test_the_command_takes_a_folder_or_names_every_fault_in_both_languages(
    desk: Desk, postgres: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    (tmp_path / "capacities.csv").write_text(CAPACITIES)
    for rules, code in ((COLUMNS + "1,,,,,,25:00,08:00,,CGJ,\n2,,,06,,,,,,CGJ;YJJ,\n", 1), (SHARED, 0), (SHARED, 0)):
        (tmp_path / "routing_rules.csv").write_text(rules)
        assert main([str(tmp_path)]) == code
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "routing_rules.csv:2: start: must be a time such as 08:30, or 24:00, or empty"
        "  须为 08:30 这样的时刻，或 24:00，或留空。",
        "routing_rules.csv:3: departments: of several departments each needs a capacity in capacities.csv: YJJ has none"
        "  规则有多个部门时，YJJ 须在 capacities.csv 中有容量。",
    ]
    told = [line.split(", ")[0] for line in said.out.splitlines()]
    assert told == ["grid: 1 routing rules imported", "grid: 1 routing rules unchanged"]
    assert main([str(tmp_path), "--from", "2026-01-01T00:00:00+08:00", "--dry-run"]) == 1
    assert "in the past" in capsys.readouterr().err
