import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.replaying import rows, visits
from deploy.local.replaying.cut import COLUMNS, cut, write
from deploy.local.replaying.rows import SAMPLE_FOLDER, opened
from deploy.local.replaying.visits import ID

CHICAGO = [*COLUMNS["chicago"][:-1], "Latitude"]
VISIT = [ID, "License", "Inspection_Date", "Results", "Address", "DBA_Name"]
LICENCE = [ID, "LICENSE_TERM_START_DATE", "LEGAL_NAME"]


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder of full files: one complaint that an inspection followed."""
    complaint = ["2014-12-01", "Completed", "2014-12-02", "14-1", "Other", "4853 S WOOD", "61.0", "41.8"]
    record = ["2023-12-10", "u", "t", "d", "61-55 55 STREET", "s", "QUEENS", ""]
    keep(tmp_path / rows.FULL["chicago"], [CHICAGO, complaint])
    nyc = ["created_date", "unique_key", "complaint_type", "descriptor", "incident_address", "status", "borough"]
    (tmp_path / rows.FULL["nyc"]).write_text(f"{','.join([*nyc, 'closed_date'])}\n{','.join(record)}\n")
    keep(tmp_path / visits.FULL["visits"], [VISIT, ["7.0", "3.0", "2014-12-09", "Pass", "4853 S WOOD AVE ", "DINER"]])
    keep(tmp_path / visits.FULL["licences"], [LICENCE, ["7.0", "2014-01-16", "JANE DOE"]])
    keep(tmp_path / visits.FULL["matrix"], [["1", ID], ["1.0", "7.0"]])
    return tmp_path


def keep(path: Path, lines: Sequence[Sequence[str]]) -> None:
    path.write_bytes(gzip.compress("".join(",".join(line) + "\n" for line in lines).encode()))


def test_a_join_stays_though_the_addresses_go(full: Path) -> None:
    made = cut(full)
    (complaint,), (visit,) = made[rows.SAMPLE["chicago"]][1], made[visits.SAMPLE["visits"]][1]
    assert complaint["Place"] == visit["Place"] == "P001"
    assert complaint["Street_Address"] == "48XX S WOOD"
    assert made[rows.SAMPLE["nyc"]][1][0]["incident_address"] == "61-XX 55 STREET"


def test_nobodys_name_and_no_address_is_cut(full: Path) -> None:
    text = str(cut(full))
    assert not [word for word in ("JANE DOE", "DINER", "4853", "41.8") if word in text]


def test_the_same_rows_give_the_same_bytes(full: Path, tmp_path: Path) -> None:
    columns, kept = cut(full)[visits.SAMPLE["matrix"]]
    for name in ("one.gz", "two.gz"):
        write(tmp_path / name, columns, kept)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


@pytest.mark.parametrize("kind", ["visits", "licences"])
def test_the_samples_that_ship_have_the_columns_that_are_cut_and_no_other(kind: str) -> None:
    with opened(SAMPLE_FOLDER / visits.SAMPLE[kind]) as lines:
        assert tuple(next(csv.reader(lines))) == COLUMNS[kind]
