"""Region codes: GB/T 2260 (6 digits), its continuations for townships (9) and villages (12), and grids (15).

A code begins with the code of the region above it, apart from province and city, which fill up with zeros: 370000,
371100. Without those zeros, its scope prefix, every code is a prefix of all codes below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

_CODE = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,3}")


class Level(Enum):
    """Level of a region, from the highest."""

    PROVINCE = "province"
    """Province (省), 6 digits that end in 0000."""
    CITY = "city"
    """City (市), 6 digits that end in 00."""
    COUNTY = "county"
    """County or district (县、区), other 6 digits."""
    TOWNSHIP = "township"
    """Township or subdistrict (乡镇、街道), 9 digits."""
    VILLAGE = "village"
    """Village or community (村、社区), 12 digits."""
    GRID = "grid"
    """Unit grid (单元网格), 15 digits."""


_LEVEL_BY_LENGTH = {9: Level.TOWNSHIP, 12: Level.VILLAGE, 15: Level.GRID}


@dataclass(frozen=True, slots=True)
class Region:
    """A region as identity knows it; a moment that is None sets no bound."""

    code: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    name: str = ""

    def in_force(self, now: datetime) -> bool:
        """The code may be used at this moment."""
        begun = self.valid_from is None or self.valid_from <= now
        return begun and (self.valid_until is None or now < self.valid_until)


def rule_broken_by(region: Region | None, *bounds: str, now: datetime) -> str | None:
    """The rule that using a region breaks for a caller who works inside all `bounds`; None when it may be used.

    REGION_UNKNOWN when identity does not know it (None), and outside the bounds: there, for the caller, is none.
    REGION_CLOSED when its code is not in force.
    """
    if region is None or not all(within(region.code, bound) for bound in bounds):
        return "REGION_UNKNOWN"
    return None if region.in_force(now) else "REGION_CLOSED"


def is_code(text: str) -> bool:
    """Whether the text has the form of a region code of any level."""
    return _CODE.fullmatch(text) is not None


def level_of(code: str) -> Level:
    """The level of a region, told by its code's form. ValueError when it has none."""
    _demand(code)
    if len(code) > 6:
        return _LEVEL_BY_LENGTH[len(code)]
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.COUNTY


def county_of(code: str) -> str:
    """The first six digits: the county of a region, or the city or province itself. ValueError when it is no code."""
    _demand(code)
    return code[:6]


def scope_prefix(code: str) -> str:
    """What all codes in this region begin with: `37` for a province, `3711` for a city, else the code itself.

    ValueError when it is no code; above all for empty text, which would be the prefix of everything.
    """
    level = level_of(code)
    if level is Level.PROVINCE:
        return code[:2]
    return code[:4] if level is Level.CITY else code


def within(code: str, prefix: str) -> bool:
    """Whether a region lies in another, or is it. `prefix` is the other's code or its scope prefix.

    False when `prefix` is empty: no region contains nothing. ValueError when it is neither code nor scope prefix.
    """
    if not prefix:
        return False
    bare = prefix if len(prefix) in (2, 4) else scope_prefix(prefix)
    return code.startswith(bare)


def _demand(code: str) -> None:
    if not is_code(code):
        raise ValueError("not a region code")
