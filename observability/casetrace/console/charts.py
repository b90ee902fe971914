"""Small charts as the numbers that an SVG is written with: lines with gaps where nothing was told, and a bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from observability.casetrace.domain.series import Line

WIDTH, HEIGHT = 240, 48
# A line of the full height would be cut in half at the edge.
INSET = 2
STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same stretches of time, first the one that matters most.

    `paths`, `ground`: path data, `ground` for what lies below the first line; a further line of nothing but 0 is empty.
    `top`: the value at the upper edge.
    `bound_at`: where the bound lies from the upper edge; None where it is not in sight.
    """

    paths: tuple[str, ...]
    ground: str
    top: float
    bound_at: float | None
    latest: float | None
    highest: float | None


def chart_of(lines: Sequence[Line], bound: float | None = None, least: float = 1.0) -> Chart:
    """The chart, at least up to `least`, so that what is nothing to speak of does not look like much.

    A bound that all values stay far below is out of sight, else they would all lie on the ground.
    """
    known = [value for line in lines for value in line if value is not None]
    highest = max(known, default=None)
    in_sight = bound is not None and bound > 0 and highest is not None and highest > bound / 4
    top = nice(max(least, highest or 0.0, (bound or 0.0) if in_sight else 0.0))
    first = [value for value in lines[0] if value is not None]
    return Chart(
        paths=tuple(_path(line, top) if any(line) or line is lines[0] else "" for line in lines),
        ground="".join(_ground(run) for run in _runs(lines[0], top)),
        top=top,
        bound_at=round(_y(bound, top), 1) if in_sight and bound is not None else None,
        latest=first[-1] if first else None,
        highest=max(first, default=None),
    )


def nice(most: float) -> float:
    """The smallest of 0.01, 0.02, 0.05, 0.1, 0.2, ... that holds so much."""
    size = 0.01
    while True:
        for step in STEPS:
            if step * size >= most:
                return step * size
        size *= 10


Point = tuple[float, float]


def _runs(line: Line, top: float) -> Iterator[list[Point]]:
    """The points of each unbroken part."""
    across = (WIDTH - 2 * INSET) / max(1, len(line) - 1)
    run: list[Point] = []
    for place, value in enumerate(line):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((round(INSET + place * across, 1), round(_y(value, top), 1)))
    if run:
        yield run


def _path(line: Line, top: float) -> str:
    return "".join(_stroke(run) for run in _runs(line, top))


def _stroke(run: Sequence[Point]) -> str:
    # A single point is a line of no length, which round ends make a dot.
    return f"M{_joined(run)}" + ("h0" if len(run) == 1 else "")


def _ground(run: Sequence[Point]) -> str:
    return f"M{run[0][0]:g},{HEIGHT}L{_joined(run)}V{HEIGHT}Z" if len(run) > 1 else ""


def _joined(run: Iterable[Point]) -> str:
    return "L".join(f"{x:g},{y:g}" for x, y in run)


def _y(value: float, top: float) -> float:
    return HEIGHT - INSET - (HEIGHT - 2 * INSET) * value / top
