"""Waiting for a condition, with a deadline: no test sleeps for a while and hopes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

WITHIN_S = 60.0
ASK_EVERY_S = 0.05

Found = TypeVar("Found")


def wait_for(
    what: str, look: Callable[[], Found], *, within_s: float = WITHIN_S, every_s: float = ASK_EVERY_S
) -> Found:
    """Look again and again until there is something; what was found. AssertionError names what did not come."""
    end = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s:.0f} s: {what}; last seen: {found!r}")
        time.sleep(every_s)
    return found
