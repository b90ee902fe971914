"""Catalogues and the incidents of a range, in a PostgreSQL; and the command that loads a catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from shutil import copytree

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.grid import usecases
from services.grid.domain.catalogue import Catalogue, CodeMapping, Counted, Stage, Urgency
from services.grid.domain.counting import Apart
from services.grid.domain.reference import STANDARD_2013, Evidence, IncidentKind, IncidentType, TypeKey
from services.grid.domain.states import ClosingOutcome
from services.grid.domain.versions import BEGINNING, Outcome
from services.grid.load import main as load
from services.grid.load_catalogue import main
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.past import PastIncidents
from services.grid.store.reference import ReferenceStore
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from services.kernel.worktime.terms import Limit, Unit
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.grid import steps
from tests.unit.grid.samples import (
    COVER,
    ELSEWHERE,
    FOOD,
    GRID,
    RUBBISH,
    STANDARD,
    TYPES,
    accepted,
    case_number,
    closed,
    handled,
    incident,
    rule,
    verified,
)

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
LATER, DAY = NOW + timedelta(days=30), timedelta(days=1)
STAGE = Stage(
    STANDARD,
    "event",
    "06010",
    Urgency.URGENT,
    1,
    "清运",
    Limit(4, Unit.WORKING_HOUR),
    "已清运",
    "Removal",
    "Gone",
    Counted.STAGE,
)
PAIR = CodeMapping(TypeKey(STANDARD_2013, IncidentKind.EVENT, "0110"), "暴露垃圾", RUBBISH)
PUBLIC = IncidentType(FOOD, "食品", "餐饮食品卫生", "Food", True, True, (Evidence.PHOTO, Evidence.VIDEO))
FIRST = Catalogue(TYPES, (rule("CGJ", 4),))
SECOND = Catalogue((TYPES[0], PUBLIC), (rule("ZJJ", 8, unit=Unit.WORKING_DAY),), (STAGE,), (PAIR,))


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    """One in which nothing is there yet, and nothing stays."""
    with engine_of("grid").connect() as opened:
        for table in ("type", "rule", "stage", "mapping"):
            opened.execute(sa.text(f"DELETE FROM catalogue_{table}"))
        opened.execute(sa.text("DELETE FROM catalogue"))
        yield opened
        opened.rollback()


def take(connection: sa.Connection, catalogue: Catalogue, **said: object) -> Outcome:
    given = {"effective_from": None, "now": NOW, "dry_run": False, **said}
    outcome, _ = usecases.take_version(CatalogueStore(connection), catalogue, **given)  # type: ignore[arg-type]
    return outcome


def test_each_moment_has_the_catalogue_that_was_in_force(connection: sa.Connection) -> None:
    assert take(connection, FIRST) is Outcome.IMPORTED
    assert take(connection, SECOND, effective_from=LATER) is Outcome.IMPORTED
    there, reference = CatalogueStore(connection), ReferenceStore(connection)
    assert [reference.type_in_force(COVER, at) for at in (BEGINNING, NOW, LATER)] == [True, True, False]
    before, after = (reference.rules_for(GRID, at) for at in (LATER - DAY, LATER))
    assert (list(before), list(after)) == (list(FIRST.rules), list(SECOND.rules))
    assert (reference.stages_for(RUBBISH, NOW), reference.stages_for(RUBBISH, LATER)) == ([], [STAGE])
    assert (reference.stages_for(FOOD, LATER), there.stages(LATER), there.mappings(LATER)) == ([], [STAGE], [PAIR])
    assert {each.key: each for each in there.types(LATER)} == {RUBBISH: TYPES[0], FOOD: PUBLIC}


def test_the_release_before_goes_on_with_what_is_in_force(connection: sa.Connection) -> None:
    take(connection, SECOND)
    take(connection, FIRST)
    take(connection, SECOND, effective_from=LATER)
    types = connection.exec_driver_sql("SELECT standard, kind, code FROM incident_type WHERE in_force").all()
    assert {tuple(row) for row in types} == {tuple(each.key) for each in FIRST.types}
    rules = connection.exec_driver_sql("SELECT region_prefix, code_prefix, department_suffix FROM dispatch_rule").all()
    assert [tuple(row) for row in rules] == [
        (each.region_prefix, each.code_prefix, each.department_suffix) for each in FIRST.rules
    ]


def test_versions_are_listed_by_when_they_come_into_force(connection: sa.Connection) -> None:
    for catalogue, begin in ((FIRST, None), (SECOND, LATER), (SECOND, LATER - DAY), (FIRST, LATER)):
        take(connection, catalogue, effective_from=begin)
    there = CatalogueStore(connection)
    first = there.versions(PageRequest(size=3))
    second = there.versions(PageRequest(size=3, after=(first.rows[-1].effective_from, first.rows[-1].number)))
    rows = [*first.rows, *second.rows]
    assert [each.effective_from for each in rows] == [LATER, LATER, LATER - DAY, BEGINNING]
    assert rows[0].number > rows[1].number
    assert {each.imported_at for each in rows} == {NOW}


def test_what_is_there_already_is_not_taken_again(connection: sa.Connection) -> None:
    outcomes = [take(connection, each, effective_from=LATER) for each in (FIRST, FIRST, SECOND, SECOND, FIRST)]
    imported, unchanged = Outcome.IMPORTED, Outcome.UNCHANGED
    assert outcomes == [imported, unchanged, imported, unchanged, imported]


def test_two_imports_do_not_come_between_one_another(connection: sa.Connection, engine_of: Engine) -> None:
    take(connection, FIRST)
    with engine_of("grid").connect() as other, pytest.raises(sa.exc.OperationalError, match="lock timeout"):
        take(other, SECOND)


def test_incidents_of_a_range_are_counted_and_read_in_pages(connection: sa.Connection) -> None:
    store, mine = IncidentStore(connection), Party("person", "somebody")
    cases = [
        incident(at=NOW + DAY),
        incident(at=NOW + 2 * DAY, type=FOOD),
        incident(at=NOW + 2 * DAY),
        incident(at=NOW + 2 * DAY, region=ELSEWHERE),
        incident(at=NOW + 3 * DAY),
    ]
    for each in cases:
        store.add(each)
    past = PastIncidents(connection, NOW + DAY, NOW + 3 * DAY, bound="371102")
    assert past.by_type() == ({RUBBISH: 2, FOOD: 1}, {})
    assert past.by_type(mine) == ({}, {})
    everywhere = PastIncidents(connection, NOW + DAY, NOW + 3 * DAY, bound="3711", region="371121")
    assert everywhere.by_type() == ({RUBBISH: 1}, {})
    first = past.page(PageRequest(size=2))
    second = past.page(PageRequest(size=2, after=(first.rows[-1].filed_at, first.rows[-1].id)))
    assert [each.id for each in first.rows + second.rows] == [each.id for each in cases[:3]]
    assert (bool(first.next_token), second.next_token) == (True, "")


def test_what_is_no_case_of_its_own_is_told_apart_from_the_counts(connection: sa.Connection) -> None:
    store = IncidentStore(connection)
    duplicates = (steps.merge(incident()), closed(verified(handled(accepted()))))
    reported = steps.reported()
    cases = [
        incident(),
        *(replace(each, id=uuid7(), case_number=case_number()) for each in (reported, steps.check(reported))),
        steps.decline(reported),
        steps.void(incident()),
        duplicates[0],
        replace(duplicates[1], closing_outcome=ClosingOutcome.DUPLICATE),
        closed(verified(handled(accepted()))),
    ]
    for each in cases:
        store.add(each)
    past = PastIncidents(connection, NOW - DAY, NOW + DAY, bound="3711").by_type()
    assert past.filed == {RUBBISH: 2}
    assert past.apart == {Apart.NOT_FILED_YET: 2, Apart.DECLINED: 1, Apart.DUPLICATE: 2, Apart.VOIDED: 1}


def test_what_was_loaded_before_there_were_versions_is_the_first(connection: sa.Connection) -> None:
    for table in ("incident_type", "dispatch_rule"):
        connection.execute(sa.text(f"DELETE FROM {table}"))
    type_row = "('RZ-LOCAL', 'event', {code}, '食品', '餐饮食品卫生', '', true, {in_force})"
    rows = ", ".join(
        type_row.format(code=code, in_force=there) for code, there in (("'90001'", True), ("'90002'", False))
    )
    connection.execute(sa.text(f"INSERT INTO incident_type VALUES {rows}"))
    connection.execute(sa.text("INSERT INTO dispatch_rule VALUES ('', '', '', '', 'CGJ', 4, '', 'WORKING_DAY')"))
    connection.execute(sa.text(import_module("services.grid.migrations.versions.0008_catalogue").FIRST))
    assert CatalogueStore(connection).types(NOW) == [IncidentType(FOOD, "食品", "餐饮食品卫生", local=True)]
    assert ReferenceStore(connection).rules_for(GRID, NOW) == [rule("CGJ", 4, unit=Unit.WORKING_DAY)]


def test_the_command_takes_a_catalogue_from_the_moment_that_it_is_told(
    engine_of: Engine,
    postgres: Stack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    engine_of("grid")
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    changed = copytree(SAMPLE, tmp_path / "changed")
    with (changed / "dispatch_rules.csv").open("a", encoding="utf-8") as sheet:
        sheet.write("RZ-LOCAL,event,91002,371102,ZJJ,3,,\n")
    assert load([str(SAMPLE)]) == 0
    capsys.readouterr()
    for folder, *said in (
        (SAMPLE, "2099-01-01T00:00:00+08:00"),
        (changed, "2099-01-01T00:00:00+08:00", "--dry-run"),
        (changed, "2099-01-01T00:00:00+08:00"),
        (changed, "2099-01-02T00:00:00+08:00"),
    ):
        assert main([str(folder), "--from", *said]) == 0
    told = [line.split(", ")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["grid: unchanged", "grid: checked", "grid: imported", "grid: unchanged"]
    assert main([str(changed), "--from", "2026-01-01T00:00:00+08:00"]) == 1
    assert "in the past" in capsys.readouterr().err


def test_the_command_names_every_fault_in_both_languages(
    engine_of: Engine,
    postgres: Stack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    engine_of("grid")
    monkeypatch.setenv("DATABASE_URL_GRID_OWNER", postgres.wiring.database("grid", True))
    (tmp_path / "incident_types.csv").write_bytes("standard\n暴露垃圾\n".encode("gbk"))
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("incident_types.csv:2: is not UTF-8 from byte 1 of the line on")
    assert "请另存为 CSV UTF-8" in said[0]
    assert said[1] == "dispatch_rules.csv: is missing  缺少该文件。"
