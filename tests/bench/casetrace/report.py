"""What `make bench-casetrace` says: one table for reads, one for ingest, both sizes beside each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """How long calls took: the median, and what one in a hundred exceeded, in milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, took_s: Sequence[float]) -> Times:
        """Of these durations, in seconds."""
        ordered = sorted(1000 * each for each in took_s)
        return cls(ordered[len(ordered) // 2], ordered[math.ceil(0.99 * len(ordered)) - 1])

    def __str__(self) -> str:
        return f"p50 {_number(self.p50)} p99 {_number(self.p99)} ms"


@dataclass(frozen=True, slots=True)
class Ingest:
    """`done` events or spans in `seconds`; seconds of processor time by part. What takes them has one core."""

    done: int
    seconds: float
    cpu_s: dict[str, float]

    @property
    def rate(self) -> float:
        """Per second as they came."""
        return self.done / self.seconds

    @property
    def per_core(self) -> float:
        """Per second of processor time, all parts but Kafka together."""
        return self.done / sum(spent for part, spent in self.cpu_s.items() if part != "kafka")

    @property
    def cpu(self) -> str:
        """Milliseconds of processor time each, by part."""
        return "  ".join(f"{part} {1000 * spent / self.done:.3f}" for part, spent in self.cpu_s.items())


def times_row(name: str, sizes: Iterable[Times | None], aim_ms: float) -> str:
    """p50 and p99 for each size, where there is anything; the aim holds when every p99 is below it."""
    known = list(sizes)
    figures = "".join(
        f"{_number(each.p50):>8}{_number(each.p99):>8}" if each else f"{'-':>8}{'-':>8}" for each in known
    )
    holds = all(each.p99 < aim_ms for each in known if each)
    return f"  {name:<44}{figures}   < {aim_ms:.0f} ms   {'holds' if holds else 'FALLS SHORT'}"


def ingest_rows(name: str, sizes: Sequence[tuple[str, Ingest]], aim: float | None) -> list[str]:
    """A row for each size; the aim, if there is one, is of a second as they came."""
    return [
        f"  {name + ', ' + size:<58}{each.rate:>8,.0f}/s{each.per_core:>13,.0f}   {_verdict(each.rate, aim):<22}"
        f"   {each.cpu}"
        for size, each in sizes
    ]


def _verdict(rate: float, aim: float | None) -> str:
    return "-" if aim is None else f">= {aim:,.0f}   {'holds' if rate >= aim else 'FALLS SHORT'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
