"""Places: the position that a report names, and the unit grid (单元网格) that it is filed in because of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.kernel import texts
from services.kernel.coordinates import LEAST_ACCURACY_M, Point
from services.kernel.errors import Violation, invalid

texts.register(
    {
        "PLACE_OUTSIDE_NET": ("该位置不在本市单元网格范围内。", "The position lies in none of the city's unit grids."),
        "PLACE_ELSEWHERE": (
            "该位置不在所填村（社区）或网格内，且超出定位精度。",
            "The position lies outside the village or grid that is named, by more than its accuracy.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Position:
    """A point in CGCS2000, right within so many metres as the device says; 0: it does not say.

    The point may be a person's home and does not show in a repr.
    """

    point: Point = field(repr=False)
    accuracy_m: float = 0.0

    @property
    def doubt_m(self) -> float:
        """Within how many metres of the point the place may be."""
        return max(self.accuracy_m, LEAST_ACCURACY_M)


class Net(Protocol):
    """The city's net of unit grids."""

    def nearest(self, point: Point, within_m: float, below: str = "") -> str | None:
        """Code of the grid that the point lies in, or else of the nearest one within so many metres.

        Of the grids of the region `below`, when it is named. On a border, and at one distance, the lowest code.
        """


class Placement(NamedTuple):
    """Where a report is filed; empty: nowhere. `broken` is the rule that its position breaks; empty: none."""

    region: str
    broken: str = ""


def place(position: Position, region: str, net: Net) -> Placement:
    """The grid of a position, for a report that names a region too, or an empty one.

    The position is to lie in the region, or no farther from it than it may be wrong: then who reported knows better
    than the device, and it is the nearest grid of that region.
    """
    point, doubt_m = position.point, position.doubt_m
    if found := net.nearest(point, doubt_m, region):
        return Placement(found)
    elsewhere = bool(region) and net.nearest(point, doubt_m) is not None
    return Placement(region, "PLACE_ELSEWHERE" if elsewhere else "PLACE_OUTSIDE_NET")


def grid_of(position: Position, net: Net) -> str:
    """The grid of a position by itself. Raises Refusal (INVALID) PLACE_OUTSIDE_NET."""
    found = net.nearest(position.point, position.doubt_m)
    if found is None:
        raise invalid(Violation("position", "PLACE_OUTSIDE_NET"))
    return found
