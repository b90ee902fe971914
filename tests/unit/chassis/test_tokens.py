"""Access tokens are checked in every service: which are good, which are refused, and what that costs."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from services.chassis.keysets import FileKeeper, KeySet, read_key_set
from services.chassis.tokens import LONGEST_TOKEN, REMEMBERED, Claims, TokenVerifier
from services.kernel.clock import FixedClock
from services.kernel.errors import Kind, Refusal

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ISSUER = "https://gateway.rizhao.example"
KEY = ECKey.generate_key("P-256", private=True)
OTHER_KEY = ECKey.generate_key("P-256", private=True)
PERSON = "019b76da-a800-7181-9950-d99e1baeefcf"
FINGERPRINT = "A" * 43
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": ["egov"],
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
    "jti": "019b76da-a800-7000-8000-000000000001",
    "sub": PERSON,
    "client_id": "rizhao-office",
    "scope": "grid.incidents.file grid.incidents.read",
    "department": "371102-SCJG",
    "region": "371102",
    "roles": ["officer"],
    "acr": "AL2",
}


class Keeper:
    """Keeps the key set in memory."""

    def __init__(self, kept: str | None = None) -> None:
        self.kept = kept

    def load(self) -> str | None:
        return self.kept

    def save(self, jwks_json: str) -> None:
        self.kept = jwks_json


class Issuer:
    """Publishes keys, unless it is down; counts how often it was asked."""

    def __init__(self, *keys: ECKey) -> None:
        self.keys, self.asked, self.down = list(keys), 0, False

    def __call__(self) -> str:
        self.asked += 1
        if self.down:
            raise ConnectionError
        return key_set(*self.keys)


def key_set(*keys: ECKey) -> str:
    return json.dumps({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig"} for key in keys]})


def token(key: ECKey = KEY, *, header: dict[str, Any] | None = None, drop: str = "", **claims: Any) -> str:
    heading = {"alg": "ES256", "typ": "at+jwt", "kid": key.thumbprint(), **(header or {})}
    content = {name: value for name, value in {**GOOD, **claims}.items() if name != drop}
    return signed(heading, json.dumps(content).encode(), key)


def signed(header: dict[str, Any], payload: bytes, key: ECKey = KEY) -> str:
    """A token with whatever header and payload, which libraries refuse to sign."""
    content = f"{base64url(json.dumps(header).encode())}.{base64url(payload)}"
    assert key.private_key is not None
    r, s = decode_dss_signature(key.private_key.sign(content.encode(), ECDSA(SHA256())))
    return f"{content}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def verifier(issuer: Callable[[], str] | None = None, clock: FixedClock | None = None) -> TokenVerifier:
    return TokenVerifier(ISSUER, "egov", issuer or Issuer(KEY), clock or FixedClock(NOW), Keeper())


def refusal_of(given: str, peer: str | None = None, by: TokenVerifier | None = None) -> Refusal:
    with pytest.raises(Refusal) as refused:
        (by or verifier()).verify(given, peer_fingerprint=peer)
    return refused.value


def test_a_good_token_says_who_calls() -> None:
    assert verifier().verify(token(), peer_fingerprint=None) == Claims(
        subject=PERSON,
        client_id="rizhao-office",
        scopes=frozenset({"grid.incidents.file", "grid.incidents.read"}),
        department="371102-SCJG",
        region="371102",
        roles=frozenset({"officer"}),
        level=2,
        not_before=NOW,
        expires_at=NOW + timedelta(seconds=300),
        binding=None,
    )


def test_a_client_that_speaks_for_itself_is_no_person() -> None:
    own = {name: GOOD[name] for name in ("iss", "aud", "iat", "exp", "jti", "client_id", "region")}
    claims = verifier().verify(
        signed(
            {"alg": "ES256", "typ": "application/AT+JWT", "kid": KEY.thumbprint()},
            json.dumps({**own, "aud": "egov", "sub": "rizhao-office"}).encode(),
        ),
        peer_fingerprint=FINGERPRINT,
    )
    assert (claims.vouched, claims.department, claims.level, claims.scopes) == (None, None, 0, frozenset())


def test_a_token_of_an_enterprise_names_it_by_its_code() -> None:
    claims = verifier().verify(token(enterprise="92371199MAB0000158", drop="department"), peer_fingerprint=None)
    assert (claims.vouched, claims.enterprise) == (PERSON, "92371199MAB0000158")


@pytest.mark.parametrize(
    ("claim", "given"),
    [
        ("iss", token(iss="https://else.example")),
        ("aud", token(aud=["else"])),
        ("aud", token(drop="aud")),
        ("sub", token(drop="sub")),
        ("sub", token(sub=7)),
        ("client_id", token(client_id="")),
        ("jti", token(drop="jti")),
        ("iat", token(drop="iat")),
        ("exp", token(drop="exp")),
        ("exp", token(exp="soon")),
        ("exp", token(exp=True)),
        ("exp", token(exp=float("inf"))),
        ("exp", token(exp=1e300)),
        ("nbf", token(nbf=None)),
        ("nbf", token(nbf=GOOD["iat"] + 11)),
        ("nbf", token(iat=GOOD["iat"] + 11)),
        ("scope", token(scope=["grid.incidents.file"])),
        ("roles", token(roles="officer")),
        ("roles", token(roles=[1])),
        ("acr", token(acr="AL9")),
        ("acr", token(acr=["AL2"])),
        ("cnf", token(cnf={"jkt": "x"})),
        ("cnf", token(cnf="x")),
        ("enterprise", token(enterprise="")),
        ("enterprise", token(enterprise=None)),
        ("enterprise", token(enterprise="9237")),
        ("enterprise", token(enterprise="92371199MAB0000158", sub="rizhao-office")),
        ("typ", token(header={"typ": "JWT"})),
        ("typ", token(header={"typ": None})),
        ("typ", token(header={"typ": ["at+jwt"]})),
        ("kid", token(header={"kid": 7})),
        ("kid", token(header={"kid": None})),
        ("alg", token(header={"alg": 7})),
        ("alg", token(header={"alg": "ES384"})),
        ("crit", token(header={"crit": ["exp"], "exp": 1})),
        ("crit", token(header={"b64": True, "crit": ["b64"]})),
        ("form", token(header={"x": "unknown to the library"})),
        ("length", "a" * (LONGEST_TOKEN + 1)),
        ("form", ""),
        ("form", "a.b"),
        ("form", "a.b.c.d"),
        ("form", "Zürich.日照.\ud800"),
        ("form", token().replace(".", "")),
    ],
    ids=itertools.count(),
)
def test_a_token_that_says_the_wrong_thing_is_refused(claim: str, given: str) -> None:
    refusal = refusal_of(given)
    assert (refusal.reason, refusal.kind) == ("TOKEN_INVALID", Kind.UNAUTHENTICATED)
    assert refusal.params["claim"] == claim


def test_no_algorithm_and_no_other_algorithm_is_accepted() -> None:
    kid = KEY.thumbprint()
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    by_public_key = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    rsa = RSAKey.generate_key(2048, private=True)
    for given in (
        token(header={"alg": "none"}),
        token(header={"alg": "none"}).rpartition(".")[0] + ".",
        token(header={"alg": ""}),
        signed({"typ": "at+jwt", "kid": kid}, json.dumps(GOOD).encode()),
        jws.serialize_compact(by_public_key, json.dumps(GOOD), public, algorithms=["HS256"]),
        jws.serialize_compact({**by_public_key, "alg": "RS256"}, json.dumps(GOOD), rsa, algorithms=["RS256"]),
    ):
        assert refusal_of(given).reason == "TOKEN_INVALID"


def test_a_key_that_the_token_brings_along_counts_for_nothing() -> None:
    own = OTHER_KEY.as_dict(private=False)
    assert refusal_of(token(OTHER_KEY, header={"jwk": own, "kid": KEY.thumbprint()})).reason == "TOKEN_INVALID"
    assert refusal_of(token(OTHER_KEY, header={"jku": "https://else.example", "kid": "new"})).reason == "TOKEN_INVALID"


def test_a_changed_token_is_refused() -> None:
    header, payload, signature = token().split(".")
    wider = base64url(json.dumps({**GOOD, "scope": "operations.act"}).encode())
    assert refusal_of(f"{header}.{wider}.{signature}").params["claim"] == "signature"
    assert refusal_of(f"{header}.{payload}.").params["claim"] == "signature"
    assert refusal_of(f"{header}.{payload}.{signature[:-4]}").params["claim"] == "signature"


def test_what_is_signed_and_no_object_is_refused() -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.thumbprint()}
    for payload in (b"[]", b"7", b"{", b"", b"\xff\xff", b"[" * 5000):
        assert refusal_of(signed(header, payload)).params["claim"] == "payload"


def test_a_token_ends_ten_seconds_after_its_end_also_when_it_was_seen_before() -> None:
    clock, given = FixedClock(NOW), token()
    checking = verifier(clock=clock)
    checking.verify(given, peer_fingerprint=None)
    clock.advance(timedelta(seconds=309))
    checking.verify(given, peer_fingerprint=None)
    clock.advance(timedelta(seconds=1))
    assert refusal_of(given, by=checking).reason == "TOKEN_EXPIRED"
    assert refusal_of(given, by=verifier(clock=clock)).reason == "TOKEN_EXPIRED"


def test_ten_seconds_of_skew_are_allowed_at_the_beginning() -> None:
    verifier().verify(token(iat=GOOD["iat"] + 10, nbf=GOOD["iat"] + 10), peer_fingerprint=None)


def test_a_bound_token_needs_its_tls_identity() -> None:
    given, checking = token(cnf={"x5t#S256": FINGERPRINT}), verifier()
    assert checking.verify(given, peer_fingerprint=FINGERPRINT).binding == FINGERPRINT
    for peer in (None, "", "B" * 43):
        assert refusal_of(given, peer, checking).reason == "TOKEN_NOT_BOUND"


def test_a_busy_client_costs_one_check_per_token(monkeypatch: pytest.MonkeyPatch) -> None:
    checking, given = verifier(), token()
    checking.verify(given, peer_fingerprint=None)
    monkeypatch.setattr(jws, "validate_compact", None)
    for _ in range(5):
        checking.verify(given, peer_fingerprint=None)


def test_what_is_remembered_is_bounded_and_the_least_used_goes_first() -> None:
    checking = verifier()
    claims = checking.verify(token(), peer_fingerprint=None)
    checking._remember(b"old", KEY.thumbprint(), claims)
    for n in range(REMEMBERED + 1):
        checking._remember(n.to_bytes(4), KEY.thumbprint(), claims)
    assert len(checking._known) == REMEMBERED
    assert checking._remembered(b"old") is None


def test_a_new_key_is_fetched_at_once_but_not_more_often_than_every_ten_seconds() -> None:
    issuer, clock = Issuer(KEY), FixedClock(NOW)
    checking = verifier(issuer, clock)
    checking.verify(token(), peer_fingerprint=None)
    issuer.keys.append(OTHER_KEY)
    assert refusal_of(token(OTHER_KEY), by=checking).params["claim"] == "signature"
    clock.advance(timedelta(seconds=10))
    checking.verify(token(OTHER_KEY), peer_fingerprint=None)
    refusal_of(token(header={"kid": "made up"}), by=checking)
    refusal_of(token(header={"kid": "made up too"}), by=checking)
    assert issuer.asked == 2


def test_a_withdrawn_key_ends_its_tokens_also_those_seen_before() -> None:
    issuer, clock, given = Issuer(KEY), FixedClock(NOW), token()
    checking = verifier(issuer, clock)
    checking.verify(given, peer_fingerprint=None)
    issuer.keys = [OTHER_KEY]
    clock.advance(timedelta(seconds=10))
    checking.verify(token(OTHER_KEY), peer_fingerprint=None)
    assert refusal_of(given, by=checking).reason == "TOKEN_INVALID"


def test_while_the_issuer_is_down_the_last_key_set_serves() -> None:
    issuer, clock, keeper = Issuer(KEY), FixedClock(NOW), Keeper()
    TokenVerifier(ISSUER, "egov", issuer, clock, keeper).verify(token(), peer_fingerprint=None)
    issuer.down = True
    restarted = TokenVerifier(ISSUER, "egov", issuer, clock, keeper)
    assert restarted.verify(token(), peer_fingerprint=None).client_id == "rizhao-office"


def test_without_any_key_set_nobody_is_called_invalid() -> None:
    issuer, clock = Issuer(KEY), FixedClock(NOW)
    issuer.down = True
    checking = TokenVerifier(ISSUER, "egov", issuer, clock, Keeper("damaged"))
    refusal = refusal_of(token(), by=checking)
    assert (refusal.kind, refusal.retry_after_s) == (Kind.UNAVAILABLE, 10)
    issuer.down = False
    clock.advance(timedelta(seconds=10))
    checking.verify(token(), peer_fingerprint=None)


def test_an_old_key_set_is_renewed_behind_the_calls() -> None:
    asked, go = threading.Event(), threading.Event()

    def slow() -> str:
        asked.set()
        assert go.wait(10)
        return key_set(OTHER_KEY)

    keys = KeySet(slow, FixedClock(NOW), Keeper(key_set(KEY)))
    assert keys.key(KEY.thumbprint()) is not None
    assert asked.wait(10)
    assert keys.key(KEY.thumbprint()) is not None, "a call does not wait for the renewal"
    go.set()
    until = time.monotonic() + 10
    while keys.holds(KEY.thumbprint()):
        assert time.monotonic() < until
        threading.Event().wait(0.005)
    assert keys.holds(OTHER_KEY.thumbprint())


def test_only_named_signing_keys_are_taken() -> None:
    public = KEY.as_dict(private=False)
    keys = [{**public, "kid": ""}, {**public, "kid": "e", "use": "enc"}, {"kty": "oct", "k": "AA", "kid": "o"}, "x"]
    assert read_key_set(json.dumps({"keys": [*keys, {**public, "kid": "good"}]})).keys() == {"good"}
    for damaged in ("", "[]", "{}", '{"keys": 7}'):
        with pytest.raises(ValueError):
            read_key_set(damaged)


def test_a_file_keeps_the_last_key_set(tmp_path: Path) -> None:
    keeper = FileKeeper(tmp_path / "keys.json")
    assert keeper.load() is None
    keeper.save("first")
    keeper.save("second")
    assert keeper.load() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
