"""Make the net of unit grids of the sample city: `python -m deploy.local.net`.

No geometry of Rizhao's villages is public. This one is invented: the city's bounding box (118°25′ to 119°39′ E, 35°04′
to 36°04′ N, sea included) is cut into rectangles, counties about where they lie, townships and villages anywhere in
them, each village into the three grids that the sample's identity has for it. The same `regions.csv` gives the same
net; every feature says that it is generated.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from services.grid.geometry.net import FILE

SAMPLE = Path(__file__).parent / "sample"
GRIDS = 3
WEST, MIDDLE, EAST, SOUTH, NORTH = 118.4167, 118.98, 119.65, 35.0667, 36.0667
"""Degrees; `MIDDLE` is about where 莒县 ends in the east."""


class Box(NamedTuple):
    """A rectangle, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def cut(self, share: float) -> tuple[Box, Box]:
        """Two parts, the western or northern one first, which gets this share; across the longer side."""
        if self.lies:
            at = round(self.west + (self.east - self.west) * share, 6)
            return self._replace(east=at), self._replace(west=at)
        at = round(self.north - (self.north - self.south) * share, 6)
        return self._replace(south=at), self._replace(north=at)

    @property
    def lies(self) -> bool:
        """It is wider than high, on the ground at these latitudes."""
        return (self.east - self.west) * 0.81 > self.north - self.south

    def ring(self) -> list[tuple[float, float]]:
        """Its border as GeoJSON has it: counterclockwise, closed, longitude first."""
        west, south, east, north = self
        return [(west, south), (east, south), (east, north), (west, north), (west, south)]


COUNTIES = {
    "371122": Box(WEST, SOUTH, MIDDLE, NORTH),
    "371121": Box(MIDDLE, 35.62, EAST, NORTH),
    "371102": Box(MIDDLE, 35.32, EAST, 35.62),
    "371171": Box(119.4, 35.24, EAST, 35.32),
    "371103": Box(MIDDLE, SOUTH, 119.4, 35.32),
}


def grids(villages: Sequence[str]) -> Iterator[tuple[str, Box]]:
    """Every grid of the villages with its rectangle."""
    for county, box in COUNTIES.items():
        of_county = [code for code in villages if code.startswith(county)]
        townships = {township: _below(township, of_county) for township in sorted({code[:9] for code in of_county})}
        weights = {township: float(len(each)) for township, each in townships.items()}
        for township, ground in _divided(box, weights):
            for village, place in _divided(ground, dict.fromkeys(townships[township], 1.0)):
                yield from _divided(place, {f"{village}{n:03}": 1.0 for n in range(1, GRIDS + 1)}, one_by_one=True)


def _below(township: str, villages: Sequence[str]) -> list[str]:
    return sorted(code for code in villages if code.startswith(township))


def _divided(box: Box, weights: Mapping[str, float], one_by_one: bool = False) -> Iterator[tuple[str, Box]]:
    """The rectangle cut into one part for each name, by weight: halved again and again, or or `one_by_one`."""
    names = list(weights)
    if len(names) == 1:
        yield names[0], box
        return
    middle = 1 if one_by_one else len(names) // 2
    first = {name: weights[name] for name in names[:middle]}
    second = {name: weights[name] for name in names[middle:]}
    one, other = box.cut(sum(first.values()) / sum(weights.values()))
    yield from _divided(one, first, one_by_one)
    yield from _divided(other, second, one_by_one)


def geojson(villages: Sequence[str]) -> str:
    """The net as the loader reads it, a line for each grid."""
    features = (json.dumps(_feature(code, box), separators=(",", ":")) for code, box in sorted(grids(villages)))
    return '{"type":"FeatureCollection","generated":true,"features":[\n' + ",\n".join(features) + "\n]}\n"


def _feature(code: str, box: Box) -> dict[str, object]:
    geometry = {"type": "Polygon", "coordinates": [box.ring()]}
    return {"type": "Feature", "properties": {"code": code, "generated": True}, "geometry": geometry}


def villages_of(folder: Path) -> list[str]:
    """The villages of `regions.csv`."""
    with (folder / "regions.csv").open(encoding="utf-8") as sheet:
        return [row["code"] for row in csv.DictReader(sheet) if row["level"] == "village"]


def main() -> None:
    """Write the net into the folder of the sample city."""
    path = SAMPLE / f"{FILE}.gz"
    path.write_bytes(gzip.compress(geojson(villages_of(SAMPLE)).encode(), mtime=0))
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
