"""Which departments there are: what is dispatched must reach somebody."""

from __future__ import annotations

from dataclasses import dataclass

COUNTY = 6
"""Digits of a county's code."""


@dataclass(frozen=True, slots=True)
class Departments:
    """The departments on record, by code. None at all: they were not loaded yet, and any code may be one."""

    codes: frozenset[str] = frozenset()

    def has(self, code: str) -> bool:
        """It is on record."""
        return not self.codes or code in self.codes

    def serve(self, named: str, region_prefix: str) -> bool:
        """A rule for a region may name this: a code, or what the codes of departments of a county there end with."""
        if "-" in named or not self.codes:
            return self.has(named)
        places = (place for place, _, suffix in (each.partition("-") for each in self.codes) if suffix == named)
        counties = (each for each in places if len(each) == COUNTY and not each.endswith("00"))
        return any(each.startswith(region_prefix) or region_prefix.startswith(each) for each in counties)


ANY = Departments()
"""They were not loaded yet."""
