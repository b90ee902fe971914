from __future__ import annotations

from pathlib import Path

import pytest

from services.kernel.sheets import SheetFaults, Sheets, matching, whole, words

COLUMNS = {"code": matching("[0-9]+", "must be digits"), "hours": whole(1, 24), "name": words(5)}


def faults(folder: Path, text: bytes) -> list[str]:
    (folder / "sheet.csv").write_bytes(text)
    sheets = Sheets(folder)
    sheets.demand_unique(sheets.read("sheet.csv", COLUMNS), "code")
    with pytest.raises(SheetFaults) as refused:
        sheets.demand_right()
    return refused.value.faults


def test_right_lines_are_read_with_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_bytes("\ufeffname,code,hours,more\n路灯, 01 ,24,x\n".encode())
    sheets = Sheets(tmp_path)
    [line] = sheets.read("sheet.csv", COLUMNS)
    assert line == ("sheet.csv", 2, {"code": "01", "hours": 24, "name": "路灯"})
    sheets.demand_right()


def test_faults_of_all_lines_come_together(tmp_path: Path) -> None:
    assert faults(tmp_path, b"code,hours,name\nx,0,abcdef\n1,24,a\n1,7,b\n2,7,c,d\n3\n") == [
        "sheet.csv:2: code: must be digits",
        "sheet.csv:2: hours: must be a whole number from 1 to 24",
        "sheet.csv:2: name: must be text of 1 to 5 characters",
        "sheet.csv:5: the last: more cells than columns",
        "sheet.csv:6: hours: must be a whole number from 1 to 24",
        "sheet.csv:6: name: must be text of 1 to 5 characters",
        "sheet.csv:4: code: stands on line 3 already",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"code,name\n", "sheet.csv:1: lacks the columns hours"),
        (b"", "sheet.csv:1: lacks the columns code, hours, name"),
        (b"code,hours,name\n1,2,\xff\n", "sheet.csv: is not CSV in UTF-8"),
        (b'code,hours,name\n1,2,"a', "sheet.csv: is not CSV in UTF-8"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_one_fault(tmp_path: Path, text: bytes, fault: str) -> None:
    assert faults(tmp_path, text) == [fault]


def test_a_missing_sheet_is_a_fault(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path)
    assert sheets.read("none.csv", COLUMNS) == []
    with pytest.raises(SheetFaults):
        sheets.demand_right()
