from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.grid.domain.reference import Evidence, IncidentKind, TypeKey
from services.grid.load import main, read
from services.kernel.sheets import SheetFaults
from services.kernel.worktime.calendars import DayKind, DayName, Span

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
DAYS = """\
day,kind,name,notice
2026-02-14,make_up_day,春节,国务院办公厅2025年11月4日通知
2026-02-15,holiday,春节,国务院办公厅2025年11月4日通知
"""
SHIFTS = """\
department,since,days,start,end
,2026-01-01,workdays,13:30,17:30
,2026-01-01,workdays,08:30,12:00
,2026-06-01,workdays,08:30,12:00
CGJ,2026-01-01,workdays,22:00,06:00
371102-CGJ,2026-01-01,workdays,00:00,24:00
"""
WORKING_RULES = """\
standard,kind,code_prefix,region_prefix,department,hours,unit,reason
,,,,CGJ,24,,
RZ-LOCAL,event,90,371100,SCJG,5,working_day,
RZ-LOCAL,event,90001,371100,SCJG,4,working_hour,
"""
CENTRES = """\
region,department
371100,371100-ZHZX
371102,371102-ZHZX
"""
DEPARTMENTS = """\
code,region,name,name_en,email
371100-ZHZX,371100,市网格中心,,a@rizhao.example
371102-ZHZX,371102,网格中心,,a@rizhao.example
371102-CGJ,371102,城管局,,a@rizhao.example
371102-SCJG,371102,市场监管局,,a@rizhao.example
371102-HBJ,371102,环保局,,a@rizhao.example
"""


def folder(path: Path, types: str = TYPES, rules: str = RULES, centres: str = CENTRES) -> Path:
    sheets = {"incident_types": types, "dispatch_rules": rules, "centres": centres, "departments": DEPARTMENTS}
    for name, text in sheets.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def test_right_sheets_are_read(tmp_path: Path) -> None:
    data = read(folder(tmp_path))
    assert [(each.key, each.local) for each in data.catalogue.types] == [
        (TypeKey("GB/T 47678.5-2026", IncidentKind.EVENT, "06010"), False),
        (TypeKey("RZ-LOCAL", IncidentKind.EVENT, "90001"), True),
    ]
    assert [(rule.region_prefix, rule.department_suffix) for rule in data.catalogue.rules] == [
        ("", "CGJ"),
        ("3711", "SCJG"),
    ]
    assert data.centres == {"371100": "371100-ZHZX", "371102": "371102-ZHZX"}
    assert data.departments.has("371102-HBJ") and not data.departments.has("371102-YJJ")


def working(path: Path, *, days: str = DAYS, shifts: str = SHIFTS, rules: str = WORKING_RULES) -> Path:
    (path / "national_days_2026.csv").write_text(days, encoding="utf-8")
    (path / "shifts.csv").write_text(shifts, encoding="utf-8")
    return folder(path, rules=rules)


def test_working_days_and_shifts_are_read(tmp_path: Path) -> None:
    data = read(working(tmp_path))
    assert [str(rule.limit) for rule in data.catalogue.rules] == ["24 clock hours", "5 working days", "4 working hours"]
    assert [(each.day, each.kind) for each in data.calendars.years[2026]] == [
        (date(2026, 2, 14), DayKind.MAKE_UP_DAY), (date(2026, 2, 15), DayKind.HOLIDAY),
    ]  # fmt: skip
    shifts = data.calendars.shifts
    assert shifts is not None
    spans = [each.spans[DayName.WORKDAYS] for name in ("", "CGJ", "371102-CGJ") for each in shifts[name]]
    assert spans == [(Span(510, 720), Span(810, 1050)), (Span(510, 720),), (Span(1320, 1800),), (Span(0, 1440),)]


def test_a_folder_need_not_speak_of_working_time(tmp_path: Path) -> None:
    calendars = read(folder(tmp_path)).calendars
    assert (calendars.years, calendars.shifts) == ({}, None)


def test_every_fault_of_working_time_is_named_with_its_place(tmp_path: Path) -> None:
    days = DAYS + "2026-02-16,free,春节,x\n2027-01-01,holiday,元旦,x\n"
    days += "2026-02-16,make_up_day,春节,x\n2026-2-1,holiday,a,b\n"
    shifts = "department,since,days,start,end\nHBJ,2026-01-01,monday,08:00,12:00\n"
    shifts += "hbj,2026-01-01,weekdays,8:00,25:00\n"
    shifts += "ZJJ,2026-01-01,workdays,08:00,12:00\nZJJ,2026-01-01,workdays,11:00,13:00\n"
    (tmp_path / "national_days_2027.csv").write_text("day,kind,name,notice\n", encoding="utf-8")
    wrong = working(tmp_path, days=days, shifts=shifts, rules=WORKING_RULES.replace("4,working_hour", "4,hour"))
    with pytest.raises(SheetFaults) as refused:
        read(wrong)
    assert refused.value.faults == [
        "national_days_2026.csv:4: kind: must be one of holiday, make_up_day",
        "national_days_2026.csv:7: day: must be a day such as 2026-02-14",
        "national_days_2026.csv:5: day: is no day of 2026",
        "national_days_2026.csv:6: day: is neither Saturday nor Sunday, and so worked anyway",
        "national_days_2027.csv:1: kind: the year has no holiday",
        "shifts.csv:3: department: must be a department code, the capitals that end one, or empty",
        "shifts.csv:3: days: must be one of workdays, weekends, holidays, make_up_days, monday, tuesday, wednesday,"
        " thursday, friday, saturday, sunday",
        "shifts.csv:3: start: must be a time such as 08:30, or 24:00",
        "shifts.csv:3: end: must be a time such as 08:30, or 24:00",
        "shifts.csv:2: days, start, end: nothing is said of make-up days, of this department and day on",
        "shifts.csv:4: days, start, end: the spans of a day overlap, of this department and day on",
        "dispatch_rules.csv:4: unit: must be clock_hour, working_hour, working_day or empty, which is clock_hour",
        "dispatch_rules.csv:3: unit: there are no shifts of SCJG",
    ]


def test_working_time_needs_a_calendar(tmp_path: Path) -> None:
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, rules=WORKING_RULES))
    assert refused.value.faults == [
        f"dispatch_rules.csv:{line}: unit: {fault}"
        for line in (3, 4)
        for fault in ("there are no shifts of SCJG", "there is no sheet of national days")
    ]


def test_the_sample_city_is_right() -> None:
    data = read(SAMPLE)
    assert {2024, 2025, 2026} <= data.calendars.years.keys()
    assert len(data.catalogue.types) > 400
    assert data.catalogue.rules and data.catalogue.stages and data.catalogue.mappings
    assert {each.public for each in data.catalogue.types} == {True, False}
    assert {kind for each in data.catalogue.types for kind in each.evidence} >= {Evidence.PHOTO, Evidence.PHOTO_AFTER}
    assert {each.former.code for each in data.catalogue.mappings} >= {"01", "02", "03", "04", "0110"}
    assert data.centres


def test_every_fault_is_named_with_its_place(tmp_path: Path) -> None:
    types = TYPES + "RZ-LOCAL,thing,90,x,9000,,\nRZ-LOCAL,event,90,x,90001,again,\n"
    rules = RULES + "RZ-LOCAL,event,91,,YJJ,0,\nRZ-LOCAL,event,91,37,YJJ,2,\nRZ-LOCAL,component,,,YJJ,2,\n,,,,HBJ,1,\n"
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, types, rules, CENTRES + "3711,ZHZX\n"))
    assert refused.value.faults == [
        "incident_types.csv:4: kind: must be component or event",
        "incident_types.csv:4: name: must be text of 1 to 80 characters",
        "incident_types.csv:4: code: must be 5 digits",
        "incident_types.csv:5: standard, kind, code: stands on line 3 already",
        "dispatch_rules.csv:4: hours: must be a whole number from 1 to 8784",
        "dispatch_rules.csv:5: region_prefix: must be a region code or empty",
        "dispatch_rules.csv:7: standard, kind, code_prefix, region_prefix: stands on line 2 already",
        "dispatch_rules.csv:6: standard, kind, code_prefix: names no incident type of the catalogue",
        "dispatch_rules.csv:6: department: there is no department YJJ",
        "centres.csv:4: region: must be the code of a city, county, township or village",
        "centres.csv:4: department: must be a department code such as 371102-CGJ",
    ]


def test_every_fault_is_said_in_both_languages(tmp_path: Path) -> None:
    days = DAYS + "2026-02-16,free,春节,x\n2027-01-01,holiday,元旦,x\n2026-2-1,holiday,a,b\n"
    days += "2026-02-16,make_up_day,春节,x\n"
    shifts = "department,since,days,start,end\nHBJ,2026-01-01,monday,08:00,12:00\nhbj,2026-01-01,no day,8:00,25:00\n"
    shifts += "ZJJ,2026-01-01,workdays,08:00,12:00\nZJJ,2026-01-01,workdays,11:00,13:00\n"
    shifts += "YJJ,2026-01-01,workdays,24:00,12:00\n"
    (tmp_path / "regions.csv").write_text("code\n37\n", encoding="utf-8")
    (tmp_path / "net.geojson").write_text("{}", encoding="utf-8")
    (tmp_path / "national_days_2027.csv").write_text("day,kind,name,notice\n", encoding="utf-8")
    wrong = working(tmp_path, days=days, shifts=shifts)
    (wrong / "centres.csv").write_text("region,department\n3711,ZHZX\n", encoding="utf-8")
    with pytest.raises(SheetFaults) as refused:
        read(wrong)
    assert len(refused.value.located) >= 15
    for each in refused.value.located:
        assert each.rule != "sheet_said" and each.text("zh-CN") != each.text("en"), each
        assert each.text("zh-CN") in refused.value.spoken


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


def test_every_level_may_have_a_centre_and_what_goes_up_ends_with_somebody(tmp_path: Path) -> None:
    lines = "371102001001,371102-ZHZX\n371121,371121-ZHZX\n371102,371102-CGJ\n370000,370000-ZHZX\n"
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, centres="region,department\n371102,371102-ZHZX\n" + lines))
    assert refused.value.faults == [
        "centres.csv:3: department: must be a department of that region itself, such as 371102001001-ZHZX",
        "centres.csv:6: region: must be the code of a city, county, township or village",
        "centres.csv:5: region: stands on line 2 already",
        "centres.csv:2: region: there is no grid centre of the city 371100: what goes up ends with it, and somebody"
        " has to be there",
        "centres.csv:4: department: there is no department 371121-ZHZX",
    ]
    assert "缺少 371100 的市级网格中心" in refused.value.located[3].text("zh-CN")


def test_a_sheet_of_no_department_would_let_any_code_pass(tmp_path: Path) -> None:
    wrong = folder(tmp_path)
    (wrong / "departments.csv").write_text("code,region,name,name_en,email\n", encoding="utf-8")
    with pytest.raises(SheetFaults) as refused:
        read(wrong)
    assert refused.value.faults == ["departments.csv: names no department"]
