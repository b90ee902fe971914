from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.grid.domain.calendars import WorkingTime
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.departments import Departments
from services.grid.wire.catalogue_sheets import MAPPINGS, RULES, STAGES, TYPES, read_catalogue, sheets_of
from services.grid.wire.versions import MOST_FAULTS, fault_fields
from services.kernel.sheets import Fault
from tests.unit.grid.catalogues import WORKING, catalogues, sheets

ONE = {
    TYPES: "standard,kind,category,code,name,name_en\nGB/T 47678.5-2026,event,市容环境,06010,暴露垃圾,\n",
    RULES: "standard,kind,code_prefix,region_prefix,department,hours,reason,unit\n,event,06,,CGJ,4,,\n",
}
STAGE_LINE = "standard,kind,code_prefix,urgency,position,name,limit,unit,done_when\n"
PAIR_LINE = "former_standard,former_kind,former_code,former_name,standard,kind,code\n"
BAD = "\x07"
"""No cell of any column may hold it."""


def read(sent: dict[str, bytes], working: WorkingTime = WORKING) -> tuple[Catalogue, list[Fault]]:
    there = sheets_of(sent.items())
    return read_catalogue(there, working), there.faults


def faults(working: WorkingTime = WORKING, **changed: str) -> list[str]:
    """What is wrong with the sheets of one type and rule, some changed or added."""
    texts = ONE | {f"{name}.csv": text for name, text in changed.items()}
    return [str(each) for each in read({name: text.encode() for name, text in texts.items()}, working)[1]]


@settings(max_examples=60, deadline=None)
@given(catalogues(), st.booleans())
def test_a_catalogue_comes_back_from_its_sheets(catalogue: Catalogue, marked: bool) -> None:
    mark = b"\xef\xbb\xbf" if marked else b""
    there, wrong = read({name: mark + content for name, content in sheets(catalogue).items()})
    assert wrong == []
    assert there == catalogue
    assert there.digest == catalogue.digest


@settings(max_examples=60, deadline=None)
@given(catalogues(), st.data())
def test_every_fault_is_told_with_line_and_column(catalogue: Catalogue, data: st.DataObject) -> None:
    sent = sheets(catalogue)
    spoiled: set[tuple[str, int, int]] = set()
    for name, content in sent.items():
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        places = [(line, column) for line in range(1, len(rows)) for column in range(len(rows[0]))]
        for line, column in data.draw(st.sets(st.sampled_from(places)) if places else st.just(set())):
            rows[line][column] = BAD
            spoiled.add((name, line + 1, column + 1))
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        sent[name] = text.getvalue().encode()
    told = read(sent)[1]
    assert spoiled <= {(each.file, each.line, each.column_number) for each in told}
    assert bool(told) == bool(spoiled)
    assert all(each.text("zh-CN") and each.text("en") and BAD not in str(each) for each in told)


def test_right_sheets_have_no_fault() -> None:
    assert faults() == []


def test_stages_are_counted_without_gaps_and_none_ends_before_the_one_before() -> None:
    lines = "".join(
        f"GB/T 47678.5-2026,event,06010,{urgency},{at},清运,{limit},clock_hour,已清运\n"
        for urgency, at, limit in (("normal", 1, 5), ("normal", 2, 4), ("urgent", 2, 1), ("at_once", 1, 1))
    )
    assert faults(stages=STAGE_LINE + lines) == [
        "stages.csv:5: urgency: must be normal, urgent or very_urgent",
        "stages.csv:3: limit: is shorter than that of the stage before: limits count from dispatch",
        "stages.csv:4: position: stages of the same types and urgency are counted from 1 without gaps: here it is 1",
    ]


def test_a_stage_that_counts_by_itself_may_be_shorter_than_the_one_before() -> None:
    head = STAGE_LINE.replace("done_when", "done_when,counted")
    lines = "".join(
        f"GB/T 47678.5-2026,event,06010,normal,{at},清运,{limit},clock_hour,已清运,{counted}\n"
        for at, limit, counted in ((1, 5, ""), (2, 4, "stage"), (3, 3, "whole"), (4, 3, "later"))
    )
    assert faults(stages=head + lines) == [
        "stages.csv:5: counted: must be whole (from dispatch on), stage (from the end of the stage before) or empty,"
        " which is whole",
        "stages.csv:4: limit: is shorter than that of the stage before: limits count from dispatch",
    ]


def test_working_time_of_a_stage_is_that_of_the_departments() -> None:
    line = "GB/T 47678.5-2026,event,,normal,1,清运,4,working_hour,已清运\nRZ-LOCAL,,,normal,1,清运,4,,已清运\n"
    assert faults(WorkingTime(False, frozenset({"371102-HBJ"})), stages=STAGE_LINE + line) == [
        "stages.csv:2: unit: there are no shifts of CGJ",
        "stages.csv:2: unit: there is no sheet of national days",
        "stages.csv:3: standard, kind, code_prefix: names no incident type of the catalogue",
    ]


def test_a_rule_names_a_department_of_its_region() -> None:
    there = Departments(frozenset({"371102-CGJ", "371100-DSJ"}))
    lines = ",event,06,371102,CGJ,4,,\n,event,06,371121,CGJ,4,,\n,event,,371100,DSJ,4,,\n"
    sent = ONE | {RULES: ONE[RULES] + lines}
    sheets = sheets_of((name, text.encode()) for name, text in sent.items())
    read_catalogue(sheets, WORKING, there)
    assert [str(each) for each in sheets.faults] == [
        "dispatch_rules.csv:4: department: there is no department CGJ",
        "dispatch_rules.csv:5: department: there is no department DSJ",
    ]


def test_codes_are_as_long_as_their_standard_has_them() -> None:
    pairs = (
        "GB/T 30428.2-2013,event,0110,暴露垃圾,GB/T 47678.5-2026,event,06010\n"
        "GB/T 30428.2-2013,event,01100,暴露垃圾,GB/T 47678.5-2026,event,06010\n"
        "GB/T 30428.2-2013,event,0110,暴露垃圾,GB/T 47678.5-2026,event,06099\n"
        "GB/T 47678.5-2026,event,06099,暴露垃圾,GB/T 47678.5-2026,event,06010\n"
        "GB/T 30428.2-2013,event,0110,垃圾,GB/T 47678.5-2026,event,06010\n"
    )
    assert faults(code_mappings=PAIR_LINE + pairs) == [
        "code_mappings.csv:3: former_code: must be 4 digits",
        "code_mappings.csv:5: standard: must be another standard than the former one",
        "code_mappings.csv:6: former_standard, former_kind, former_code, standard, kind, code: stands on line 2"
        " already",
        "code_mappings.csv:4: standard, kind, code: names no incident type of the catalogue",
    ]


def test_a_category_became_a_category_and_never_a_type() -> None:
    former, latter = "GB/T 30428.2-2013,event,{},x", "GB/T 47678.5-2026,event,{}\n"
    pairs = (("01", "06"), ("01", "77"), ("0110", "06"), ("01", "06010"))
    said = "".join(f"{former.format(one)},{latter.format(other)}" for one, other in pairs)
    assert faults(code_mappings=PAIR_LINE + said) == [
        "code_mappings.csv:4: code: must be 5 digits",
        "code_mappings.csv:5: former_code: must be 4 digits",
        "code_mappings.csv:3: standard, kind, code: names no incident type of the catalogue",
    ]


@pytest.mark.parametrize("standard", ["GB/T47678.5-2026", "gb/t 47678.5-2026", "GB/T 47678.5-2062", "GB 47678.5-2026"])
def test_a_standard_that_looks_like_a_national_one_is_no_extension(standard: str) -> None:
    types = ONE[TYPES] + f"{standard},event,市容环境,06011,积存垃圾渣土,\n"
    assert faults(incident_types=types) == [
        "incident_types.csv:3: standard: is no national standard that is known: those are GB/T 47678.5-2026,"
        " GB/T 30428.2-2013; a name of the city's own does not begin with GB"
    ]


def test_a_rule_names_a_category_or_a_type_and_one_of_2013_with_its_standard() -> None:
    types = ONE[TYPES] + "GB/T 30428.2-2013,event,市容环境,0601,暴露垃圾,\n"
    keys = (",event,0601", "GB/T 47678.5-2026,event,0601", "GB/T 30428.2-2013,event,0601", ",,06", ",event,06010")
    rules = ONE[RULES].splitlines()[0] + "".join(f"\n{key},,CGJ,4,," for key in keys)
    told = "standard, kind, code_prefix: names no incident type of the catalogue"
    assert faults(incident_types=types, dispatch_rules=rules) == [
        f"dispatch_rules.csv:{line}: {told}" for line in (2, 3)
    ]


def test_where_no_type_can_be_read_nothing_is_said_of_rules() -> None:
    assert faults(incident_types="standard") == [
        "incident_types.csv:1: lacks the columns kind, category, code, name, name_en"
    ]


def test_evidence_and_publicity_are_said_by_name() -> None:
    types = "standard,kind,category,code,name,name_en,public,evidence\n"
    line = "GB/T 47678.5-2026,event,市容环境,{},暴露垃圾,,{},{}\n"
    told = faults(incident_types=types + line.format("06010", "yes", "photo;video") + line.format("06011", "1", "x"))
    assert told == [
        "incident_types.csv:3: public: must be yes, no or empty, which is no",
        "incident_types.csv:3: evidence: must be some of photo, photo_after, video, document, with semicolons between"
        " them, or empty",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("暴露垃圾".encode("gb18030"), ("sheet_gb18030", 1)),
        ("standard\n暴露垃圾".encode("gb18030"), ("sheet_gb18030", 2)),
        ("standard".encode("utf-16"), ("sheet_utf16", 1)),
        (b"standard\n\n\xff", ("sheet_not_utf8", 3)),
        (b'standard,kind,category,code,name,name_en\n"a\n', ("sheet_not_csv", 2)),
        (b"\n", ("sheet_lacks_columns", 1)),
    ],
)
def test_another_encoding_is_named(content: bytes, told: tuple[str, int]) -> None:
    wrong = read({TYPES: content, RULES: ONE[RULES].splitlines()[0].encode()})[1]
    assert [(each.rule, each.line) for each in wrong] == [told]


def test_sheets_that_no_catalogue_has_are_named() -> None:
    sent = [*((name, text.encode()) for name, text in ONE.items()), ("centres.csv", b""), (TYPES, b"")]
    told = [(each.file, each.rule) for each in sheets_of(sent).faults]
    assert told == [("centres.csv", "sheet_unknown"), (TYPES, "sheet_twice")]


def test_what_must_be_there_is_missed() -> None:
    told = [(each.file, each.rule, each.line) for each in read({STAGES: b"", MAPPINGS: b""})[1]]
    assert told[:2] == [(TYPES, "sheet_missing", 0), (RULES, "sheet_missing", 0)]


def test_an_answer_holds_the_first_faults_in_both_languages() -> None:
    lines = "GB/T 47678.5-2026,thing,市容环境,06010,暴露垃圾,\n" * (MOST_FAULTS + 5)
    wrong = read({TYPES: (ONE[TYPES] + lines).encode(), RULES: ONE[RULES].encode()})[1]
    answer = fault_fields(wrong)
    told = answer["faults"]
    assert (len(wrong), len(told), answer["faults_left_out"]) == (MOST_FAULTS + 5, MOST_FAULTS, 5)
    assert (told[0].line, told[0].column, told[0].column_number) == (3, "kind", 2)
    assert (told[0].text_zh, told[0].text_en) == (
        "须为 component（部件）或 event（事项）。",
        "must be component or event",
    )
