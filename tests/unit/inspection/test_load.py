from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.inspection.domain.reference import ChecklistItem, Gravity, InspectedType
from services.inspection.load import main, read
from services.kernel.sheets import SheetFaults

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"

ITEMS = """\
code,name,name_en,least_gravity,certificate_type
FOOD-04,不使用超过保质期的食品,No food past its date,GRAVE,11100000MB0328832T014
FOOD-10,冷藏冷冻设备温度符合要求,,MINOR,
"""
INSPECTED = """\
standard,kind,code_prefix,department,reason
RZ-LOCAL,event,90,SCJG,食品由市场监管部门检查
"""


def folder(path: Path, items: str = ITEMS, inspected: str = INSPECTED) -> Path:
    (path / "checklist_items.csv").write_text(items, encoding="utf-8")
    (path / "inspected_types.csv").write_text(inspected, encoding="utf-8")
    return path


def test_right_sheets_are_read(tmp_path: Path) -> None:
    data = read(folder(tmp_path))
    assert data.items == [
        ChecklistItem(
            "FOOD-04", "不使用超过保质期的食品", "No food past its date", Gravity.GRAVE, "11100000MB0328832T014"
        ),
        ChecklistItem("FOOD-10", "冷藏冷冻设备温度符合要求", "", Gravity.MINOR),
    ]
    assert data.inspected == [InspectedType("RZ-LOCAL", "event", "90", "SCJG")]


def test_the_sample_city_is_right_and_inspects_types_that_it_has() -> None:
    data = read(SAMPLE)
    assert 20 <= len(data.items) <= 40
    assert {item.certificate_type for item in data.items} == {"", "11100000MB0328832T014"}
    with (SAMPLE / "incident_types.csv").open(encoding="utf-8") as opened:
        types = {(row["standard"], row["kind"], row["code"]) for row in csv.DictReader(opened)}
    for rule in data.inspected:
        assert any(
            (standard, kind) == (rule.standard, rule.kind) and code.startswith(rule.code_prefix)
            for standard, kind, code in types
        )


def test_every_fault_is_named_with_its_place(tmp_path: Path) -> None:
    items = ITEMS + "food,,x,SEVERE,123\nFOOD-10,again,,MINOR,\n"
    inspected = INSPECTED + "RZ-LOCAL,thing,9,scjg,\nRZ-LOCAL,event,90,SCJG,again\n"
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, items, inspected))
    assert refused.value.faults == [
        "checklist_items.csv:4: code: must be a code such as FOOD-03",
        "checklist_items.csv:4: name: must be text of 1 to 200 characters",
        "checklist_items.csv:4: least_gravity: must be MINOR, ORDINARY or GRAVE",
        "checklist_items.csv:4: certificate_type: must be a type code of 21 characters or empty",
        "checklist_items.csv:5: code: stands on line 3 already",
        "inspected_types.csv:3: kind: must be component or event",
        "inspected_types.csv:3: code_prefix: must be a category (2 digits), a type (5 digits) or empty",
        "inspected_types.csv:3: department: must be the 2 to 8 capitals that end a department code",
        "inspected_types.csv:4: standard, kind, code_prefix, department: stands on line 2 already",
    ]


def test_faulty_sheets_end_the_command_before_it_opens_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL_INSPECTION", "postgresql://nowhere.invalid/inspection")
    assert main([str(folder(tmp_path, items="code\n"))]) == 1
    assert "lacks the columns name, name_en, least_gravity, certificate_type" in capsys.readouterr().err


def test_the_command_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("DATABASE_URL_INSPECTION", raising=False)
    monkeypatch.delenv("DATABASE_URL_INSPECTION_OWNER", raising=False)
    assert main(["somewhere"]) == 2
    assert "DATABASE_URL_INSPECTION_OWNER" in capsys.readouterr().err
