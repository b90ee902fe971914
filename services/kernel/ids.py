"""Internal ids: UUIDv7 (RFC 9562, section 5.7), in rising order within a process.

The 48 bits of time and the 74 random bits are held as one number of 122 bits. A new id is the time now with fresh
random bits; when that would not be above the last one (same millisecond, or the clock stepped back), it is the last one
plus a random step instead. A step over the end of the random bits carries into the time, which RFC 9562 allows.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_RANDOM_BITS = 74
_RANDOM_BYTES = 10
_RANDOM_MASK = (1 << _RANDOM_BITS) - 1
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_STEP_MASK = (1 << 32) - 1
_VERSION = 7 << 76
_VARIANT = 0b10 << _LOW_BITS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Sequence:
    """Makes ids in rising order, from any number of threads. `now_ms` tells milliseconds since 1970, UTC."""

    def __init__(self, now_ms: Callable[[], int] = _now_ms) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> uuid.UUID:
        """The next id, above every one before."""
        fresh = int.from_bytes(os.urandom(_RANDOM_BYTES))
        with self._lock:
            value = (self._now_ms() << _RANDOM_BITS) | (fresh & _RANDOM_MASK)
            if value <= self._last:
                value = self._last + 1 + (fresh & _STEP_MASK)
            self._last = value
        return _laid_out(value)


def _laid_out(value: int) -> uuid.UUID:
    """Puts version and variant between the 48 + 12 + 62 bits of the value."""
    high, low = value >> _LOW_BITS, value & _LOW_MASK
    time_ms, middle = high >> 12, high & 0xFFF
    return uuid.UUID(int=(time_ms << 80) | _VERSION | (middle << 64) | _VARIANT | low)


_process = Sequence()


def _forget() -> None:
    """A forked child starts anew: it would count on from the same id as its parent, perhaps under a held lock."""
    global _process
    _process = Sequence()


os.register_at_fork(after_in_child=_forget)


def uuid7() -> uuid.UUID:
    """A new UUIDv7, above every one that this process made before."""
    return _process.next()


def uuid7_time(value: uuid.UUID) -> datetime:
    """The moment that a UUIDv7 carries, UTC, to the millisecond. ValueError when it is no UUIDv7."""
    if value.version != 7:
        raise ValueError("not a UUIDv7")
    return _EPOCH + timedelta(milliseconds=value.int >> 80)
