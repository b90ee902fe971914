"""Departments (部门), their staff, and how a party can be reached."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.kernel import regions

DEPARTMENT_CODE = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,3}-[A-Z]{2,8}")
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# 2026-01-01T00:00:00Z in milliseconds: when the staff of the sample city came to be.
_MADE_AT_MS = 1_767_225_600_000


@dataclass(frozen=True, slots=True)
class Department:
    """A department. `code` is its region's code, a hyphen and 2 to 8 capitals, such as `371102-SCJG`."""

    code: str
    region: str
    name: str
    name_en: str = ""
    email: str = field(default="", repr=False)


class Role(NamedTuple):
    """A role, held for a region and all below it. `region` is a region code."""

    name: str
    region: str


class Secondment(NamedTuple):
    """Staff lent to another department (借调) from a moment until before another. `region` is the department's."""

    department: str
    region: str
    since: datetime
    until: datetime

    def covers(self, now: datetime) -> bool:
        """It is running at this moment."""
        return self.since <= now < self.until


class Post(NamedTuple):
    """Where a person works at one moment, and the roles that they hold there."""

    department: str
    region: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works for a department. `login` is the name in member systems, unique within the department.

    `officer_licence` is the number of the law-enforcement licence (行政执法证), empty for none.
    """

    person_id: UUID
    login: str = field(repr=False)
    department: str
    region: str
    name: str = field(repr=False)
    roles: frozenset[Role]
    email: str = field(repr=False)
    language: str = "zh-CN"
    active: bool = True
    officer_licence: str = ""
    secondments: tuple[Secondment, ...] = ()
    disabled: bool = False

    @property
    def own_post(self) -> Post:
        """Where they work when they are not lent to others."""
        return Post(self.department, self.region, self._roles_in(self.region))

    def post_at(self, department: str, now: datetime) -> Post | None:
        """Their post at a department at this moment; None when they do not work for it. Empty: their own."""
        if department in ("", self.department):
            return self.own_post
        for lent in self.secondments:
            if lent.department == department and lent.covers(now):
                return Post(lent.department, lent.region, self._roles_in(lent.region))
        return None

    def _roles_in(self, region: str) -> frozenset[str]:
        """Roles held for the whole of a region. One held for a part of it would reach further than it was given for."""
        return frozenset(role.name for role in self.roles if regions.within(region, role.region))


@dataclass(frozen=True, slots=True)
class Contact:
    """How a party can be reached: e-mail address, empty if none is known, and language."""

    email: str = field(repr=False)
    language: str = "zh-CN"


def person_id_of(login: str, department: str) -> UUID:
    """The id of a loaded person, the same at every load: the form of a UUIDv7, its random part a hash of the login."""
    digest = int.from_bytes(hashlib.sha256(f"{login}@{department}".encode()).digest()[:10])
    high, low = digest >> 62 & 0xFFF, digest & ((1 << 62) - 1)
    return UUID(int=(_MADE_AT_MS << 80) | (7 << 76) | (high << 64) | (0b10 << 62) | low)
