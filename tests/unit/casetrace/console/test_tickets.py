from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from observability.casetrace.console.tickets import AUDIENCE, read_ticket
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW

KEY, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
OPERATOR = "operator@371100-DSJ"


def ticket(key: Any = KEY, algorithm: str = "ES256", **claims: Any) -> str:
    now = int(NOW.timestamp())
    said = {
        "iss": "rizhao-ops",
        "sub": OPERATOR,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 600,
        "jti": str(uuid.uuid4()),
    }
    kept = {name: value for name, value in (said | claims).items() if value is not None}
    return jwt.encode({"alg": algorithm}, kept, key, algorithms=[algorithm])


def refused(text: str, later: timedelta = timedelta()) -> str:
    with pytest.raises(Refusal) as refusal:
        read_ticket(text, KEY, "rizhao-ops", NOW + later)
    return refusal.value.reason


def test_a_good_ticket_names_the_operator() -> None:
    good = read_ticket(ticket(), KEY, "rizhao-ops", NOW)
    assert (good.operator, good.ends_at) == (OPERATOR, NOW + timedelta(minutes=10))


def test_two_tickets_are_two_and_one_is_one() -> None:
    one = ticket()
    first, again, other = (read_ticket(text, KEY, "rizhao-ops", NOW).id for text in (one, one, ticket()))
    assert first == again != other


def test_a_ticket_ends() -> None:
    assert refused(ticket(), timedelta(minutes=10)) == "TICKET_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "rizhao-office"},
        {"aud": "https://127.0.0.1:8443"},
        {"aud": [AUDIENCE]},
        {"sub": "operator"},
        {"sub": None},
        {"jti": None},
        {"jti": "short"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"iat": None},
        {"exp": int(NOW.timestamp()) + 601},
        {"iat": int(NOW.timestamp()) + 60, "exp": int(NOW.timestamp()) + 600},
    ],
)
def test_a_ticket_must_say_all_that_a_ticket_says(claims: dict[str, Any]) -> None:
    assert refused(ticket(**claims)) == "TICKET_INVALID"


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 3000, ticket(OTHER), ticket()[:-4] + "AAAA"])
def test_a_ticket_must_be_signed_by_the_members_key(text: str) -> None:
    assert refused(text) == "TICKET_INVALID"


def test_a_ticket_signed_in_another_way_is_none() -> None:
    assert refused(ticket(OctKey.generate_key(256), "HS256")) == "TICKET_INVALID"
