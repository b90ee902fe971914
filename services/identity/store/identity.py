"""All that identity keeps, as one store; and how a party can be reached, which is asked of most of it."""

from __future__ import annotations

from uuid import UUID

from services.identity.domain.holders import SOCIAL_CREDIT, Holder, Numbers
from services.identity.domain.organisations import Contact, Staff
from services.identity.store.accesses import AccessStore
from services.identity.store.holders import HolderStore
from services.identity.store.members import MemberStore
from services.identity.store.names import NameStore
from services.identity.store.standing import StandingStore
from services.kernel.errors import not_found
from services.kernel.parties import Party


class IdentityStore(MemberStore, HolderStore, StandingStore, AccessStore, NameStore):
    """Everything in identity's database."""

    def load_contact(self, party: Party, numbers: Numbers) -> Contact:
        """How a party can be reached; an enterprise is named by its social credit code.

        Raises Refusal PARTY_UNKNOWN, also for staff who are no longer active. Who is shut out is told of things all the
        same. A client has no address of its own.
        """
        found = None
        if party.kind == "person":
            found = self._person_contact(UUID(party.id))
        elif party.kind == "enterprise":
            found = _of(self.holder_by_number(SOCIAL_CREDIT, numbers.hash_of(SOCIAL_CREDIT, party.id)))
        elif party.kind == "department":
            found = self.department_contact(party.id)
        elif party.kind == "client" and self.member(party.id):
            found = Contact("")
        if found is None:
            raise not_found("PARTY_UNKNOWN")
        return found

    def load_staff(self, person_id: UUID) -> Staff:
        """The member of staff. Raises Refusal PARTY_UNKNOWN."""
        found = self.staff_by_id(person_id)
        if found is None:
            raise not_found("PARTY_UNKNOWN")
        return found

    def load_holder(self, holder_id: UUID, *, within: str) -> Holder:
        """The person or enterprise. Raises Refusal NOT_FOUND when there is none in the caller's region."""
        found = self.holder(holder_id, within=within)
        if found is None:
            raise not_found()
        return found

    def _person_contact(self, person_id: UUID) -> Contact | None:
        if person := self.staff_by_id(person_id):
            return Contact(person.email, person.language) if person.active else None
        known = self.holder(person_id)
        return _of(known) if known and known.natural else None


def _of(holder: Holder | None) -> Contact | None:
    return Contact(holder.email, holder.language) if holder else None
