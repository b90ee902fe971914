"""Tokens are granted. Each grant type is one entry of `GRANTS`; sign-in of people adds its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.identity.domain import secrets, tokens
from services.identity.domain.bearers import Bearer, Enterprise, vouched
from services.identity.domain.holders import SOCIAL_CREDIT, Holder, Numbers
from services.identity.domain.members import CLIENT_ID, Member
from services.identity.domain.organisations import DEPARTMENT_CODE, LOGIN, Staff
from services.identity.domain.roles import RoleScopes
from services.identity.domain.tokens import Grant, Proof, SecretProof, Terms, TokenRequest
from services.kernel import checks
from services.kernel.errors import Kind, Refusal, Violation, exhausted, unauthenticated
from services.kernel.ids import uuid7

WINDOW = timedelta(minutes=1)


class Jose(Protocol):
    """What granting needs of JOSE."""

    def issuer_of(self, assertion: str) -> str:
        """Who an assertion says it is from, before any check; empty when that cannot be read."""
        ...

    def read(self, assertion: str, public_keys: Collection[str]) -> Mapping[str, Any] | None:
        """The claims of an assertion that one of the keys signed, None for any other."""
        ...

    def sign(self, claims: Mapping[str, Any]) -> str:
        """An access token of this issuer."""
        ...


class Clients(Protocol):
    """What granting needs of the store."""

    def member(self, client_id: str) -> Member | None:
        """The member system, None if there is none."""
        ...

    def staff_by_id(self, person_id: UUID) -> Staff | None:
        """The person, None if there is none."""
        ...

    def staff_by_login(self, login: str, department: str) -> Staff | None:
        """The person with this login in this department, None if there is none."""
        ...

    def role_scopes(self, roles: Collection[str]) -> RoleScopes:
        """The scopes that each of these roles may use."""
        ...

    def holder(self, holder_id: UUID, *, within: str = "") -> Holder | None:
        """The person or enterprise, None if there is none."""
        ...

    def holder_by_number(self, kind_code: str, number_hash: str) -> Holder | None:
        """The person or enterprise with this number, None if there is none."""
        ...

    def use_assertion(self, client_id: str, jti: str, until: datetime) -> bool:
        """Note that an assertion was used; False when it had been used before."""
        ...

    def failed_attempts(self, client_id: str, since: datetime) -> int:
        """How many wrong secrets were shown for the client since then."""
        ...

    def note_failed_attempt(self, client_id: str, at: datetime) -> None:
        """Note a wrong secret."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What each step of granting works with."""

    store: Clients
    numbers: Numbers
    jose: Jose
    terms: Terms
    now: datetime


def grant_token(
    request: TokenRequest, store: Clients, numbers: Numbers, jose: Jose, terms: Terms, now: datetime
) -> Grant:
    """Grant an access token. What is noted on the way (used assertions, failed attempts) holds also when it is refused.

    Raises Refusal with one of the reasons of `domain.tokens`.
    """
    grant = GRANTS.get(request.grant_type)
    if grant is None:
        raise Refusal("GRANT_TYPE_UNSUPPORTED", Kind.INVALID)
    return grant(request, Desk(store, numbers, jose, terms, now))


def _client_credentials(request: TokenRequest, desk: Desk) -> Grant:
    """A member system speaks for itself."""
    if request.proof is None:
        raise unauthenticated("CLIENT_NOT_AUTHENTICATED")
    member = _authenticated(request.proof, desk)
    _demand_enabled(member)
    return _issued(request, member, None, desk)


def _jwt_bearer(request: TokenRequest, desk: Desk) -> Grant:
    """A member system vouches for whom it signed in. Its assertion is proof enough; a further proof must agree."""
    if not request.assertion:
        raise tokens.malformed(Violation("assertion", "oauth_missing", {"name": "assertion"}))
    claimed = _authenticated(request.proof, desk).client_id if request.proof else ""
    member, claims = _asserted(request.assertion, claimed, desk, Refusal("ASSERTION_UNSIGNED", Kind.INVALID))
    _demand_enabled(member)
    _use_once(claims, tokens.assertion_faults(claims, member, desk.terms, desk.now), member, desk, "ASSERTION_REFUSED")
    subject = _subject(str(claims["sub"]), desk)
    return _issued(request, member, vouched(subject, member, request.department, desk.now), desk)


GRANTS: Mapping[str, Callable[[TokenRequest, Desk], Grant]] = {
    tokens.CLIENT_CREDENTIALS: _client_credentials,
    tokens.JWT_BEARER: _jwt_bearer,
}


def _issued(request: TokenRequest, member: Member, bearer: Bearer | None, desk: Desk) -> Grant:
    known = desk.store.role_scopes(bearer.roles) if bearer else {}
    scopes = tokens.granted_scopes(request.scopes, member, bearer, known)
    claims = tokens.access_claims(request, member, bearer, scopes, desk.terms, desk.now, str(uuid7()))
    return Grant(desk.jose.sign(claims), int(desk.terms.life.total_seconds()), tuple(claims["scope"].split()))


def _demand_enabled(member: Member) -> None:
    """Asked only of one who has proved to be that member: nobody else learns that it is shut out."""
    if member.disabled:
        raise unauthenticated("CLIENT_DISABLED")


def _authenticated(proof: Proof, desk: Desk) -> Member:
    """The member system that the proof proves."""
    if isinstance(proof, SecretProof):
        return _secret_checked(proof, desk)
    member, claims = _asserted(proof.assertion, proof.client_id, desk, unauthenticated("CLIENT_NOT_AUTHENTICATED"))
    faults = tokens.assertion_faults(claims, member, desk.terms, desk.now)
    if claims.get("sub") and claims["sub"] != member.client_id:
        faults.append(Violation("sub", "oauth_wrong_value", {"name": "sub"}))
    _use_once(claims, faults, member, desk, "CLIENT_ASSERTION_REFUSED")
    return member


def _secret_checked(proof: SecretProof, desk: Desk) -> Member:
    """The member system whose secret it is. Only wrong secrets are counted, since only they can be guessed.

    Wrong assertions are not: whoever sends them in another's name would shut that member system out.
    """
    member = _member(proof.client_id, desk)
    if member is None or not member.secret_hash:
        raise unauthenticated("CLIENT_NOT_AUTHENTICATED")
    if desk.store.failed_attempts(member.client_id, desk.now - WINDOW) >= tokens.ATTEMPTS_PER_MINUTE:
        raise exhausted("TOO_MANY_ATTEMPTS", retry_after_s=WINDOW.total_seconds())
    if not secrets.fits(proof.secret, member.secret_hash):
        desk.store.note_failed_attempt(member.client_id, desk.now)
        raise unauthenticated("CLIENT_NOT_AUTHENTICATED")
    return member


def _asserted(assertion: str, claimed: str, desk: Desk, refusal: Refusal) -> tuple[Member, Mapping[str, Any]]:
    """The member system that signed an assertion, and its claims; `claimed` is the client id of the request, if any."""
    issuer = desk.jose.issuer_of(assertion)
    member = _member(issuer, desk) if claimed in ("", issuer) else None
    claims = desk.jose.read(assertion, member.public_keys) if member else None
    if member is None or claims is None:
        raise refusal
    return member, claims


def _member(client_id: str, desk: Desk) -> Member | None:
    return desk.store.member(client_id) if CLIENT_ID.fullmatch(client_id) else None


def _use_once(claims: Mapping[str, Any], faults: list[Violation], member: Member, desk: Desk, reason: str) -> None:
    """Refuse an assertion that has faults or was used before, all faults named."""
    if not faults and not desk.store.use_assertion(member.client_id, claims["jti"], tokens.used_until(claims)):
        faults = [Violation("jti", "assertion_replayed")]
    if faults:
        kind = Kind.UNAUTHENTICATED if reason == "CLIENT_ASSERTION_REFUSED" else Kind.INVALID
        raise Refusal(reason, kind, violations=faults)


def _subject(named: str, desk: Desk) -> Staff | Holder | Enterprise | None:
    """Whom an assertion names: a person by UUID, staff as `login@department-code`, an enterprise by its credit code."""
    login, at, department = named.rpartition("@")
    if at:
        well_formed = LOGIN.fullmatch(login) and DEPARTMENT_CODE.fullmatch(department)
        return desk.store.staff_by_login(login, department) if well_formed else None
    if checks.social_credit_code(named)[0]:
        found = desk.store.holder_by_number(SOCIAL_CREDIT, desk.numbers.hash_of(SOCIAL_CREDIT, named))
        return Enterprise(found, named) if found else None
    try:
        person_id = UUID(named)
    except ValueError:
        return None
    return desk.store.staff_by_id(person_id) or desk.store.holder(person_id)
