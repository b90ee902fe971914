"""Reference data of a city as files: read every row, check all of them, and say everything that is wrong at once.

`regions.csv`, `departments.csv` and `staff.csv` have a line per thing, `members.yaml` a list of member systems.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from services.identity.domain.members import Member
from services.identity.domain.organisations import DEPARTMENT_CODE, LOGIN, ROLES, Department, Staff, person_id_of
from services.identity.domain.regions import Region, grids_of
from services.identity.reference.members import Known, read_members
from services.kernel import regions, texts
from services.kernel.clock import SHANGHAI
from services.kernel.regions import Level
from services.kernel.sheets import Reader, Sheets, matching, words

LEVELS = tuple(level.value for level in (Level.CITY, Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE))


def one_of(allowed: Collection[str]) -> Reader:
    """One of these texts."""
    return fitting(lambda text: text in allowed, "must be one of " + ", ".join(sorted(allowed)))


def fitting(fits: Callable[[str], object], rule: str) -> Reader:
    """Text that fits."""

    def read(text: str) -> str:
        if not fits(text):
            raise ValueError(rule)
        return text

    return read


def _roles(text: str) -> frozenset[str]:
    roles = frozenset(text.split(";"))
    if not roles <= ROLES:
        raise ValueError("must be of " + ", ".join(sorted(ROLES)) + ", separated by semicolons")
    return roles


def _day(text: str) -> datetime | None:
    """The beginning of a day in Asia/Shanghai, None where nothing is given."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), SHANGHAI) if text else None
    except ValueError:
        raise ValueError("must be a day, YYYY-MM-DD, or empty") from None


REGION = fitting(regions.is_code, "must be a region code")
EMAIL = matching(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", "must be an e-mail address")
DEPARTMENT = fitting(DEPARTMENT_CODE.fullmatch, "must be a department code such as 371102-SCJG")
REGION_COLUMNS: Mapping[str, Reader] = {
    "code": REGION,
    "level": one_of(LEVELS),
    "parent_code": fitting(lambda text: not text or regions.is_code(text), "must be a region code or empty"),
    "name": words(80),
}
VALIDITY_COLUMNS: Mapping[str, Reader] = {"valid_from": _day, "valid_until": _day}
DEPARTMENT_COLUMNS: Mapping[str, Reader] = {
    "code": DEPARTMENT,
    "region": REGION,
    "name": words(80),
    "name_en": words(120, empty=True),
    "email": EMAIL,
}
STAFF_COLUMNS: Mapping[str, Reader] = {
    "login": fitting(LOGIN.fullmatch, "must be 1 to 64 letters, digits, dots, hyphens and underscores"),
    "department": DEPARTMENT,
    "roles": _roles,
    "name": words(80),
    "email": EMAIL,
    "language": one_of(texts.LANGUAGES),
}
ACTIVE_COLUMN: Mapping[str, Reader] = {"active": one_of(("true", "false"))}


@dataclass(frozen=True)
class City:
    """What the files say. `secrets` are client secrets by client id, of the member systems that have one."""

    regions: Sequence[Region]
    departments: Sequence[Department]
    staff: Sequence[Staff]
    members: Sequence[Member]
    secrets: Mapping[str, str] = field(repr=False)


def read_city(folder: Path, member_keys: Path | None, scopes: Collection[str], now: datetime) -> City:
    """Read the reference data of a folder.

    `member_keys` has a folder per client id: `public.jwk.json`, and where there are any `tls.crt` (PEM) and `secret`.
    `scopes` are all there are. Raises SheetFaults with everything that is wrong.
    """
    sheets = Sheets(folder)
    places = _regions(sheets)
    departments = _departments(sheets, places)
    staff = _staff(sheets, departments)
    members, secrets = read_members(sheets, folder, member_keys, Known(places, departments, scopes, now))
    sheets.demand_right()
    villages = [region for region in places.values() if region.level is Level.VILLAGE]
    grids = [grid for village in villages for grid in grids_of(village)]
    return City([*places.values(), *grids], list(departments.values()), staff, members, secrets)


def _regions(sheets: Sheets) -> dict[str, Region]:
    lines = sheets.read("regions.csv", REGION_COLUMNS, VALIDITY_COLUMNS)
    sheets.demand_unique(lines, "code")
    known = {line.values["code"] for line in lines}
    for line in lines:
        code, parent, level = (line.values[name] for name in ("code", "parent_code", "level"))
        if regions.level_of(code).value != level:
            sheets.fault(line, "level", "is not that of the code")
        if (parent == "") != (level == Level.CITY.value):
            sheets.fault(line, "parent_code", "must be set for every region but the city")
        elif parent and parent not in known:
            sheets.fault(line, "parent_code", "is not in the file")
        elif parent and not regions.within(code, parent):
            sheets.fault(line, "parent_code", "does not contain the code")
    return {line.values["code"]: _region(line.values) for line in lines}


def _region(values: Mapping[str, Any]) -> Region:
    return Region(
        values["code"],
        Level(values["level"]),
        values["parent_code"],
        values["name"],
        valid_from=values.get("valid_from"),
        valid_until=values.get("valid_until"),
    )


def _departments(sheets: Sheets, places: Mapping[str, Region]) -> dict[str, Department]:
    lines = sheets.read("departments.csv", DEPARTMENT_COLUMNS)
    sheets.demand_unique(lines, "code")
    for line in lines:
        if line.values["region"] not in places:
            sheets.fault(line, "region", "is not in regions.csv")
        elif line.values["code"].partition("-")[0] != line.values["region"]:
            sheets.fault(line, "region", "is not that of the code")
    return {line.values["code"]: Department(**line.values) for line in lines}


def _staff(sheets: Sheets, departments: Mapping[str, Department]) -> list[Staff]:
    lines = sheets.read("staff.csv", STAFF_COLUMNS, ACTIVE_COLUMN)
    sheets.demand_unique(lines, "department", "login")
    people = []
    for line in lines:
        department = departments.get(line.values["department"])
        if department is None:
            sheets.fault(line, "department", "is not in departments.csv")
            continue
        values = {name: line.values[name] for name in STAFF_COLUMNS}
        person_id = person_id_of(values["login"], department.code)
        active = line.values.get("active") != "false"
        people.append(Staff(person_id=person_id, region=department.region, active=active, **values))
    return people
