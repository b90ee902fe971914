"""Numbers of the health page in writing: rates, times, and how many."""

from __future__ import annotations

from datetime import timedelta

from observability.casetrace.console.times import span

# What is slower is not told apart.
SLOWEST_S = 5.0
NOT_TOLD = "-"
OF_TIME = frozenset({"durations", "age"})
RATES = frozenset({"calls"})


class Numbers:
    """Numbers in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, kind: str, value: float | None) -> str:
        """A number of a chart of this kind."""
        if value is None:
            return NOT_TOLD
        if kind in OF_TIME:
            return self._time(value, bounded=kind == "durations")
        return rate(value) if kind in RATES else f"{value:,.0f}"

    def _time(self, seconds: float, *, bounded: bool) -> str:
        written = span(timedelta(seconds=seconds), self._language)
        return f"≥ {written}" if bounded and seconds >= SLOWEST_S else written


def rate(value: float) -> str:
    """So much a minute; one decimal place where that tells something."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
