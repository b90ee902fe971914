"""What is measured, and how: the sides of a line take turns, so that what else the machine does hits both."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from deploy.local.children import descendants

TICKS = os.sysconf("SC_CLK_TCK")
TRACED = 0.1
"""The share of traces that is recorded behind the lines about calls and events."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one side did in one round: `done` calls or events in `seconds`.

    `cpu_s`: seconds of processor time by part ("server", "postgres", ...). `took_s`: how long single ones took, if that
    was measured. `memory`: bytes by part, if that was.
    """

    done: int
    seconds: float
    cpu_s: Mapping[str, float] = field(default_factory=dict)
    took_s: Sequence[float] = ()
    memory: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Calls or events per second."""
        return self.done / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time per call or event, all parts together."""
        return 1000 * sum(self.cpu_s.values()) / max(1, self.done)

    def cpu_ms_of(self, part: str) -> float:
        """Milliseconds of one part's processor time per call or event."""
        return 1000 * self.cpu_s.get(part, 0.0) / max(1, self.done)

    def quantile_ms(self, share: float) -> float:
        """The duration, in milliseconds, that this share of all did not exceed. NaN when none was measured."""
        if not self.took_s:
            return math.nan
        ordered = sorted(self.took_s)
        return 1000 * ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


Measure = Callable[[], Sample]
Figure = Callable[[Sequence[Sample]], float]
"""A figure of one round, from what each side did in it, the line's first side first."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things that are compared."""

    name: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class Told:
    """One figure of a line: what it is called, how it is computed from a round, and what is aimed at.

    `aim`: for people. `holds`: whether a median is good enough; None where nothing is aimed at.
    """

    name: str
    figure: Figure
    unit: str = ""
    aim: str = ""
    holds: Callable[[float], bool] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison of `make bench`."""

    key: str
    title: str
    sides: Sequence[Side]
    tells: Sequence[Told]
    warm: int = 1


Opened = AbstractContextManager[Line]
"""A line with all that it needs running; made anew for each line, and closed before the next is opened."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over all rounds."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of these values."""
        return cls(min(values), median(values), max(values))

    def all(self) -> tuple[float, float, float]:
        """Minimum, median, maximum."""
        return self.least, self.median, self.most


def play(line: Line, rounds: int, say: Callable[[str], None]) -> list[list[Sample]]:
    """Measure: `line.warm` rounds that do not count, then `rounds` that do; every round asks each side once, in turn.

    The order of the sides is turned round from one round to the next.
    """
    played: list[list[Sample]] = []
    for number in range(-line.warm, rounds):
        order = list(range(len(line.sides)))
        if number % 2:
            order.reverse()
        samples: dict[int, Sample] = {index: line.sides[index].measure() for index in order}
        each = [samples[index] for index in range(len(line.sides))]
        rates = "   ".join(f"{side.name} {sample.rate:,.0f}/s" for side, sample in zip(line.sides, each, strict=True))
        say(f"  {'warm' if number < 0 else number + 1:>5}  {rates}")
        if number >= 0:
            played.append(each)
    return played


def ratio_of_rates(first: int = 0, second: int = 1) -> Figure:
    """How many times the second side's rate the first one's is."""
    return lambda samples: samples[first].rate / samples[second].rate if samples[second].rate else math.inf


def ratio_of_cpu(first: int = 0, second: int = 1) -> Figure:
    """How many calls the first side does for the processor time that the second needs for one."""
    return lambda samples: samples[second].cpu_ms / samples[first].cpu_ms if samples[first].cpu_ms else math.inf


class Meter:
    """Processor time of process trees, by part, between its begin and its end; a context manager.

    `pids`: the first process of each tree, by the part that it counts for.
    """

    def __init__(self, pids: Mapping[str, Sequence[int]]) -> None:
        self._pids = pids
        self._before: dict[str, float] = {}
        self.cpu_s: dict[str, float] = {}
        self.seconds = 0.0

    def __enter__(self) -> Meter:
        self._before = self._now()
        self._begun = time.monotonic()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.monotonic() - self._begun
        self.cpu_s = {part: spent - self._before[part] for part, spent in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {
            part: sum(_cpu_s(pid) for root in roots for pid in descendants(root)) for part, roots in self._pids.items()
        }


def _cpu_s(pid: int) -> float:
    """User and system time of a process and of its children that ended, seconds; 0 for one that is no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS
