"""What `make bench` says: a table for people, JSON for machines."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Line, Sample, Spread, Told

FINE_BELOW = 3


@dataclass(frozen=True, slots=True)
class Figured:
    """One figure of a line over all its rounds. `holds`: whether its aim is met; None where nothing is aimed at."""

    name: str
    unit: str
    spread: Spread
    aim: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class SideFigures:
    """What one side did: its rate, and the processor time of each part per call or event in milliseconds."""

    name: str
    rate: Spread
    cpu_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """A line that was played."""

    key: str
    title: str
    rounds: int
    sides: list[SideFigures]
    figures: list[Figured]


def result_of(line: Line, played: Sequence[Sequence[Sample]]) -> Result:
    """The figures of a line from its rounds."""
    by_side = list(zip(*played, strict=True))
    sides = [_side(side.name, samples) for side, samples in zip(line.sides, by_side, strict=True)]
    return Result(line.key, line.title, len(played), sides, [_figure(told, played) for told in line.tells])


def _side(name: str, samples: Sequence[Sample]) -> SideFigures:
    parts = sorted({part for sample in samples for part in sample.cpu_s})
    cpu_ms = {part: Spread.of([sample.cpu_ms_of(part) for sample in samples]).median for part in parts}
    return SideFigures(name, Spread.of([sample.rate for sample in samples]), cpu_ms)


def _figure(told: Told, played: Sequence[Sequence[Sample]]) -> Figured:
    spread = Spread.of([told.figure(samples) for samples in played])
    return Figured(told.name, told.unit, spread, told.aim, told.holds(spread.median) if told.holds else None)


def as_text(results: Sequence[Result]) -> str:
    """One block per line: what each side did, then each figure with minimum, median and maximum, and its aim."""
    lines: list[str] = [f"{machine()}", ""]
    for result in results:
        lines.append(f"{result.title}  ({result.key}, {result.rounds} rounds)")
        for side in result.sides:
            cpu = "  ".join(f"{part} {value:.2f}" for part, value in side.cpu_ms.items())
            lines.append(f"  {side.name:<44}{_rate(side.rate.median):>10}/s   CPU ms each: {cpu or '-'}")
        for each in result.figures:
            spread = "  ".join(map(_number, each.spread.all()))
            aim = f"aim {each.aim}" if each.aim else ""
            word = {True: "holds", False: "FALLS SHORT", None: ""}[each.holds]
            lines.append(f"    {each.name:<42}{spread:>26} {each.unit:<5} {aim:<22} {word}".rstrip())
        lines.append("")
    return "\n".join(lines)


def as_markdown(results: Sequence[Result]) -> str:
    """The table that README shows: the figures that have an aim."""
    lines = ["| line | figure | min | median | max | aim |", "|---|---|---:|---:|---:|---|"]
    for result in results:
        for each in result.figures:
            if each.holds is not None:
                values = " | ".join(map(_number, each.spread.all()))
                name = f"{each.name}, {each.unit}" if each.unit else each.name
                aim = f"{each.aim}{'' if each.holds else ' **falls short**'}"
                lines.append(f"| `{result.key}` | {name} | {values} | {aim} |")
    return "\n".join(lines)


def write(results: Sequence[Result], folder: Path) -> Path:
    """Write JSON, text and table below the folder; the text's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    whole = {"machine": machine(), "results": [asdict(result) for result in results]}
    path.with_suffix(".json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(as_markdown(results) + "\n", encoding="utf-8")
    path.with_suffix(".txt").write_text(as_text(results), encoding="utf-8")
    return path.with_suffix(".txt")


def machine() -> str:
    """The machine's size, which every figure needs beside it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB; load generator, services, PostgreSQL, Kafka on the same machine"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= FINE_BELOW else f"{value:.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
