"""Signing in and out, and what a signed-in operator may do now.

A session's rights are those of an access token that identity gave for the operator. They are asked for again after five
minutes: an operator who lost a role loses it here, too. While identity cannot be asked, what was known goes on for
reading, and the page says since when. Tokens stay in memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from observability.casetrace.console.outside import Member
from observability.casetrace.console.tickets import read_ticket
from observability.casetrace.domain.sessions import Session
from observability.casetrace.store.sessions import SessionStore
from services.chassis.tls import GATEWAY
from services.kernel.clock import Clock
from services.kernel.errors import Kind, Refusal, unauthenticated
from services.kernel.ports import Caller

SECRET_BYTES = 32
TOKEN_SPARE_S = 30.0
BETWEEN_TRIES_S = 10.0

CallerOf = Callable[[str], Caller]
"""Who an access token speaks for, if it is good."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed-in operator. `known_since`: identity cannot be asked, and their rights are of that moment."""

    session: Session
    form_token: str
    known_since: datetime | None = None

    @property
    def caller(self) -> Caller:
        """Who calls when a page asks for them."""
        session = self.session
        return Caller(
            workload=GATEWAY,
            client_id=session.client_id,
            subject=session.subject,
            department=session.department,
            region=session.region,
            roles=session.roles,
            scopes=session.scopes,
            level=session.level,
            anonymous=False,
        )


class Sessions:
    """The sessions of the console. `life`: how long one lasts. Safe for use from many threads."""

    def __init__(self, engine: sa.Engine, clock: Clock, member: Member, life: timedelta) -> None:
        self._engine, self._clock, self._member, self._life = engine, clock, member, life
        self._tokens: dict[bytes, tuple[str, float]] = {}
        self._away_until = 0.0

    def sign_in(self, ticket: str, caller_of: CallerOf) -> str:
        """Begin a session and return its secret, for the browser alone.

        Raises Refusal TICKET_INVALID, TICKET_EXPIRED, TICKET_USED, SIGN_IN_REFUSED, or UNAVAILABLE.
        """
        now = self._clock.now()
        good = read_ticket(ticket, self._member.key, self._member.client_id, now)
        secret = secrets.token_bytes(SECRET_BYTES)
        id = hashlib.sha256(secret).digest()
        rights = self._rights(id, good.operator, caller_of)
        session = _with_rights(_empty(id, good.operator, now + self._life), rights, now)
        with self._engine.begin() as connection:
            store = SessionStore(connection)
            store.forget(now)
            if not store.use_ticket(good.id, good.ends_at):
                raise unauthenticated("TICKET_USED")
            store.add(session)
        return _text(secret)

    def current(self, secret: str, caller_of: CallerOf) -> Signed | None:
        """Who has the session with this secret, with their rights of now; None when there is none any more."""
        bits, now = _bits(secret), self._clock.now()
        if bits is None:
            return None
        with self._engine.connect() as connection:
            session = SessionStore(connection).load(hashlib.sha256(bits).digest(), now)
        if session is None:
            return None
        signed = Signed(session, _text(hashlib.sha256(b"form" + bits).digest()))
        return self._renewed(signed, caller_of, now) if session.rights_are_old(now) else signed

    def token(self, session: Session) -> str:
        """An access token of the operator that is good for some time yet, to call other services with.

        Raises Refusal SIGN_IN_REFUSED, UNAVAILABLE.
        """
        token, good_until = self._tokens.get(session.id, ("", 0.0))
        return token if time.monotonic() < good_until else self._fetch(session.id, session.operator)

    def end(self, session: Session) -> None:
        """Sign out."""
        self._tokens.pop(session.id, None)
        with self._engine.begin() as connection:
            SessionStore(connection).end(session.id)

    def _renewed(self, signed: Signed, caller_of: CallerOf, now: datetime) -> Signed | None:
        session = signed.session
        try:
            if time.monotonic() < self._away_until:
                return replace(signed, known_since=session.rights_at)
            fresh = _with_rights(session, self._rights(session.id, session.operator, caller_of), now)
        except Refusal as refusal:
            if refusal.kind is Kind.UNAUTHENTICATED:
                self.end(session)
                return None
            self._away_until = time.monotonic() + BETWEEN_TRIES_S
            return replace(signed, known_since=session.rights_at)
        with self._engine.begin() as connection:
            SessionStore(connection).renew(fresh)
        return replace(signed, session=fresh)

    def _rights(self, id: bytes, operator: str, caller_of: CallerOf) -> Caller:
        caller = caller_of(self._fetch(id, operator))
        if caller.person is None or not caller.department:
            raise unauthenticated("SIGN_IN_REFUSED")
        return caller

    def _fetch(self, id: bytes, operator: str) -> str:
        token, seconds = self._member.token_for(operator)
        now = time.monotonic()
        live = {key: kept for key, kept in list(self._tokens.items()) if kept[1] > now}
        self._tokens = live | {id: (token, now + seconds - TOKEN_SPARE_S)}
        return token


def form_token_fits(signed: Signed, given: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(signed.form_token.encode(), given.encode())


def _empty(id: bytes, operator: str, ends_at: datetime) -> Session:
    none: frozenset[str] = frozenset()
    return Session(id, operator, "", "", "", "", none, none, 0, ends_at, ends_at)


def _with_rights(session: Session, caller: Caller, now: datetime) -> Session:
    return replace(
        session,
        client_id=caller.client_id or "",
        subject=caller.subject or "",
        department=caller.department or "",
        region=caller.region,
        roles=caller.roles,
        scopes=caller.scopes,
        level=caller.level,
        rights_at=now,
    )


def _text(bits: bytes) -> str:
    return base64.urlsafe_b64encode(bits).rstrip(b"=").decode()


def _bits(secret: str) -> bytes | None:
    """The bits of a cookie's text; None for what is none of ours."""
    try:
        bits = base64.b64decode(secret.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return bits if len(bits) == SECRET_BYTES else None
