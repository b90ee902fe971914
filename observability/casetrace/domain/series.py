"""From what processes told to lines over time: one value for each stretch of the window, None where nobody told.

Counts only grow while a process lives. What lies between two reports of one is spread evenly over the time between
them, and the lives of all processes of a service are added up, so restarts and late reports neither lose nor double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from observability.casetrace.domain.reports import SILENT_AFTER, Process, Report

# Hours that the page shows, and how many minutes one stretch of them is.
STRETCHES: Mapping[int, int] = {1: 1, 3: 3, 12: 15, 48: 60}

Line = tuple[float | None, ...]
Counted = tuple[datetime, int]


class Window(NamedTuple):
    """So many stretches of time, one behind the other."""

    start: datetime
    stretch: timedelta
    stretches: int

    @property
    def end(self) -> datetime:
        """Where the last stretch ends."""
        return self.start + self.stretches * self.stretch

    def place(self, at: datetime) -> float:
        """Where a moment lies, in stretches from the start."""
        return (at - self.start) / self.stretch


@dataclass(frozen=True, slots=True)
class Series:
    """How one service went. Rates are per minute, times in seconds; of what stands at a moment, the most it was."""

    window: Window
    calls: Line
    failed: Line
    p50: Line
    p99: Line
    outbox_depth: Line
    outbox_age: Line
    lag: Line
    parked: Line


def window_of(now: datetime, hours: int) -> Window:
    """The last hours as whole stretches; the one that goes on now is the last."""
    stretch = timedelta(minutes=STRETCHES[hours])
    count = timedelta(hours=hours) // stretch
    begun = datetime.fromtimestamp(now.timestamp() // stretch.total_seconds() * stretch.total_seconds(), now.tzinfo)
    return Window(begun + stretch - count * stretch, stretch, count)


def series_of(reports: Sequence[Report], window: Window, bounds: Sequence[float]) -> Series:
    """The lines of one service from what its processes told, also before the window. `bounds`: of the durations."""
    lives = _lives(reports)
    told = _told(reports, window)
    elapsed = _elapsed(reports, window)
    durations = [_grown(lives, window, _duration(place)) for place in range(len(bounds) + 1)]

    def rate(counted: Callable[[Report], int | None]) -> Line:
        grown = _grown(lives, window, counted)
        return tuple(
            60 * amount / seconds if any_told and seconds > 0 else None
            for amount, seconds, any_told in zip(grown, elapsed, told, strict=True)
        )

    def share(wanted: float) -> Line:
        return tuple(quantile(wanted, counts, bounds) for counts in zip(*durations, strict=True))

    return Series(
        window,
        calls=rate(lambda report: report.calls),
        failed=rate(lambda report: report.failed),
        p50=share(0.5),
        p99=share(0.99),
        outbox_depth=_most(reports, window, lambda report: report.outbox_depth),
        outbox_age=_most(reports, window, lambda report: report.outbox_age),
        lag=_lag(reports, window),
        parked=_most(reports, window, lambda report: sum(report.parkeds.values())),
    )


def quantile(wanted: float, counts: Sequence[float], bounds: Sequence[float]) -> float | None:
    """The duration that so great a share of calls stays below; None without calls.

    As Prometheus works it out: evenly within a bucket, and what lies beyond the last bound counts as that bound.
    """
    total = sum(counts)
    if total <= 0:
        return None
    rank, below, lower = wanted * total, 0.0, 0.0
    for count, upper in zip(counts, bounds, strict=False):
        if count > 0 and below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, upper
    return bounds[-1]


def _lives(reports: Iterable[Report]) -> Mapping[Process, Sequence[Report]]:
    found: dict[Process, list[Report]] = {}
    for report in sorted(reports, key=lambda report: report.at):
        found.setdefault(report.process, []).append(report)
    return found


def _grown(
    lives: Mapping[Process, Sequence[Report]], window: Window, counted: Callable[[Report], int | None]
) -> list[float]:
    """How much a count grew in each stretch, over all processes."""
    grown = [0.0] * window.stretches
    for process, reports in lives.items():
        known = [(report.at, count) for report in reports if (count := counted(report)) is not None]
        for since, until, more in _steps(process.began_at, known):
            for place, part in _spread(window.place(since), window.place(until), window.stretches):
                grown[place] += more * part
    return grown


def _steps(began_at: datetime | None, known: Sequence[Counted]) -> Iterator[tuple[datetime, datetime, int]]:
    """Each growth of a count, and between which moments. It begins with nothing, and does so anew where it falls."""
    if known and began_at is not None and began_at < known[0][0]:
        known = [(began_at, 0), *known]
    for (since, before), (until, after) in pairwise(known):
        if after != before:
            yield since, until, after - before if after > before else after


def _spread(start: float, end: float, count: int) -> Iterator[tuple[int, float]]:
    """The stretches that a span of time touches, and which part of it lies in each."""
    for place in range(max(0, int(start // 1)), min(count, int(end // 1) + 1)):
        part = (min(end, place + 1) - max(start, place)) / (end - start)
        if part > 0:
            yield place, part


def _told(reports: Iterable[Report], window: Window) -> list[bool]:
    places = {int(window.place(report.at) // 1) for report in reports}
    return [place in places for place in range(window.stretches)]


def _elapsed(reports: Sequence[Report], window: Window) -> list[float]:
    """Seconds of each stretch that are accounted for: all of it, or up to the last report."""
    last = max((window.place(report.at) for report in reports), default=0.0)
    return [window.stretch.total_seconds() * min(1.0, max(0.0, last - place)) for place in range(window.stretches)]


def _most(reports: Iterable[Report], window: Window, standing: Callable[[Report], float | None]) -> Line:
    """The most that any process told. They count the same rows of one database, so nothing is added up."""
    most: list[float | None] = [None] * window.stretches
    for report in reports:
        place, value = int(window.place(report.at) // 1), standing(report)
        if 0 <= place < window.stretches and value is not None:
            known = most[place]
            most[place] = value if known is None else max(known, value)
    return tuple(most)


def _lag(reports: Iterable[Report], window: Window) -> Line:
    """Each process tells of the partitions it takes itself, so those are added up that are there at a stretch's end."""
    by_place: dict[int, dict[Process, list[Report]]] = {}
    for report in reports:
        if report.lags:
            by_place.setdefault(int(window.place(report.at) // 1), {}).setdefault(report.process, []).append(report)
    return tuple(_lag_at_end(list(by_place.get(place, {}).values())) for place in range(window.stretches))


def _lag_at_end(by_process: Sequence[Sequence[Report]]) -> float | None:
    ends = [max(report.at for report in reports) for reports in by_process]
    there = [reports for reports, end in zip(by_process, ends, strict=True) if max(ends) - end <= SILENT_AFTER]
    return sum(max(sum(report.lags.values()) for report in reports) for reports in there) if there else None


def _duration(place: int) -> Callable[[Report], int | None]:
    return lambda report: report.seconds[place] if report.seconds is not None else None
