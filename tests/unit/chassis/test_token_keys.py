"""Which keys tokens are checked with, and where those come from."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jws

from services.chassis.keysets import FileKeeper, KeySet, read_key_set
from services.chassis.tokens import REMEMBERED, TokenVerifier
from services.kernel.clock import FixedClock
from services.kernel.errors import Kind
from tests.unit.chassis.issuing import (
    ISSUER,
    KEY,
    NOW,
    OTHER_KEY,
    Issuer,
    Keeper,
    key_set,
    refusal_of,
    token,
    verifier,
)


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
