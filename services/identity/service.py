"""The identity service (统一身份): regions, departments, people, member systems, and the tokens they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from egov.identity.v1 import identity_service_pb2 as identity

from services.chassis.call import Call
from services.chassis.config import Config
from services.chassis.entrypoints import every, http, rpc
from services.chassis.runtime import Runtime
from services.chassis.uow import UnitOfWork
from services.identity import oauth
from services.identity.config import IdentitySettings
from services.identity.domain.holders import Numbers
from services.identity.domain.tokens import Terms
from services.identity.jose import Jose, fit_key
from services.identity.keys import KeyRing, key_ring, number_key
from services.identity.store.identity import IdentityStore
from services.identity.usecases import standing
from services.identity.usecases.holders import register_holder
from services.identity.usecases.members import register_member
from services.identity.usecases.tokens import grant_token
from services.identity.wire import holders
from services.identity.wire import messages as wire
from services.kernel.errors import Refusal, denied
from services.kernel.parties import Party
from services.kernel.regions import scope_prefix


def own_keys(runtime: Runtime) -> Callable[[], str]:
    """Where this service takes the key set from that it checks tokens with: its own signing keys."""
    ring = key_ring(runtime.service_settings.keys)
    return ring.public_set


class IdentityService:
    """Answers the contract's `IdentityService`, and OAuth 2.0 at the HTTP door."""

    name = "identity"
    contract = identity.DESCRIPTOR.services_by_name["IdentityService"]
    settings = IdentitySettings
    key_source = staticmethod(own_keys)

    uow = UnitOfWork()
    config = Config(IdentitySettings)

    @rpc
    def ListRegions(self, request: identity.ListRegionsRequest, call: Call) -> identity.ListRegionsResponse:
        """Lists regions directly below one."""
        page = wire.page_of_codes(request.page)
        return wire.regions_message(self._store.regions_below(request.parent_code, page))

    @rpc
    def ListDepartments(self, request: identity.ListDepartmentsRequest, call: Call) -> identity.ListDepartmentsResponse:
        """Lists departments of the caller's region."""
        page = wire.page_of_codes(request.page)
        below = scope_prefix(request.region) if request.region else ""
        return wire.departments_message(self._store.departments(page, within=call.region, below=below))

    @rpc
    def RegisterMember(self, request: identity.RegisterMemberRequest, call: Call) -> identity.RegisterMemberResponse:
        """Registers a member system."""
        member = register_member(
            wire.registration(request),
            self.uow,
            self._store,
            within=call.region,
            scopes=wire.known_scopes(),
            fit_key=fit_key,
        )
        return identity.RegisterMemberResponse(member=wire.member(member))

    @rpc
    def DisableClient(self, request: identity.DisableClientRequest, call: Call) -> identity.DisableClientResponse:
        """Shuts a member system out."""
        party, reason = Party("client", request.client_id), wire.reason(request.reason)
        stands = standing.disable(party, reason, self.uow, self._store, within=call.region)
        return identity.DisableClientResponse(standing=wire.standing(stands))

    @rpc
    def EnableClient(self, request: identity.EnableClientRequest, call: Call) -> identity.EnableClientResponse:
        """Lets a member system in again."""
        stands = standing.enable(Party("client", request.client_id), self.uow, self._store, within=call.region)
        return identity.EnableClientResponse(standing=wire.standing(stands))

    @rpc
    def DisableSubject(self, request: identity.DisableSubjectRequest, call: Call) -> identity.DisableSubjectResponse:
        """Shuts a person or an enterprise out."""
        party, reason = Party("person", request.person_id), wire.reason(request.reason)
        stands = standing.disable(party, reason, self.uow, self._store, within=call.region)
        return identity.DisableSubjectResponse(standing=wire.standing(stands))

    @rpc
    def EnableSubject(self, request: identity.EnableSubjectRequest, call: Call) -> identity.EnableSubjectResponse:
        """Lets a person or an enterprise in again."""
        stands = standing.enable(Party("person", request.person_id), self.uow, self._store, within=call.region)
        return identity.EnableSubjectResponse(standing=wire.standing(stands))

    @rpc
    def RegisterHolder(self, request: identity.RegisterHolderRequest, call: Call) -> identity.RegisterHolderResponse:
        """Registers a person or an enterprise."""
        wanted = holders.application(request)
        holder = register_holder(wanted, self.uow, self._store, self._numbers, within=call.region)
        return identity.RegisterHolderResponse(holder=holders.holder(holder))

    @rpc
    def GetHolder(self, request: identity.GetHolderRequest, call: Call) -> identity.GetHolderResponse:
        """Reads the record of one person or enterprise. The chassis audits it, as every read from outside."""
        holder = self._store.load_holder(UUID(request.holder_id), within=call.region)
        return identity.GetHolderResponse(holder=holders.holder(holder))

    @rpc
    def ListAccesses(self, request: identity.ListAccessesRequest, call: Call) -> identity.ListAccessesResponse:
        """Lists who read a holder's record."""
        holder = self._store.load_holder(UUID(request.holder_id), within=call.region)
        page = self._store.accesses(holder.holder_id, holders.page_of_accesses(request.page))
        return identity.ListAccessesResponse(accesses=holders.accesses(page), page=wire.next_page(page))

    @rpc
    def ListOwnAccesses(self, request: identity.ListOwnAccessesRequest, call: Call) -> identity.ListOwnAccessesResponse:
        """Lists who read the caller's own record."""
        if call.caller.subject is None:
            raise denied("NO_PERSON")
        page = self._store.accesses(UUID(call.caller.subject), holders.page_of_accesses(request.page))
        return identity.ListOwnAccessesResponse(accesses=holders.accesses(page), page=wire.next_page(page))

    @rpc
    def GetRegion(self, request: identity.GetRegionRequest, call: Call) -> identity.GetRegionResponse:
        """Reads one region."""
        return identity.GetRegionResponse(region=wire.region(self._store.load_region(request.code)))

    @rpc
    def GetContact(self, request: identity.GetContactRequest, call: Call) -> identity.GetContactResponse:
        """Reads how a party can be reached."""
        contact = self._store.load_contact(wire.known_party(request.party), self._numbers)
        return identity.GetContactResponse(contact=wire.contact(contact))

    @rpc
    def GetStaff(self, request: identity.GetStaffRequest, call: Call) -> identity.GetStaffResponse:
        """Reads what a service must know of a member of staff."""
        staff = self._store.load_staff(UUID(request.person_id))
        return identity.GetStaffResponse(staff=wire.staff(staff, request.department, self.uow.now()))

    @rpc
    def ListNames(self, request: identity.ListNamesRequest, call: Call) -> identity.ListNamesResponse:
        """Lists what codes are called."""
        return wire.names_message(self._store.names(wire.page_of_codes(request.page)))

    @rpc
    def GetKeySet(self, request: identity.GetKeySetRequest, call: Call) -> identity.GetKeySetResponse:
        """Reads the public keys that tokens are signed with."""
        return identity.GetKeySetResponse(jwks_json=self._ring.public_set())

    @http("POST", oauth.TOKEN_PATH)
    def token(self, request: Any) -> Any:
        """Grants an access token. A refusal is an answer: what was noted on the way is committed with it."""
        try:
            wanted = oauth.token_request(request)
            grant = grant_token(wanted, self._store, self._numbers, Jose(self._ring), self._terms, self.uow.now())
            return oauth.granted(grant)
        except Refusal as refusal:
            return oauth.refused(refusal)

    @http("GET", "/.well-known/openid-configuration")
    def metadata(self, request: Any) -> Any:
        """What a client can find out about this issuer."""
        return oauth.metadata(self._terms, wire.known_scopes())

    @http("GET", oauth.KEYS_PATH)
    def key_set(self, request: Any) -> Any:
        """The public keys that tokens are signed with."""
        return oauth.key_set(self._ring.public_set())

    @every(seconds=60)
    def forget(self) -> None:
        """Deletes what no longer has to be remembered of assertions and failed attempts."""
        self._store.forget(self.uow.now())

    @property
    def _store(self) -> IdentityStore:
        return IdentityStore(self.uow.connection)

    @property
    def _numbers(self) -> Numbers:
        return Numbers(number_key(self.config.keys))

    @property
    def _ring(self) -> KeyRing:
        return key_ring(self.config.keys)

    @property
    def _terms(self) -> Terms:
        return oauth.terms(self.config.issuer, self.config.audience)
