"""Signing keys: made at the first start, rotated with overlap, picked up while running."""

from __future__ import annotations

import json
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jws

from services.chassis.keysets import read_key_set
from services.chassis.tokens import TokenVerifier
from services.identity import rotate_keys
from services.identity.jose import Jose
from services.identity.keys import FILE, KeyRing, KeysError, KeyState, number_key, read, rotate
from services.kernel.clock import FixedClock
from tests.unit.chassis.issuing import GOOD, ISSUER, NOW, Keeper

LATER = timedelta(minutes=10)


def states(folder: Path) -> list[KeyState]:
    return [key.state for key in read(folder)]


def test_the_first_start_makes_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    assert states(tmp_path / "keys") == [KeyState.ACTIVE, KeyState.NEXT]
    assert stat.S_IMODE((tmp_path / "keys" / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert KeyRing(tmp_path / "keys").active().kid == ring.active().kid


def test_replicas_that_start_together_make_one_set(tmp_path: Path) -> None:
    rings: list[KeyRing] = []
    threads = [threading.Thread(target=lambda: rings.append(KeyRing(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len({ring.active().kid for ring in rings}) == 1


def test_the_public_set_shows_no_private_part(tmp_path: Path) -> None:
    keys = json.loads(KeyRing(tmp_path).public_set())["keys"]
    assert len(keys) == 2
    assert all(key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in keys)


def test_a_rotation_overlaps(tmp_path: Path) -> None:
    KeyRing(tmp_path)
    now = read(tmp_path)[0].since
    old, following = read(tmp_path)
    rotated = rotate(tmp_path, now + LATER)
    assert [(key.kid, key.state) for key in rotated[:2]] == [
        (old.kid, KeyState.RETIRED),
        (following.kid, KeyState.ACTIVE),
    ]
    assert [key.kid for key in rotated] == [key.kid for key in read(tmp_path)]
    rotate(tmp_path, now + 2 * LATER)
    assert states(tmp_path) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]
    assert old.kid not in {key.kid for key in read(tmp_path)}, "its tokens have ended"


def test_a_key_that_nobody_knows_yet_does_not_sign(tmp_path: Path) -> None:
    KeyRing(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(KeysError, match="too short"):
        rotate(tmp_path, read(tmp_path)[1].since + LATER - timedelta(seconds=1))
    assert (tmp_path / FILE).read_bytes() == before


def test_a_stolen_key_is_dropped_at_once(tmp_path: Path) -> None:
    stolen = KeyRing(tmp_path).active()
    rotated = rotate(tmp_path, stolen.since, force=True)
    assert [key.state for key in rotated] == [KeyState.ACTIVE, KeyState.NEXT]
    assert stolen.kid not in {key.kid for key in rotated}


def test_a_running_replica_picks_a_rotation_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.identity.keys.LOOK_EVERY_S", 0.0)
    ring = KeyRing(tmp_path)
    before = ring.active().kid
    rotate(tmp_path, datetime.now(UTC) + LATER)
    assert ring.active().kid != before
    assert before in read_key_set(ring.public_set())


def test_damaged_keys_stop_a_start_but_not_a_running_replica(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.identity.keys.LOOK_EVERY_S", 0.0)
    ring = KeyRing(tmp_path)
    before = ring.active().kid
    for damaged in ("", "{}", '{"keys": []}', '{"keys": [{"state": "active"}]}', '{"keys": 7}'):
        (tmp_path / FILE).write_text(damaged, "utf-8")
        assert ring.active().kid == before
        with pytest.raises(KeysError):
            KeyRing(tmp_path).active()


def test_a_signed_token_is_good_to_every_service_before_and_after_a_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.keys.LOOK_EVERY_S", 0.0)
    ring = KeyRing(tmp_path)
    verifier = TokenVerifier(ISSUER, "egov", ring.public_set, FixedClock(NOW), Keeper())
    old = Jose(ring).sign(GOOD)
    header = jws.extract_compact(old.encode()).headers()
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": ring.active().kid}
    verifier.verify(old, peer_fingerprint=None)
    rotate(tmp_path, datetime.now(UTC) + LATER)
    new = Jose(ring).sign({**GOOD, "jti": "another"})
    assert verifier.verify(new, peer_fingerprint=None).client_id == "rizhao-office"
    assert verifier.verify(old, peer_fingerprint=None).client_id == "rizhao-office"


def test_the_command_rotates_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDENTITY_KEYS", str(tmp_path))
    assert rotate_keys.main([]) == 1
    assert "too short" in capsys.readouterr().err
    assert rotate_keys.main(["--force"]) == 0
    said = capsys.readouterr().out
    assert "active" in said and "next" in said and '"d"' not in said
    assert rotate_keys.main(["--what"]) == 2
    monkeypatch.delenv("IDENTITY_KEYS")
    assert rotate_keys.main([]) == 2


def test_the_key_of_numbers_is_made_once_and_private(tmp_path: Path) -> None:
    made = number_key(tmp_path)
    assert len(made) == 32
    number_key.cache_clear()
    assert number_key(tmp_path) == made
    assert (tmp_path / "number-key").stat().st_mode & 0o077 == 0
    KeyRing(tmp_path)
    rotate(tmp_path, datetime.now(UTC), force=True)
    number_key.cache_clear()
    assert number_key(tmp_path) == made
