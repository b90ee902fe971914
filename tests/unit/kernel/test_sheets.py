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
        (b"code,hours,name\n1,2,\xff\n", "sheet.csv:2: is not UTF-8 from byte 5 of the line on"),
        (b"\xef\xbb\xbfcode,\n\xff\xff", "sheet.csv:2: is not UTF-8 from byte 1 of the line on"),
        (b"\xef\xbb\xbf\xffcode", "sheet.csv:1: is not UTF-8 from byte 1 of the line on"),
        (
            "code,hours,name\n1,2,井盖\n".encode("gbk"),
            "sheet.csv:2: is not UTF-8 from byte 5 of the line on, but looks like GB 18030: save it as CSV UTF-8",
        ),
        ("code,hours,name\n".encode("utf-16"), "sheet.csv:1: is UTF-16: save it as CSV UTF-8"),
        (b'code,hours,name\n1,2,"a', "sheet.csv:2: is not CSV: quotes or line ends are wrong"),
        (b'code,"hours\n1,2,a\n', "sheet.csv:1: is not CSV: quotes or line ends are wrong"),
        (b"code,hours,name,hours\n", "sheet.csv:1: hours: names another column already"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_one_fault(tmp_path: Path, text: bytes, fault: str) -> None:
    assert faults(tmp_path, text) == [fault]


NOT_CSV = "is not CSV: quotes or line ends are wrong"


def test_behind_a_broken_quote_reading_goes_on(tmp_path: Path) -> None:
    hours = "hours: must be a whole number from 1 to 24"
    for broken in ('2,"7,b', '2,"7"x,b', '2,7,"b'):
        lines = f"code,hours,name\n1,7,a\n{broken}\n3,99,c\n4,7,d\n5,98,e\n"
        assert faults(tmp_path, lines.encode()) == [
            f"sheet.csv:3: {NOT_CSV}",
            f"sheet.csv:4: {hours}",
            f"sheet.csv:6: {hours}",
        ], broken


def test_a_record_is_named_by_its_first_line(tmp_path: Path) -> None:
    said = faults(tmp_path, b'code,hours,more,name\r\n1,99,"a\r\nb\r\nc",d\r\n\r\n2,98,x,e\r\n')
    assert [each.split(": ")[0] for each in said] == ["sheet.csv:2", "sheet.csv:6"]


def test_a_number_of_thousands_of_digits_breaks_the_rule_of_its_column(tmp_path: Path) -> None:
    said = faults(tmp_path, b"code,hours,name\n1," + b"9" * 5000 + b",a\n")
    assert said == ["sheet.csv:2: hours: must be a whole number from 1 to 24"]


def test_a_fault_says_where_it_is_and_speaks_both_languages() -> None:
    sheets = Sheets({"sheet.csv": "\ufeffcode,hours,name\n1,2,a\n1,25,b,c\n1,3,c\n".encode()})
    sheets.demand_unique(sheets.read("sheet.csv", COLUMNS), "code")
    assert [each[:5] for each in sheets.faults] == [
        ("sheet.csv", 3, "the last", 4, "sheet_more_cells"),
        ("sheet.csv", 3, "hours", 2, "sheet_whole"),
        ("sheet.csv", 4, "code", 1, "sheet_not_unique"),
    ]
    assert sheets.faults[1].text("zh-CN") == "须为 1 至 24 的整数。"


def test_sheets_that_were_sent_are_found_by_pattern() -> None:
    sheets = Sheets({"b_2.csv": b"", "b_1.csv": b"", "a.csv": b""})
    assert sheets.files("b_?.csv") == ["b_1.csv", "b_2.csv"]


def test_a_missing_sheet_is_a_fault(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path)
    assert sheets.read("none.csv", COLUMNS) == []
    with pytest.raises(SheetFaults):
        sheets.demand_right()
