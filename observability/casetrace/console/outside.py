"""The console towards the gateway: as the member system that it is, which vouches for its operators.

By this way it gets access tokens for them, and does what they ask other services to do.
"""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from services.chassis.call import outside_transaction
from services.kernel.clock import Clock
from services.kernel.errors import unauthenticated, unavailable

TOKEN_PATH = "/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFE_S = 60
PATIENCE_S = 3.0
REFUSED = (400, 401, 403)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered: HTTP status, and the JSON body."""

    status: int
    body: dict[str, Any]


class Member:
    """The member system that the console is. `issuer`: whom its assertions are for; `key` signs them."""

    def __init__(self, url: str, trust: Path, client_id: str, key: ECKey, issuer: str, clock: Clock) -> None:
        self.client_id, self.key = client_id, key
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 443
        self._trust = ssl.create_default_context(cafile=str(trust))
        self._issuer = issuer
        self._clock = clock

    def token_for(self, operator: str) -> tuple[str, float]:
        """An access token that speaks for an operator, and its life in seconds.

        Raises Refusal SIGN_IN_REFUSED when identity gives none, UNAVAILABLE when it cannot be asked.
        """
        form = urlencode({"grant_type": JWT_BEARER, "assertion": self._assertion(operator)}).encode()
        answer = self._send("POST", TOKEN_PATH, form, {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.status in REFUSED:
            raise unauthenticated("SIGN_IN_REFUSED")
        if answer.status != 200:
            raise unavailable()
        return str(answer.body["access_token"]), float(answer.body["expires_in"])

    def call(
        self, verb: str, path: str, token: str, language: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> Answer:
        """Call a service through the gateway for the operator whose token it is.

        A change has an idempotency key: `key`, else one of its own.

        Raises Refusal UNAVAILABLE when nobody answers; what the service refuses is an answer.
        """
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        if body is None:
            return self._send(verb, path, None, headers)
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
        return self._send(verb, path, json.dumps(body, ensure_ascii=False).encode(), headers)

    def _send(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        outside_transaction(path)
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=PATIENCE_S, context=self._trust)
        try:
            connection.request(verb, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            said = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            raise unavailable(retry_after_s=1.0) from None
        finally:
            connection.close()
        return Answer(response.status, said if isinstance(said, dict) else {})

    def _assertion(self, operator: str) -> str:
        now = int(self._clock.now().timestamp())
        header = {"alg": "ES256", "typ": "JWT", "kid": self.key.thumbprint()}
        claims = {
            "iss": self.client_id,
            "sub": operator,
            "aud": self._issuer,
            "iat": now,
            "exp": now + ASSERTION_LIFE_S,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(header, claims, self.key, algorithms=["ES256"])
