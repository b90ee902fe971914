"""Roles, and which scopes each may use: a person's token holds what their roles need, not all that their app has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

STAFF_ROLES = frozenset({"grid_worker", "seat", "coordinator", "officer", "operator"})
ENTERPRISE = "enterprise"
"""The role of an enterprise that acts for itself; nobody of staff has it."""
ROLES = STAFF_ROLES | {ENTERPRISE}

RoleScopes = Mapping[str, frozenset[str]]
"""The scopes that each role may use; a role that is not there may use none."""


def open_to(roles: Collection[str], known: RoleScopes) -> frozenset[str]:
    """The scopes that at least one of the roles may use."""
    return frozenset().union(*(known.get(role, frozenset()) for role in roles))
