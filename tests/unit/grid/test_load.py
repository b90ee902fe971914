from __future__ import annotations

from pathlib import Path

import pytest

from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.load import main, read
from services.kernel.sheets import SheetFaults

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"

TYPES = """\
standard,kind,category_code,category,code,name,name_en
GB/T 47678.5-2026,event,06,市容环境,06010,暴露垃圾,
RZ-LOCAL,event,90,食品与公共卫生,90001,餐饮食品卫生,Food hygiene
"""
RULES = """\
standard,kind,code_prefix,region_prefix,department,hours,reason
,,,,CGJ,24,
RZ-LOCAL,event,90,371100,SCJG,48,食品由市场监管部门处置
"""
CENTRES = """\
region,department
371102,371102-ZHZX
"""


def folder(path: Path, types: str = TYPES, rules: str = RULES, centres: str = CENTRES) -> Path:
    for name, text in (("incident_types", types), ("dispatch_rules", rules), ("centres", centres)):
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def test_right_sheets_are_read(tmp_path: Path) -> None:
    data = read(folder(tmp_path))
    assert [(each.key, each.local) for each in data.types] == [
        (TypeKey("GB/T 47678.5-2026", IncidentKind.EVENT, "06010"), False),
        (TypeKey("RZ-LOCAL", IncidentKind.EVENT, "90001"), True),
    ]
    assert [(rule.region_prefix, rule.department_suffix) for rule in data.rules] == [("", "CGJ"), ("3711", "SCJG")]
    assert data.centres == {"371102": "371102-ZHZX"}


def test_the_sample_city_is_right() -> None:
    data = read(SAMPLE)
    assert len(data.types) > 400
    assert data.rules
    assert data.centres


def test_every_fault_is_named_with_its_place(tmp_path: Path) -> None:
    types = TYPES + "RZ-LOCAL,thing,90,x,9000,,\nRZ-LOCAL,event,90,x,90001,again,\n"
    rules = RULES + "RZ-LOCAL,event,91,,YJJ,0,\nRZ-LOCAL,event,91,37,YJJ,2,\nRZ-LOCAL,component,,,YJJ,2,\n,,,,HBJ,1,\n"
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, types, rules, "region,department\n3711,ZHZX\n"))
    assert refused.value.faults == [
        "incident_types.csv:4: kind: must be component or event",
        "incident_types.csv:4: code: must be five digits",
        "incident_types.csv:4: name: must be text of 1 to 80 characters",
        "incident_types.csv:5: standard, kind, code: stands on line 3 already",
        "dispatch_rules.csv:4: hours: must be a whole number from 1 to 8784",
        "dispatch_rules.csv:5: region_prefix: must be a region code or empty",
        "dispatch_rules.csv:7: standard, kind, code_prefix, region_prefix: stands on line 2 already",
        "dispatch_rules.csv:6: standard, kind, code_prefix: names no incident type of the catalogue",
        "centres.csv:2: region: must be the six digits of a county",
        "centres.csv:2: department: must be a department code such as 371102-ZHZX",
    ]


def test_faulty_sheets_end_the_command_before_it_opens_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL_GRID", "postgresql://nowhere.invalid/grid")
    assert main([str(folder(tmp_path, types="standard\n"))]) == 1
    assert "incident_types.csv:1: lacks the columns kind, category, code, name, name_en" in capsys.readouterr().err


def test_the_command_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("DATABASE_URL_GRID", raising=False)
    monkeypatch.delenv("DATABASE_URL_GRID_OWNER", raising=False)
    assert main(["somewhere"]) == 2
    assert "DATABASE_URL_GRID_OWNER" in capsys.readouterr().err
