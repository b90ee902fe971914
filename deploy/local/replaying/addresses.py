"""Addresses: cut to the block for what is shown, and brought to one form for what is compared."""

from __future__ import annotations

import re

_HOUSE_NUMBER = re.compile(r"^(\d*?)\d{1,2}(?= |$)|^(\d+)-\d{1,2}(?= |$)")
# One file writes `4853 S WOOD`, the other `4853 S WOOD ST`: the kind of street is not always said.
_KINDS_OF_STREET = frozenset(
    {
        *("AV", "AVE", "AVENUE", "BLVD", "CT", "DR", "EXPY", "HWY", "LN", "PKWY", "PL", "PLZ", "RD", "SQ", "ST"),
        *("STREET", "TER", "WAY"),
    }
)


def block_of(address: str) -> str:
    """The address at block level: `4853 S WOOD` becomes `48XX S WOOD`, `61-55 55 STREET` `61-XX 55 STREET`."""

    def hide(found: re.Match[str]) -> str:
        return f"{found[2]}-XX" if found[2] else f"{found[1]}XX"

    return _HOUSE_NUMBER.sub(hide, " ".join(address.split()), count=1)


def place_of(address: str) -> str:
    """The address in capitals, without stops and without the kind of street at its end; empty for an empty one."""
    words = address.upper().replace(".", "").split()
    while words and words[-1] in _KINDS_OF_STREET:
        words.pop()
    return " ".join(words)
