"""The net of unit grids (单元网格, GB/T 30428.1, now GB/T 47678.3): closed polygons that cover a village without gap.

A grid's code is its village's 12 digits and a serial of 3, given from west to east and from north to south. What can be
told without looking at polygons is told here; the rest stands in `services.grid.geometry`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

from services.kernel import texts
from services.kernel.errors import NO_PARAMS, Params
from services.kernel.regions import Level, is_code, level_of

texts.register(
    {
        "NET_UNREADABLE": (
            "不是 UTF-8 编码的 GeoJSON 要素集合（FeatureCollection）。",
            "Not a FeatureCollection of GeoJSON in UTF-8.",
        ),
        "NET_OTHER_SYSTEM": (
            "坐标系必须是 CGCS2000 或 WGS 84，不得声明其他坐标系。",
            "Coordinates must be in CGCS2000 or WGS 84; another system is declared.",
        ),
        "NET_EMPTY": (
            "没有任何网格；要撤销整个网格图，请从目录中去掉该文件。",
            "Has no grid; to retire the whole net leave the file out of the folder.",
        ),
        "NET_CODE": ("网格代码应为 15 位数字。", "A grid's code has 15 digits."),
        "NET_SERIAL": ("网格编号自 001 起。", "A grid's serial counts from 001 on."),
        "NET_VILLAGE_UNKNOWN": (
            "代码前 12 位不是 regions.csv 中的村（社区）。",
            "The first 12 digits are no village of regions.csv.",
        ),
        "NET_DUPLICATE": ("该代码出现不止一次。", "The code stands on more than one feature."),
        "NET_NO_POLYGON": ("几何类型必须是单个面（Polygon）。", "The geometry must be one Polygon."),
        "NET_COORDINATES": (
            "坐标应为经度、纬度（度）的有限数值。",
            "Coordinates must be longitude and latitude in degrees.",
        ),
        "NET_NOT_CLOSED": (
            "环至少有四个点，且首尾点相同。",
            "A ring has four points or more, and the last is the first.",
        ),
        "NET_INVALID": ("边界自相交或不成面。", "The boundary crosses itself or encloses no area."),
        "NET_OVERLAP": (
            "与网格 {other} 重叠，深度超过 {tolerance} 米。",
            "Overlaps grid {other} by more than {tolerance} m.",
        ),
        "NET_GAP": (
            "该村（区域）网格之间有宽于 {tolerance} 米的空洞。",
            "The grids of the village or region leave a hole between them that is wider than {tolerance} m.",
        ),
        "NET_IN_PIECES": (
            "该村网格之间有宽于 {tolerance} 米的空隙，不能连成一片；飞地请标 detached。",
            "The village's grids are more than {tolerance} m apart; an exclave is marked `detached`.",
        ),
        "NET_SLIVER": (
            "与村 {other} 之间有窄于 {width} 米、无网格覆盖的狭缝。",
            "Leaves a strip narrower than {width} m to village {other} that no grid fills.",
        ),
        "NET_NUMBERING": (
            "编号紧接网格 {other}，却在其北侧或同一行的西侧；应自西向东、自北向南编号。",
            "Is numbered right after grid {other} but lies north of it, or west of it in its row; the order is west to"
            " east, north to south.",
        ),
    }
)

FORGIVEN_M = 10.0
"""How far a grid may lie against the order of numbers: what drawing by hand comes to."""


class Fault(NamedTuple):
    """What is wrong with a net: the code of the grid or village, or the feature's place in the file, and the rule."""

    at: str
    rule: str
    params: Params = NO_PARAMS

    def __str__(self) -> str:
        words = (texts.text(self.rule, language, self.params) for language in texts.LANGUAGES)
        return f"{self.at}: {self.rule}: {' '.join(words)}"


class Extent(NamedTuple):
    """The rectangle around a grid, in metres of one plane: east and north are positive."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class UnitGrid:
    """A unit grid. `boundary` is its polygon as WKB in degrees of CGCS2000, longitude first.

    `area_m2` is its area on the ellipsoid. `detached`: it is an exclave of its village (飞地).
    """

    code: str
    boundary: bytes = field(repr=False)
    area_m2: float
    extent: Extent = field(repr=False)
    detached: bool = False

    @property
    def village(self) -> str:
        """Code of its village."""
        return self.code[:12]


_PREFIXES = (12, 9, 6, 4, 2, 0)
"""Digits that a village shares with all others of itself, of its township, county, city and province, and with any."""


class Villages:
    """The villages that a net may have, and which of them it has whole."""

    def __init__(self, regions: Iterable[str], codes: Sequence[str], right: Iterable[str]) -> None:
        """`codes` are those of all features, `right` of those whose polygon is right."""
        lacking = {code[:12] for code in Counter(codes) - Counter(right)}
        drawn = {code[:12] for code in codes} - lacking
        unfinished = lacking | {code for code in regions if len(code) == 12 and code not in drawn}
        self._unfinished = {code[:length] for code in unfinished for length in _PREFIXES}

    def whole(self, prefix: str) -> bool:
        """Whether every village whose code begins so has all its grids; see `lowest_common`."""
        return prefix not in self._unfinished


def lowest_common(codes: Collection[str]) -> str:
    """What the codes of the lowest region above all these begin with: village, township, county, city or province."""
    first, last = min(codes), max(codes)
    return first[: next(length for length in _PREFIXES if first[:length] == last[:length])]


def region_code(prefix: str) -> str:
    """The code of the region whose codes begin so."""
    return prefix.ljust(6, "0")


def code_faults(codes: Iterable[str], villages: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the codes as such."""
    seen: set[str] = set()
    for code in codes:
        if not (is_code(code) and level_of(code) is Level.GRID):
            yield Fault(code, "NET_CODE")
        elif code.endswith("000"):
            yield Fault(code, "NET_SERIAL")
        elif code[:12] not in villages:
            yield Fault(code, "NET_VILLAGE_UNKNOWN")
        if code in seen:
            yield Fault(code, "NET_DUPLICATE")
        seen.add(code)


def by_village(grids: Iterable[UnitGrid]) -> Iterator[tuple[str, Sequence[UnitGrid]]]:
    """The grids of each village, in the order of their numbers."""
    ordered = sorted(grids, key=lambda grid: grid.code)
    for village, of_it in groupby(ordered, key=lambda grid: grid.village):
        yield village, list(of_it)


def numbering_faults(grids: Iterable[UnitGrid]) -> Iterator[Fault]:
    """Every grid that does not come after the one numbered before it in its village; numbers may be left out.

    Two grids stand in one row when they share more than half of the lower one's height. Of two in one row, the next
    number's middle lies no farther west than FORGIVEN_M; of two others that share no more height than FORGIVEN_M, it
    lies no farther north. All others may follow one another. So of any two grids at least one may follow the other, and
    every village can be numbered by this rule, whatever its shape.
    """
    for _, of_village in by_village(grids):
        for before, after in pairwise(of_village):
            if before.code != after.code and not _may_follow(before.extent, after.extent):
                yield Fault(after.code, "NET_NUMBERING", {"other": before.code})


def _may_follow(before: Extent, after: Extent) -> bool:
    shared = min(before.north, after.north) - max(before.south, after.south)
    if shared > min(before.north - before.south, after.north - after.south) / 2:
        return before.west + before.east <= after.west + after.east + 2 * FORGIVEN_M
    return shared > FORGIVEN_M or before.south + before.north >= after.south + after.north
