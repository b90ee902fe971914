"""A stand-in for the store, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from services.identity.domain.members import Member
from services.identity.domain.organisations import Department, Staff
from services.identity.domain.regions import Region
from tests.unit.identity import samples


class FakeStore:
    """What use cases of identity need of the store."""

    def __init__(
        self,
        regions: Iterable[Region] = samples.REGIONS,
        departments: Iterable[Department] = samples.DEPARTMENTS,
        staff: Iterable[Staff] = samples.STAFF,
        members: Iterable[Member] = (),
    ) -> None:
        self.regions = {one.code: one for one in regions}
        self.departments = {one.code: one for one in departments}
        self.staff = list(staff)
        self.members = {one.client_id: one for one in members}
        self.used: set[tuple[str, str]] = set()
        self.failed: list[tuple[str, datetime]] = []

    def region(self, code: str, *, within: str) -> Region | None:
        return self.regions.get(code) if code.startswith(within) else None

    def known_departments(self, codes: Collection[str], *, within: str) -> frozenset[str]:
        found = (self.departments[code] for code in codes if code in self.departments)
        return frozenset(one.code for one in found if one.region.startswith(within))

    def member(self, client_id: str) -> Member | None:
        return self.members.get(client_id)

    def add_member(self, member: Member) -> bool:
        return self.members.setdefault(member.client_id, member) is member

    def staff_by_id(self, person_id: UUID) -> Staff | None:
        return next((one for one in self.staff if one.person_id == person_id), None)

    def staff_by_login(self, login: str, department: str) -> Staff | None:
        return next((one for one in self.staff if (one.login, one.department) == (login, department)), None)

    def use_assertion(self, client_id: str, jti: str, until: datetime) -> bool:
        fresh = (client_id, jti) not in self.used
        self.used.add((client_id, jti))
        return fresh

    def failed_attempts(self, client_id: str, since: datetime) -> int:
        return sum(1 for client, at in self.failed if client == client_id and at > since)

    def note_failed_attempt(self, client_id: str, at: datetime) -> None:
        self.failed.append((client_id, at))
