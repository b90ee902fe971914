"""Roles as a file: `role_scopes.csv`, a line per scope that a role may use."""

from __future__ import annotations

from collections.abc import Collection

from services.identity.domain.roles import ROLES, RoleScopes
from services.identity.reference.cells import fitting, one_of
from services.kernel.sheets import Sheets

FILE = "role_scopes.csv"


def read_role_scopes(sheets: Sheets, scopes: Collection[str]) -> RoleScopes:
    """The scopes of each role, of `scopes`, which are all there are; faults are noted in `sheets`."""
    known = fitting(lambda text: text in scopes, "is no scope of the contract")
    lines = sheets.read(FILE, {"role": one_of(ROLES), "scope": known})
    sheets.demand_unique(lines, "role", "scope")
    pairs = [(line.values["role"], line.values["scope"]) for line in lines]
    return {role: frozenset(scope for of, scope in pairs if of == role) for role, _ in pairs}
