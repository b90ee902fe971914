"""People as files: `staff.csv`, `persons.csv`, and the enterprises of `enterprises.csv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.identity.domain.holders import SOCIAL_CREDIT, Application, Holder, Numbers, accept
from services.identity.domain.organisations import (
    LOGIN,
    Department,
    Role,
    Secondment,
    Staff,
    person_id_of,
)
from services.identity.domain.regions import Region
from services.identity.domain.roles import STAFF_ROLES, RoleScopes
from services.identity.reference.cells import DEPARTMENT, EMAIL, REGION, day, fitting, one_of, or_empty
from services.kernel import checks, texts
from services.kernel.errors import Refusal
from services.kernel.sheets import Line, Reader, Sheets, matching, words


def _roles(text: str) -> frozenset[Role]:
    """Roles, each alone or with the region that it is held for; alone, the region of the own department: empty here."""
    roles = frozenset(Role(name, region) for name, _, region in (each.partition("@") for each in text.split(";")))
    if not {role.name for role in roles} <= STAFF_ROLES:
        raise ValueError("must be of " + ", ".join(sorted(STAFF_ROLES)) + ", separated by semicolons")
    return roles


STAFF_COLUMNS: Mapping[str, Reader] = {
    "login": fitting(LOGIN.fullmatch, "must be 1 to 64 letters, digits, dots, hyphens and underscores"),
    "department": DEPARTMENT,
    "roles": _roles,
    "name": words(80),
    "email": EMAIL,
    "language": one_of(texts.LANGUAGES),
}
LENT_COLUMNS: Mapping[str, Reader] = {"lent_to": or_empty(DEPARTMENT), "lent_since": day, "lent_until": day}
MORE_STAFF_COLUMNS: Mapping[str, Reader] = {
    "active": one_of(("true", "false")),
    "officer_licence": or_empty(matching(r"[0-9A-Z-]{5,32}", "must be 5 to 32 digits, capitals and hyphens")),
    **LENT_COLUMNS,
}
HOLDER_COLUMNS: Mapping[str, Reader] = {
    "holder_id": fitting(checks.is_uuid, "must be a UUID in lower case"),
    "number": words(32),
    "name": words(120),
    "region": REGION,
    "email": or_empty(EMAIL),
    "language": one_of(texts.LANGUAGES),
}
PERSON_COLUMNS: Mapping[str, Reader] = {
    **HOLDER_COLUMNS,
    "kind_code": matching(r"[0-9]{3}", "must be three digits"),
}


def read_staff(
    sheets: Sheets, places: Mapping[str, Region], departments: Mapping[str, Department], roles: RoleScopes
) -> list[Staff]:
    """The staff of a folder; faults are noted in `sheets`."""
    lines = sheets.read("staff.csv", STAFF_COLUMNS, MORE_STAFF_COLUMNS)
    sheets.demand_unique(lines, "department", "login")
    people = []
    for line in lines:
        values = line.values
        department = departments.get(values["department"])
        if department is None:
            sheets.fault(line, "department", "is not in departments.csv")
            continue
        if any(role.region and role.region not in places for role in values["roles"]):
            sheets.fault(line, "roles", "are held for a region that is not in regions.csv")
        if any(role.name not in roles for role in values["roles"]):
            sheets.fault(line, "roles", "are not all in role_scopes.csv")
        people.append(
            Staff(
                person_id=person_id_of(values["login"], department.code),
                login=values["login"],
                department=department.code,
                region=department.region,
                name=values["name"],
                roles=frozenset(Role(role.name, role.region or department.region) for role in values["roles"]),
                email=values["email"],
                language=values["language"],
                active=values.get("active") != "false",
                officer_licence=values.get("officer_licence", ""),
                secondments=_secondments(sheets, line, departments),
            )
        )
    return people


def _secondments(sheets: Sheets, line: Line, departments: Mapping[str, Department]) -> tuple[Secondment, ...]:
    lent_to, since, until = (line.values.get(column) for column in LENT_COLUMNS)
    if not (lent_to or since or until):
        return ()
    department = departments.get(lent_to or "")
    if department is None or lent_to == line.values["department"]:
        sheets.fault(line, "lent_to", "must be another department of departments.csv")
    elif not (since and until and since < until):
        sheets.fault(line, "lent_until", "must be a day after lent_since, and both be set")
    else:
        return (Secondment(department.code, department.region, since, until),)
    return ()


def read_holders(sheets: Sheets, places: Mapping[str, Region], numbers: Numbers, now: datetime) -> list[Holder]:
    """The persons and enterprises of a folder; faults are noted in `sheets`."""
    enterprises = sheets.read("enterprises.csv", HOLDER_COLUMNS)
    persons = sheets.read("persons.csv", PERSON_COLUMNS)
    both: Sequence[Line] = [*enterprises, *persons]
    sheets.demand_unique(list(both), "holder_id")
    holders = [_holder(sheets, line, places, numbers, now) for line in both]
    return [holder for holder in holders if holder is not None]


def _holder(sheets: Sheets, line: Line, places: Mapping[str, Region], numbers: Numbers, now: datetime) -> Holder | None:
    """The holder under the same rules as one that is registered; None when it breaks any."""
    values: dict[str, Any] = {"kind_code": SOCIAL_CREDIT, **line.values}
    holder_id = UUID(values.pop("holder_id"))
    try:
        return accept(Application(**values), holder_id, numbers, region=places.get(values["region"]), now=now)
    except Refusal as refusal:
        for violation in refusal.violations:
            sheets.fault(line, violation.field, texts.text(violation.rule, "en", violation.params))
        return None
