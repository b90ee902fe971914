"""Staff, persons and enterprises as files."""

from __future__ import annotations

import csv
from pathlib import Path

from services.identity.domain.organisations import Role
from services.kernel import checks
from tests.unit.identity.test_reference import GOOD, SAMPLE, faults, folder, read


def test_the_sample_codes_are_nobodys() -> None:
    with (SAMPLE / "enterprises.csv").open(encoding="utf-8") as file:
        codes = [row["number"] for row in csv.DictReader(file)]
    known = {region.code for region in read(SAMPLE).regions}
    assert all(checks.social_credit_code(code) == (True, True) and code[2:8] not in known for code in codes)


def test_roles_are_held_for_a_region_and_staff_are_lent(tmp_path: Path) -> None:
    sheet = """login,department,roles,name,email,language,officer_licence,lent_to,lent_since,lent_until
o,371102-SCJG,officer@371100;seat,名,a@b.cn,zh-CN,YL-371102-001,371102-ZHZX,2026-01-01,2027-01-01
"""
    [person] = read(folder(tmp_path, staff=sheet)).staff
    assert person.roles == {Role("officer", "371100"), Role("seat", "371102")}
    assert person.officer_licence == "YL-371102-001"
    [lent] = person.secondments
    assert (lent.department, lent.region, lent.since.isoformat()) == (
        "371102-ZHZX",
        "371102",
        "2026-01-01T00:00:00+08:00",
    )


def test_what_is_wrong_with_people_is_said_without_their_numbers(tmp_path: Path) -> None:
    columns = "login,department,roles,name,email,language,officer_licence,lent_to,lent_since,lent_until\n"
    at = folder(
        tmp_path,
        staff=columns
        + "a,371102-SCJG,officer@379999,名,a@b.cn,en,,,,\nb,371102-SCJG,officer,名,a@b.cn,en,x,,,\n"
        + "c,371102-SCJG,officer,名,a@b.cn,en,,371102-SCJG,2026-01-01,2027-01-01\n"
        + "d,371102-SCJG,officer,名,a@b.cn,en,,371102-ZHZX,2027-01-01,2026-01-01\n"
        + "e,371102-SCJG,officer,名,a@b.cn,en,,,2026-01-01,\n",
        enterprises=GOOD["enterprises.csv"] + "019b76da-a800-7634-b0d9-19b47b13b2c9,9237,无,379999,,zh-CN\n",
        persons=GOOD["persons.csv"]
        + "019b76da-a800-7357-95b1-e3b9aecda408,111,371199190001010001,无,371102,,zh-CN\n"
        + "019b76da-a800-7357-95b1-e3b9aecda407,777,371199190001010001,无,371102,,zh-CN\n",
    )
    found = faults(at)
    assert [fault.split(": ")[:2] for fault in found] == [
        ["staff.csv:3", "officer_licence"],
        ["staff.csv:2", "roles"],
        ["staff.csv:4", "lent_to"],
        ["staff.csv:5", "lent_until"],
        ["staff.csv:6", "lent_to"],
        ["persons.csv:4", "holder_id"],
        ["enterprises.csv:3", "number"],
        ["enterprises.csv:3", "region"],
        ["persons.csv:3", "number"],
        ["persons.csv:4", "kind_code"],
    ]
    assert "37119919" not in " ".join(found)
