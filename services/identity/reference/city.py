"""Reference data of a city as files: read every row, check all of them, and say everything that is wrong at once.

Each sheet has a line per thing, `members.yaml` a list of member systems.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.identity.domain.holders import Holder, Numbers
from services.identity.domain.members import Member
from services.identity.domain.organisations import Department, Staff
from services.identity.domain.regions import Region, grids_of
from services.identity.domain.roles import RoleScopes
from services.identity.reference.cells import DEPARTMENT, EMAIL, REGION, day, fitting, one_of
from services.identity.reference.members import Known, read_members
from services.identity.reference.people import read_holders, read_staff
from services.identity.reference.roles import read_role_scopes
from services.kernel import regions
from services.kernel.regions import Level
from services.kernel.sheets import Reader, Sheets, words

LEVELS = tuple(level.value for level in (Level.CITY, Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE))


REGION_COLUMNS: Mapping[str, Reader] = {
    "code": REGION,
    "level": one_of(LEVELS),
    "parent_code": fitting(lambda text: not text or regions.is_code(text), "must be a region code or empty"),
    "name": words(80),
}
VALIDITY_COLUMNS: Mapping[str, Reader] = {"valid_from": day, "valid_until": day}
DEPARTMENT_COLUMNS: Mapping[str, Reader] = {
    "code": DEPARTMENT,
    "region": REGION,
    "name": words(80),
    "name_en": words(120, empty=True),
    "email": EMAIL,
}


@dataclass(frozen=True)
class City:
    """What the files say. `secrets` are client secrets by client id, of the member systems that have one."""

    regions: Sequence[Region]
    departments: Sequence[Department]
    roles: RoleScopes
    staff: Sequence[Staff]
    members: Sequence[Member]
    holders: Sequence[Holder]
    secrets: Mapping[str, str] = field(repr=False)

    def counts(self) -> str:
        """How much there is of each, in words."""
        return (
            f"{len(self.regions)} regions, {len(self.departments)} departments, {len(self.roles)} roles,"
            f" {len(self.staff)} staff, {len(self.members)} member systems, {len(self.holders)} persons and enterprises"
        )


def read_city(folder: Path, member_keys: Path | None, numbers: Numbers, scopes: Collection[str], now: datetime) -> City:
    """Read the reference data of a folder.

    `member_keys` has a folder per client id: `public.jwk.json`, and where there are any `tls.crt` (PEM) and `secret`.
    `numbers` hashes holders' numbers, `scopes` are all there are. Raises SheetFaults with everything that is wrong.
    """
    sheets = Sheets(folder)
    places = _regions(sheets)
    departments = _departments(sheets, places)
    roles = read_role_scopes(sheets, scopes)
    staff = read_staff(sheets, places, departments, roles)
    holders = read_holders(sheets, places, numbers, now)
    members, secrets = read_members(sheets, folder, member_keys, Known(places, departments, scopes, now))
    sheets.demand_right()
    villages = [region for region in places.values() if region.level is Level.VILLAGE]
    grids = [grid for village in villages for grid in grids_of(village)]
    return City([*places.values(), *grids], list(departments.values()), roles, staff, members, holders, secrets)


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
