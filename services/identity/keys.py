"""Keys on disk. Signing keys: one file, replaced in one step, read again by every replica when it changes.

A signing key is *next* (published, so that verifiers know it before it is used), then *active* (signs), then *retired*
(still published, until the last token that it signed has ended).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from services.kernel.clock import SystemClock

ALGORITHM = "ES256"
FILE = "signing-keys.json"
NUMBER_KEY_FILE = "number-key"
PUBLISHED_BEFORE_USE = timedelta(minutes=10)
"""Twice as long as anyone may cache the key set."""
KEPT_AFTER_USE = timedelta(minutes=10)
"""Twice as long as a token lives."""
LOOK_EVERY_S = 1.0


class KeysError(Exception):
    """The signing keys cannot be read, or cannot be rotated yet; the text says which, without a key in it."""


class KeyState(StrEnum):
    """What a signing key is used for."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, what it is used for, and since when."""

    key: ECKey
    state: KeyState
    since: datetime

    @property
    def kid(self) -> str:
        """Key id: the key's thumbprint (RFC 7638)."""
        return self.key.thumbprint()

    def public(self) -> dict[str, Any]:
        """The public JSON Web Key."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": ALGORITHM}


class KeyRing:
    """The signing keys of a folder, made there if there are none. Safe for use from many threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._looked_at = 0.0
        self._keys: Sequence[SigningKey] = ()
        with _alone(folder):
            if not self._path.exists():
                now = SystemClock().now()
                _write(folder, [_new(KeyState.ACTIVE, now), _new(KeyState.NEXT, now)])

    def active(self) -> SigningKey:
        """The key that signs now."""
        return next(key for key in self._current() if key.state is KeyState.ACTIVE)

    def public_set(self) -> str:
        """The JSON Web Key Set (RFC 7517) of all keys that a good token may be signed with, now or soon."""
        return json.dumps({"keys": [key.public() for key in self._current()]}, separators=(",", ":"))

    def _current(self) -> Sequence[SigningKey]:
        """The keys, read again when the file was replaced; a look at the file at most once a second."""
        with self._lock:
            if not self._keys or time.monotonic() - self._looked_at >= LOOK_EVERY_S:
                self._looked_at = time.monotonic()
                self._look()
            return self._keys

    def _look(self) -> None:
        try:
            about = self._path.stat()
            seen = (about.st_ino, about.st_mtime_ns, about.st_size)
            if seen != self._seen:
                self._keys, self._seen = read(self._path.parent), seen
        except (OSError, KeysError):
            if not self._keys:  # otherwise the keys that are known go on signing
                raise


@cache
def key_ring(folder: Path) -> KeyRing:
    """The one key ring of this process for a folder."""
    return KeyRing(folder)


@cache
def number_key(folder: Path) -> bytes:
    """The key that holders' numbers are hashed with: 32 random bytes, made in the folder if there is none.

    It is kept for good and backed up apart from the database: with another key, no holder is found by number again.
    """
    path = folder / NUMBER_KEY_FILE
    with _alone(folder):
        if not path.exists():
            _replace(path, os.urandom(32))
        return path.read_bytes()


def read(folder: Path) -> list[SigningKey]:
    """The signing keys of a folder. Raises KeysError when they are damaged or not exactly one is active."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))["keys"]
        keys = [
            SigningKey(ECKey.import_key(one["jwk"]), KeyState(one["state"]), datetime.fromisoformat(one["since"]))
            for one in kept
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise KeysError(f"{FILE} is damaged: {type(error).__name__}") from None
    if [key.state for key in keys].count(KeyState.ACTIVE) != 1:
        raise KeysError(f"{FILE} must hold exactly one active key")
    return keys


def rotate(folder: Path, now: datetime, *, force: bool = False) -> list[SigningKey]:
    """Let the next key sign, retire the active one, publish a new next one, and drop what was retired long enough ago.

    `force` is for a key that was stolen: the active key is dropped at once, and its tokens with it. Without it, raises
    KeysError when verifiers may not know the next key yet.
    """
    with _alone(folder):
        rotated = list(_rotated(read(folder), now, force))
        _write(folder, rotated)
    return rotated


def _rotated(keys: Sequence[SigningKey], now: datetime, force: bool) -> Iterator[SigningKey]:
    promoted = False
    for key in keys:
        if key.state is KeyState.NEXT and not promoted:
            if not force and now - key.since < PUBLISHED_BEFORE_USE:
                ready = (key.since + PUBLISHED_BEFORE_USE).isoformat(timespec="seconds")
                raise KeysError(f"the next key is published since too short a time; ready at {ready}")
            promoted = True
            yield replace(key, state=KeyState.ACTIVE, since=now)
        elif key.state is KeyState.ACTIVE and not force:
            yield replace(key, state=KeyState.RETIRED, since=now)
        elif key.state is KeyState.RETIRED and now - key.since < KEPT_AFTER_USE:
            yield key
    if not promoted:
        yield _new(KeyState.ACTIVE, now)
    yield _new(KeyState.NEXT, now)


def _new(state: KeyState, now: datetime) -> SigningKey:
    return SigningKey(ECKey.generate_key("P-256", private=True), state, now)


def _write(folder: Path, keys: Sequence[SigningKey]) -> None:
    kept = [
        {"kid": key.kid, "state": key.state, "since": key.since.isoformat(), "jwk": key.key.as_dict(private=True)}
        for key in keys
    ]
    _replace(folder / FILE, json.dumps({"keys": kept}, indent=1).encode())


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place in one step; only its owner may read it."""
    fresh = path.with_name(f"{path.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from writing at the same time: replicas start together, and all of them want a first key."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
