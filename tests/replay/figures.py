"""What each department did in the year: the figures that both sides have, and the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

FIGURES = (
    "filed", "in time", "late", "running", "duplicates", "returned", "reworked",
    "held", "extended", "outside", "reopened", "closed",
    "VILLAGE", "TOWNSHIP", "COUNTY", "CITY",
)  # fmt: skip
"""The columns. README.md says what each counts."""
TOTAL = "all"

Figures = dict[str, dict[str, int]]
"""Counts by department and figure; what is missing is none."""


class Tally:
    """Counts that grow."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, department: str, figure: str, count: int = 1) -> None:
        """So many more."""
        self._counts[department, figure] += count

    def figures(self) -> Figures:
        """What was counted, by department."""
        found: Figures = {}
        for (department, figure), count in sorted(self._counts.items()):
            found.setdefault(department, {})[figure] = count
        return found


def table(figures: Mapping[str, Mapping[str, int]]) -> str:
    """The figures as lines of text, with the sum of all departments at the end."""
    total = {figure: sum(row.get(figure, 0) for row in figures.values()) for figure in FIGURES}
    head = f"{'department':<12}" + "".join(f"{figure.lower():>{_width(figure)}}" for figure in FIGURES)
    lines = [
        f"{department:<12}" + "".join(f"{row.get(figure, 0):>{_width(figure)},}" for figure in FIGURES)
        for department, row in [*sorted(figures.items()), (TOTAL, total)]
    ]
    return "\n".join([head, *lines])


def _width(figure: str) -> int:
    return max(len(figure) + 2, 8)


def differences(one: str, ones: Figures, other: str, others: Figures) -> list[str]:
    """Every figure that is not the same on both sides, in words."""
    return [
        f"{department}, {figure}: {one} {ones.get(department, {}).get(figure, 0):,},"
        f" {other} {others.get(department, {}).get(figure, 0):,}"
        for department in sorted(ones.keys() | others.keys())
        for figure in FIGURES
        if ones.get(department, {}).get(figure, 0) != others.get(department, {}).get(figure, 0)
    ]
