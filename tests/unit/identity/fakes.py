"""A stand-in for the store, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.identity.domain.holders import Holder
from services.identity.domain.members import Member
from services.identity.domain.organisations import Department, Staff
from services.identity.domain.regions import Region
from services.identity.domain.roles import RoleScopes
from services.identity.domain.standing import Standing
from services.kernel.parties import Party
from tests.unit.identity import samples


class FakeStore:
    """What use cases of identity need of the store."""

    def __init__(
        self,
        regions: Iterable[Region] = samples.REGIONS,
        departments: Iterable[Department] = samples.DEPARTMENTS,
        staff: Iterable[Staff] = samples.STAFF,
        members: Iterable[Member] = (),
        holders: Iterable[Holder] = samples.HOLDERS,
        roles: RoleScopes = samples.ROLE_SCOPES,
    ) -> None:
        self.regions = {one.code: one for one in regions}
        self.departments = {one.code: one for one in departments}
        self.staff = list(staff)
        self.members = {one.client_id: one for one in members}
        self.holders = {one.holder_id: one for one in holders}
        self.roles = roles
        self.standings: dict[Party, Standing] = {}
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

    def role_scopes(self, roles: Collection[str]) -> RoleScopes:
        return {role: self.roles[role] for role in roles if role in self.roles}

    def use_assertion(self, client_id: str, jti: str, until: datetime) -> bool:
        fresh = (client_id, jti) not in self.used
        self.used.add((client_id, jti))
        return fresh

    def failed_attempts(self, client_id: str, since: datetime) -> int:
        return sum(1 for client, at in self.failed if client == client_id and at > since)

    def note_failed_attempt(self, client_id: str, at: datetime) -> None:
        self.failed.append((client_id, at))

    def holder(self, holder_id: UUID, *, within: str = "") -> Holder | None:
        found = self.holders.get(holder_id)
        return found if found and found.region.startswith(within) else None

    def holder_by_number(self, kind_code: str, number_hash: str) -> Holder | None:
        number = (kind_code, number_hash)
        return next((one for one in self.holders.values() if (one.kind_code, one.number_hash) == number), None)

    def add_holder(self, holder: Holder) -> bool:
        if self.holder_by_number(holder.kind_code, holder.number_hash):
            return False
        self.holders[holder.holder_id] = holder
        return True

    def standing(self, party: Party, *, within: str) -> Standing | None:
        region = self._region_of(party)
        known = self.standings.get(party, Standing(1))
        return known if region and region.startswith(within) else None

    def save_standing(self, party: Party, standing: Standing) -> bool:
        if self.standings.get(party, Standing(1)).version != standing.version - 1:
            return False
        self.standings[party] = standing
        if party.kind == "client":
            self.members[party.id] = replace(self.members[party.id], disabled=standing.disabled)
        else:
            id, disabled = UUID(party.id), standing.disabled
            self.staff = [replace(one, disabled=disabled) if one.person_id == id else one for one in self.staff]
            self.holders |= {id: replace(self.holders[id], disabled=disabled)} if id in self.holders else {}
        return True

    def _region_of(self, party: Party) -> str:
        if party.kind == "client":
            return self.members[party.id].region if party.id in self.members else ""
        person = self.staff_by_id(UUID(party.id))
        holder = self.holders.get(UUID(party.id))
        return person.region if person else holder.region if holder else ""
