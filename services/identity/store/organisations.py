"""Load and list departments and staff."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.identity.domain.organisations import Contact, Department, Role, Secondment, Staff
from services.identity.domain.roles import RoleScopes
from services.identity.store.tables import department, role_scope, secondment, staff, staff_role
from services.kernel.paging import Page, PageRequest

_WITHIN = department.c.region.startswith(sa.bindparam("within"))
_BELOW = (
    sa.select(department)
    .where(_WITHIN, department.c.region.startswith(sa.bindparam("below")), department.c.code > sa.bindparam("after"))
    .order_by(department.c.code)
    .limit(sa.bindparam("fetch"))
)
_KNOWN = sa.select(department.c.code).where(_WITHIN, department.c.code.in_(sa.bindparam("codes", expanding=True)))
_DEPARTMENT_EMAIL = sa.select(department.c.email).where(department.c.code == sa.bindparam("code"))
_ROLES = (
    sa.select(sa.func.json_agg(sa.func.json_build_array(staff_role.c.role, staff_role.c.region)))
    .where(staff_role.c.person_id == staff.c.person_id)
    .scalar_subquery()
)
_SCOPES = (
    sa.select(role_scope.c.role, sa.func.array_agg(role_scope.c.scope))
    .where(role_scope.c.role.in_(sa.bindparam("roles", expanding=True)))
    .group_by(role_scope.c.role)
)
_LENT_TO = department.alias("lent_to")
_LENT = (
    sa.select(
        sa.func.json_agg(
            sa.func.json_build_array(
                secondment.c.department,
                _LENT_TO.c.region,
                sa.extract("epoch", secondment.c.since),
                sa.extract("epoch", secondment.c.until),
            )
        )
    )
    .join(_LENT_TO, _LENT_TO.c.code == secondment.c.department)
    .where(secondment.c.person_id == staff.c.person_id)
    .scalar_subquery()
)
_STAFF = sa.select(staff, department.c.region, _ROLES.label("roles"), _LENT.label("lent")).join(
    department, department.c.code == staff.c.department
)
_BY_ID = _STAFF.where(staff.c.person_id == sa.bindparam("person_id"))
_BY_LOGIN = _STAFF.where(staff.c.login == sa.bindparam("login"), staff.c.department == sa.bindparam("department"))


class OrganisationStore:
    """Departments and staff in the database. `within` is the region prefix that the caller is bound to."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def departments(self, page: PageRequest, *, within: str, below: str = "") -> Page[Department]:
        """A page of departments, by code, of regions that begin with `within` and with `below`."""
        (after,) = page.after or ("",)
        given = {"within": within, "below": below, "after": after, "fetch": page.fetch}
        rows = [Department(*row) for row in self._connection.execute(_BELOW, given)]
        return page.cut(rows, key=lambda one: (one.code,))

    def known_departments(self, codes: Collection[str], *, within: str) -> frozenset[str]:
        """Those of the codes that name a department there."""
        if not codes:
            return frozenset()
        return frozenset(self._connection.scalars(_KNOWN, {"codes": list(codes), "within": within}))

    def department_contact(self, code: str) -> Contact | None:
        """How a department can be reached, None if there is none."""
        email = self._connection.scalar(_DEPARTMENT_EMAIL, {"code": code})
        return None if email is None else Contact(email)

    def role_scopes(self, roles: Collection[str]) -> RoleScopes:
        """The scopes that each of these roles may use."""
        found = self._connection.execute(_SCOPES, {"roles": sorted(roles)})
        return {role: frozenset(scopes) for role, scopes in found}

    def staff_by_id(self, person_id: UUID) -> Staff | None:
        """The person, None if there is none."""
        return _staff(self._connection.execute(_BY_ID, {"person_id": person_id}).one_or_none())

    def staff_by_login(self, login: str, department: str) -> Staff | None:
        """The person with this login in this department, None if there is none."""
        return _staff(self._connection.execute(_BY_LOGIN, {"login": login, "department": department}).one_or_none())


def _staff(row: sa.Row[Any] | None) -> Staff | None:
    if row is None:
        return None
    return Staff(
        person_id=row.person_id,
        login=row.login,
        department=row.department,
        region=row.region,
        name=row.name,
        roles=frozenset(Role(*each) for each in row.roles or ()),
        email=row.email,
        language=row.language,
        active=row.active,
        officer_licence=row.officer_licence,
        secondments=tuple(_secondment(*each) for each in row.lent or ()),
        disabled=row.disabled_since is not None,
    )


def _secondment(department: str, region: str, since: float, until: float) -> Secondment:
    return Secondment(department, region, datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC))
