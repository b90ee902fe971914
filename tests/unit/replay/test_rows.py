from datetime import UTC, datetime

import pytest

from deploy.local.replaying import rows
from deploy.local.replaying.addresses import block_of
from deploy.local.replaying.rows import LeftOut, Row

CHICAGO = {
    "Creation_Date": "2014-12-01",
    "Status": "Completed",
    "Completion_Date": "2014-12-03",
    "Service_Request_Number": "14-02000001",
    "What_is_the_Nature_of_this_Code_Violation": "Garbage in alley",
    "Street_Address": "4853 S WOOD",
    "Community_Area": "61.0",
}
NYC = {
    "unique_key": "59694038",
    "created_date": "2023-12-10T00:52:58.000",
    "complaint_type": "Noise - Residential",
    "descriptor": "Banging/Pounding",
    "incident_address": "61-55 55 STREET",
    "status": "In Progress",
    "borough": "QUEENS",
    "closed_date": "",
}


def chicago(**changed: str) -> dict[str, str]:
    return {**CHICAGO, **changed}


def test_a_row_of_chicago_is_read() -> None:
    (row,) = rows.parsed("chicago", [CHICAGO], rows.parse_chicago)
    assert row == Row(
        source="chicago",
        number="14-02000001",
        nature="Garbage in alley",
        detail="",
        area="61",
        block="48XX S WOOD",
        created=datetime(2014, 12, 1, tzinfo=UTC),
        closed=datetime(2014, 12, 3, tzinfo=UTC),
        duplicate=False,
        place="4853 S WOOD",
    )


def test_a_row_of_the_sample_names_its_place_instead() -> None:
    read = [rows.parse_chicago(chicago(Place=place)).place for place in ("P001", "")]
    assert read == ["P001", ""]


def test_a_row_of_new_york_is_read() -> None:
    (row,) = rows.parsed("nyc", [NYC], rows.parse_nyc)
    assert isinstance(row, Row)
    assert (row.key, row.block, row.closed) == ("nyc/59694038", "61-XX 55 STREET", None)


def test_a_label_of_a_duplicate_is_kept() -> None:
    (row,) = rows.parsed("chicago", [chicago(Status="Completed - Dup")], rows.parse_chicago)
    assert isinstance(row, Row) and row.duplicate


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Creation_Date": "yesterday"}, "UNREADABLE"),
        ({"Service_Request_Number": "14 02; drop"}, "UNREADABLE"),
        ({"Completion_Date": "2014-11-30"}, "CLOSED_BEFORE_CREATED"),
    ],
)
def test_a_row_that_cannot_be_played_is_left_out_with_its_reason(changed: dict[str, str], reason: str) -> None:
    (item,) = rows.parsed("chicago", [chicago(**changed)], rows.parse_chicago)
    assert isinstance(item, LeftOut) and item.reason == reason


def test_a_number_that_the_source_repeats_is_one_complaint() -> None:
    first, second = rows.parsed("chicago", [CHICAGO, chicago(Completion_Date="2015-01-01")], rows.parse_chicago)
    assert isinstance(first, Row)
    assert isinstance(second, LeftOut) and second.reason == "REPEATED_IN_SOURCE"


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("4853 S WOOD", "48XX S WOOD"),
        ("21 E 120TH ST", "XX E 120TH ST"),
        ("310 E 109TH ST", "3XX E 109TH ST"),
        ("107-33 219 STREET", "107-XX 219 STREET"),
        ("638 EAST   12 STREET", "6XX EAST 12 STREET"),
        ("7 S WOOD", "XX S WOOD"),
        ("", ""),
        ("BROADWAY", "BROADWAY"),
    ],
)
def test_an_address_is_cut_to_its_block_once_and_for_all(address: str, block: str) -> None:
    assert block_of(address) == block
    assert block_of(block) == block


def test_the_sample_holds_no_house_number() -> None:
    found = [item.block for item in rows.read() if isinstance(item, Row) and item.block[:1].isdigit()]
    assert found
    assert all("XX" in block.split(" ")[0] for block in found)
