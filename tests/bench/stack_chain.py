"""Line `chain`: whole cases through the gateway, everything encrypted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cases import Cases, Extent, cases_on
from tests.bench.measure import Line, Meter, Sample, Side, Told
from tests.bench.stacks import by_part, running

CASES, AT_A_TIME = 120, 10
COUNTED = ("services", "gateway", "kafka", "postgres")
FEWEST_PER_CORE = 25.0
TITLE = (
    f"a case through the gateway: report to close, {AT_A_TIME} at a time, TLS everywhere, to its last notice and mail"
)


@dataclass(frozen=True, kw_only=True)
class Played(Sample):
    """Cases that were played, and how much one is."""

    extent: Extent


@contextlib.contextmanager
def chain(folder: Path) -> Iterator[Line]:
    """The whole stack, and cases on it."""
    with running(folder) as stack, cases_on(stack, AT_A_TIME) as cases:
        parts = by_part(stack)
        yield Line("chain", TITLE, [Side("cases", lambda: _measure(cases, Meter(parts)))], _tells())


def _measure(cases: Cases, meter: Meter) -> Played:
    before = cases.calls()
    with meter:
        numbers = cases.play(CASES)
        cases.wait_for_last_effects(numbers)
    extent = cases.extent(numbers, cases.calls() - before - 1)
    return Played(done=len(numbers), seconds=meter.seconds, cpu_s=meter.cpu_s, extent=extent)


def _tells() -> list[Told]:
    per_core = Told(
        "cases per second of each core that is busy",
        lambda samples: 1000 / samples[0].cpu_ms,
        "1/s",
        f">= {FEWEST_PER_CORE:.0f}",
        lambda value: value >= FEWEST_PER_CORE,
    )
    parts = [Told(f"processor time of a case, {part}", _cpu_of(part), "ms") for part in COUNTED]
    return [
        Told("cases, client on the same cores", lambda samples: samples[0].rate, "1/s"),
        per_core,
        *parts,
        Told("calls of a case, looking again counted", lambda samples: _extent(samples).calls),
        Told("events of a case, notices aside", lambda samples: _extent(samples).events),
        Told("notices of a case", lambda samples: _extent(samples).notices),
    ]


def _cpu_of(part: str) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[0].cpu_ms_of(part)


def _extent(samples: Sequence[Sample]) -> Extent:
    played = samples[0]
    assert isinstance(played, Played)
    return played.extent
