"""Reference data: read, checked row by row, and refused with file, line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.identity.domain.organisations import Role
from services.identity.reference.city import City, read_city
from services.identity.wire.messages import known_scopes
from services.kernel.regions import Level
from services.kernel.sheets import SheetFaults
from tests.unit.identity.samples import MEMBER_KEY, NOW, NUMBERS, PUBLIC_KEY, SECRET

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
GOOD = {
    "regions.csv": """code,level,parent_code,name
371100,city,,日照市
371102,county,371100,东港区
371102001,township,371102,日照街道
371102001001,village,371102001,大学社区
""",
    "departments.csv": """code,region,name,name_en,email
371102-SCJG,371102,市场监督管理局,Market,scjg@rizhao.example
371102-ZHZX,371102,网格化中心,,zhzx@rizhao.example
""",
    "role_scopes.csv": """role,scope
seat,grid.incidents.file
coordinator,grid.incidents.read
seat,grid.incidents.dispatch
officer,grid.incidents.read
""",
    "staff.csv": """login,department,roles,name,email,language
seat,371102-ZHZX,seat;coordinator,胡立新（虚构）,seat@rizhao.example,zh-CN
""",
    "enterprises.csv": """holder_id,number,name,region,email,language
019b76da-a800-7634-b0d9-19b47b13b2c8,92371199MAB0000158,海曲小馆（虚构）,371102,,zh-CN
""",
    "persons.csv": """holder_id,kind_code,number,name,region,email,language
019b76da-a800-7357-95b1-e3b9aecda407,111,371199190001010000,孟清和（虚构）,371102,m@citizens.rizhao.example,en
""",
    "members.yaml": """members:
  - client_id: rizhao-office
    display_name: 移动办公
    region: "371100"
    departments: all
    scopes: [grid.incidents.file]
  - client_id: rizhao-ssp
    display_name: 随手拍
    region: "371100"
    departments: [371102-SCJG]
    vouches_for_citizens: true
    vouches_for_enterprises: true
    scopes: [grid.incidents.read]
""",
}


def folder(at: Path, **changed: str) -> Path:
    for name, content in GOOD.items():
        (at / name).write_text(changed.get(name.partition(".")[0], content), "utf-8")
    return at


def read(at: Path, keys: Path | None = None) -> City:
    return read_city(at, keys, NUMBERS, known_scopes(), NOW)


def faults(at: Path, keys: Path | None = None) -> list[str]:
    with pytest.raises(SheetFaults) as unfit:
        read(at, keys)
    return unfit.value.faults


def member_keys(at: Path) -> Path:
    for client_id in ("rizhao-office", "rizhao-ssp"):
        (at / "keys" / client_id).mkdir(parents=True)
        (at / "keys" / client_id / "public.jwk.json").write_text(json.dumps(MEMBER_KEY.as_dict(private=False)), "utf-8")
    return at / "keys"


def test_a_city_is_read(tmp_path: Path) -> None:
    city = read(folder(tmp_path))
    assert [region.code for region in city.regions[:2]] == ["371100", "371102"]
    assert [region.code for region in city.regions if region.generated] == [f"37110200100100{n}" for n in (1, 2, 3)]
    person = city.staff[0]
    assert (person.roles, person.region) == (
        frozenset({Role("seat", "371102"), Role("coordinator", "371102")}),
        "371102",
    )
    assert (person.officer_licence, person.secondments) == ("", ())
    assert city.roles["seat"] == {"grid.incidents.file", "grid.incidents.dispatch"}
    enterprise, citizen = city.holders
    assert (enterprise.kind_code, enterprise.number_tail, enterprise.natural) == ("001", "0158", False)
    assert (citizen.kind_code, citizen.email, citizen.natural) == ("111", "m@citizens.rizhao.example", True)
    assert city.members[0].departments == ("371102-SCJG", "371102-ZHZX")
    assert city.members[0].public_keys == ()
    assert [(one.vouches_for_citizens, one.vouches_for_enterprises) for one in city.members] == [
        (False, False),
        (True, True),
    ]


def test_the_sample_city_is_good() -> None:
    city = read(SAMPLE)
    assert [member.client_id for member in city.members] == ["rizhao-ssp", "rizhao-office", "rizhao-ops"]
    assert sum(region.level is Level.GRID for region in city.regions) == 3 * 1679
    assert len({person.person_id for person in city.staff}) == len(city.staff)
    assert all(
        person.officer_licence
        for person in city.staff
        if person.department == "371102-SCJG" and "officer" in person.login
    )
    assert len({holder.number_hash for holder in city.holders}) == len(city.holders) == 11
    assert [holder.number_doubtful for holder in city.holders] == [False] * 11
    assert sum(not holder.natural and bool(holder.email) for holder in city.holders) == 3


def test_keys_and_secrets_come_from_a_folder_per_member(tmp_path: Path) -> None:
    keys = member_keys(tmp_path)
    (keys / "rizhao-ssp" / "secret").write_text(f"{SECRET}\n", "utf-8")
    city = read(folder(tmp_path), keys)
    assert city.members[0].public_keys == (PUBLIC_KEY,)
    assert city.secrets == {"rizhao-ssp": SECRET}
    assert SECRET not in repr(city)


def test_a_member_without_a_fit_key_is_named(tmp_path: Path) -> None:
    keys = member_keys(tmp_path)
    (keys / "rizhao-office" / "public.jwk.json").unlink()
    (keys / "rizhao-ssp" / "public.jwk.json").write_text("{}", "utf-8")
    (keys / "rizhao-ssp" / "secret").write_text("short", "utf-8")
    found = faults(folder(tmp_path), keys)
    assert [fault.split(": ")[:2] for fault in found] == [
        ["members.yaml:2", "public_keys[0]"],
        ["members.yaml:7", "public_keys[0]"],
        ["members.yaml:7", "secret"],
    ]


def test_every_fault_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    at = folder(
        tmp_path,
        regions=GOOD["regions.csv"]
        + "371102001001,village,371102001,大学社区\n"
        + "371103,township,371100,岚山区\n"
        + "37110,county,371100,\n"
        + "371122001,township,371102,莒州\n"
        + "371123,county,,无\n"
        + "371124,county,371199,无\n"
        + "371122002,township,371102,莒州\n",
        departments=GOOD["departments.csv"]
        + "371103-SCJG,371102,,x,not-an-address\nX,379999,a,,a@b.cn\n"
        + "371103-GAJ,371102,a,,a@b.cn\n379900-GAJ,379900,a,,a@b.cn\n371102-ZHZX,371102,a,,a@b.cn\n",
        role_scopes=GOOD["role_scopes.csv"]
        + "boss,grid.incidents.read\nseat,grid.incidents.burn\nseat,grid.incidents.file\n,grid.incidents.read\n",
        staff=GOOD["staff.csv"]
        + "seat,371102-ZHZX,boss,名,a@b.cn,fr\n,371102-NONE,seat,名,a@b.cn,en,extra\n"
        + "nurse,371102-NONE,seat,名,a@b.cn,en\nseat,371102-ZHZX,seat,名,a@b.cn,en\n"
        + "worker,371102-ZHZX,officer;grid_worker,名,a@b.cn,en\n",
        members=GOOD["members.yaml"]
        + """  - client_id: X
    region: 371100
    departments: [371109-XX]
    scopes: []
    colour: red
    vouches_for_citizens: perhaps
    vouches_for_enterprises: 1
  - client_id: rizhao-ssp
    display_name: again
    region: "371102"
    departments: [371109-XX]
    scopes: [grid.incidents.burn]
""",
    )
    found = faults(at)
    places = {tuple(fault.split(": ")[:2]) for fault in found}
    assert places == {
        ("regions.csv:6", "code"),  # twice
        ("regions.csv:7", "level"),
        ("regions.csv:8", "code"),
        ("regions.csv:8", "name"),
        ("regions.csv:9", "parent_code"),
        ("regions.csv:10", "parent_code"),
        ("regions.csv:11", "parent_code"),
        ("regions.csv:12", "parent_code"),
        ("departments.csv:4", "name"),
        ("departments.csv:4", "email"),
        ("departments.csv:5", "code"),
        ("departments.csv:6", "region"),
        ("departments.csv:7", "region"),
        ("departments.csv:8", "code"),
        ("role_scopes.csv:6", "role"),
        ("role_scopes.csv:7", "scope"),
        ("role_scopes.csv:8", "role, scope"),
        ("role_scopes.csv:9", "role"),
        ("staff.csv:3", "roles"),
        ("staff.csv:3", "language"),
        ("staff.csv:4", "the last"),
        ("staff.csv:4", "login"),
        ("staff.csv:5", "department"),
        ("staff.csv:6", "department, login"),
        ("staff.csv:7", "roles"),  # a role that the sheet of roles does not have
        ("members.yaml:14", "client_id"),
        ("members.yaml:14", "display_name"),
        ("members.yaml:14", "region"),
        ("members.yaml:14", "scopes"),
        ("members.yaml:14", "colour"),
        ("members.yaml:14", "vouches_for_citizens"),
        ("members.yaml:14", "vouches_for_enterprises"),
        ("members.yaml:14", "departments[0]"),
        ("members.yaml:21", "client_id"),
        ("members.yaml:21", "departments[0]"),
        ("members.yaml:21", "scopes[0]"),
    }
    assert "not-an-address" not in " ".join(found) and "boss" not in " ".join(found)


def test_a_file_that_is_not_there_or_no_table_is_named(tmp_path: Path) -> None:
    at = folder(tmp_path, staff="login;department\n", members="just text")
    (at / "regions.csv").unlink()
    (at / "role_scopes.csv").unlink()
    (at / "departments.csv").write_bytes(b"code,region,name,name_en,email\n" + b"\xff\xff")
    found = faults(at)
    assert found == [
        "regions.csv: is missing",
        "departments.csv:2: is not UTF-8 from byte 1 of the line on",
        "role_scopes.csv: is missing",
        "staff.csv:1: lacks the columns login, department, roles, name, email, language",
        "enterprises.csv:2: region: There is no region with this code.",
        "persons.csv:2: region: There is no region with this code.",
        "members.yaml:1: members: must be a list in a YAML file in UTF-8",
    ]


def test_days_of_validity_are_days_in_shanghai(tmp_path: Path) -> None:
    table = "code,level,parent_code,name,valid_from,valid_until\n371100,city,,日照市,,\n371102,county,371100,东港区,"
    city = read(folder(tmp_path, regions=table + "1992-12-23,\n"))
    since = next(region.valid_from for region in city.regions if region.code == "371102")
    assert since is not None and since.isoformat() == "1992-12-23T00:00:00+08:00"
    found = faults(folder(tmp_path, regions=table + "1992-02-30,\n"))
    assert found[0] == "regions.csv:3: valid_from: must be a day, YYYY-MM-DD, or empty"
