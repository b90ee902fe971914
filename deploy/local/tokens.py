"""Access tokens for a member system and for the staff it vouches for, kept until shortly before they end.

A member proves itself with private_key_jwt (RFC 7523 section 2.2, OpenID Connect Core section 9). For its own calls it
asks with client_credentials; for whom it vouches it sends a jwt-bearer assertion (RFC 7523 section 2.1) that names the
member of staff, the citizen or the enterprise, and speaks for them from then on.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.errors import StackError
from deploy.local.stackfile import stack

TOKEN_PATH = "/oauth2/token"
METADATA_PATH = "/.well-known/openid-configuration"
ASSERTION_LIFE_S = 60
RENEW_BEFORE_END_S = 30
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Fetch = Callable[[], tuple[str, float]]


class Member:
    """A member system: its client id and private key, at one gateway. Itself a source of tokens for its own calls."""

    def __init__(self, gateway: Gateway, client_id: str, key: Path, *, bind_tls: bool = False) -> None:
        """`key`: PEM file of the ES256 private key. `bind_tls`: ask for tokens bound to the member's TLS identity."""
        self.gateway = gateway
        self.client_id = client_id
        self._key = ECKey.import_key(key.read_bytes())
        self._kept = _Kept()
        self._audience = ""
        self._staff: dict[str, Staff] = {}
        self._vouched: dict[str, Vouched] = {}
        self._bind = {"bind": "tls"} if bind_tls else {}

    def token(self) -> str:
        """A token of the member itself, with every scope that it may have. Raises ApiError, Unreachable."""
        return self._kept.or_fetch(lambda: self._fetch(self._own))

    def vouching_for(self, login: str, department: str) -> Staff:
        """A source of tokens for a person of a department; the same one at every call."""
        return self._staff.setdefault(f"{login}@{department}", Staff(self, login, department))

    def speaking_for(self, subject: str) -> Vouched:
        """A source of tokens for `login@department-code`, a person's id or an enterprise's social credit code."""
        return self._vouched.setdefault(subject, Vouched(self, subject))

    def token_for(self, subject: str) -> tuple[str, float]:
        """Ask for a token for whom it vouches; the token and its life in seconds. Raises ApiError, Unreachable."""
        return self._fetch(lambda: {"grant_type": JWT_BEARER, "assertion": self._assertion(subject)})

    def _own(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_assertion_type": CLIENT_ASSERTION,
            "client_assertion": self._assertion(self.client_id),
        }

    def _fetch(self, fields: Callable[[], dict[str, str]]) -> tuple[str, float]:
        # An assertion is good for one use, so every try makes its own.
        said = self.gateway.form(TOKEN_PATH, lambda: {**fields(), **self._bind})
        return said["access_token"], float(said["expires_in"])

    def _assertion(self, subject: str) -> str:
        now = int(time.time())
        header = {"alg": "ES256", "typ": "JWT", "kid": self._key.thumbprint()}
        claims = {
            "iss": self.client_id,
            "sub": subject,
            "aud": self._issuer(),
            "iat": now,
            "exp": now + ASSERTION_LIFE_S,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])

    def _issuer(self) -> str:
        """Whom assertions are for, as the issuer itself says (RFC 8414); asked once."""
        if not self._audience:
            self._audience = self.gateway.get(METADATA_PATH).body["issuer"]
        return self._audience


class Vouched:
    """A person or an enterprise, for whom a member system speaks."""

    def __init__(self, member: Member, subject: str) -> None:
        self.subject = subject
        self._member = member
        self._kept = _Kept()

    def token(self) -> str:
        """A token of theirs. Raises ApiError, Unreachable."""
        return self._kept.or_fetch(lambda: self._member.token_for(self.subject))


class Staff(Vouched):
    """A person of a department."""

    def __init__(self, member: Member, login: str, department: str) -> None:
        super().__init__(member, f"{login}@{department}")
        self.login, self.department = login, department


class _Kept:
    """A token and its end; one thread fetches while the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def or_fetch(self, fetch: Fetch) -> str:
        with self._lock:
            if time.monotonic() > self._until - RENEW_BEFORE_END_S:
                self._token, life_s = fetch()
                self._until = time.monotonic() + life_s
            return self._token


def main(words: Sequence[str] | None = None) -> int:
    """`python -m deploy.local.tokens CLIENT [SUBJECT]`: print an access token, for calls by hand."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.tokens", description="Prints an access token.")
    parser.add_argument("client", help="member system whose key is under .run/members, such as rizhao-ssp")
    parser.add_argument(
        "subject",
        nargs="?",
        help="whom it vouches for: staff, such as seat.371102@371102-ZHZX; a citizen, by the id in persons.csv; an"
        " enterprise, by the number in enterprises.csv",
    )
    asked = parser.parse_args(words)
    try:
        where = stack()
        member = Member(Gateway(where.gateway, where.trust, patience_s=2.0), asked.client, where.key_of(asked.client))
        print((member.speaking_for(asked.subject) if asked.subject else member).token())
    except FileNotFoundError as missing:
        print(f"There is no key for {asked.client}: {missing.filename}.", file=sys.stderr)
    except (StackError, Unreachable, ApiError) as stop:
        print(stop, file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
