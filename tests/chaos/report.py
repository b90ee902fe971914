"""The report of a run, as text and as JSON."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.checker import DOUBLED, LOST, Finding, repeats
from tests.chaos.records import Books, Disturbance, Figures, Told

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done, and when it was over. `recovered`: when a report filed then had its last effect."""

    name: str
    over: float
    recovered: float | None = None

    def recovery(self, disturbances: Sequence[Disturbance]) -> float | None:
        """Seconds until that effect since nothing was disturbed any more by this fault and those that fell into it."""
        if self.recovered is None:
            return None
        later = (other.ended for other in disturbances if self.over < other.ended <= self.recovered)
        return self.recovered - max([self.over, *later])


@dataclass(frozen=True, slots=True)
class Report:
    """What a run showed."""

    seed: int
    seconds: float
    cores: int
    memory: int
    commands: Mapping[str, int]
    events: int
    effects: int
    notices: int
    mails: int
    repeated_records: int
    repeated_mails: int
    retried: int
    faults: Mapping[str, int]
    recoveries: Mapping[str, float]
    quiet_after: float
    figures: Mapping[str, tuple[Figures, Figures]]
    findings: Sequence[Finding] = field(default_factory=tuple)

    @property
    def lost(self) -> int:
        """Findings that something is not there."""
        return sum(finding.rule in LOST for finding in self.findings)

    @property
    def doubled(self) -> int:
        """Findings that something is there more than once, or that nobody asked for."""
        return sum(finding.rule in DOUBLED for finding in self.findings)

    @property
    def fault_count(self) -> int:
        """How many faults were done."""
        return sum(self.faults.values())

    def as_json(self) -> str:
        """Everything, for machines."""
        said = asdict(self) | {"lost": self.lost, "doubled": self.doubled}
        return json.dumps(said, ensure_ascii=False, indent=1)

    def as_text(self) -> str:
        """Everything, for people."""
        lines = [
            f"seed {self.seed}, {self.seconds:.0f} s, {self.cores} cores, {self.memory >> 30} GB",
            f"faults {self.fault_count:,} of {len(self.faults):,} kinds",
            f"commands acknowledged {self.commands[Told.ACKNOWLEDGED]:,}, refused {self.commands[Told.REFUSED]:,}, "
            f"unknown {self.commands[Told.UNKNOWN]:,}; sent {self.commands['sent']:,} times",
            f"events {self.events:,}, effects {self.effects:,}, notices {self.notices:,}, mails {self.mails:,}",
            f"allowed repeats: records in Kafka {self.repeated_records:,}, mails {self.repeated_mails:,}",
            f"events whose process was ended with them in hand three times, retried by the operator {self.retried:,}",
            f"quiet {self.quiet_after:.1f} s after the last fault",
            "",
            f"{'fault':<48}{'times':>6}{'longest recovery':>20}",
        ]
        for name, count in sorted(self.faults.items()):
            longest = self.recoveries.get(name)
            lines.append(f"{name:<48}{count:>6}{f'{longest:.1f} s' if longest is not None else '-':>20}")
        lines += ["", f"{'part':<20}{'open files':>16}{'threads':>16}{'memory, MB':>16}"]
        for part, (before, after) in sorted(self.figures.items()):
            files, threads = f"{before.files} -> {after.files}", f"{before.threads} -> {after.threads}"
            lines.append(f"{part:<20}{files:>16}{threads:>16}{f'{before.memory >> 20} -> {after.memory >> 20}':>16}")
        lines += ["", f"lost {self.lost:,}, doubled {self.doubled:,}, otherwise wrong {self._otherwise:,}"]
        rules = Counter(finding.rule for finding in self.findings)
        lines += [f"  {rule}: {count:,}" for rule, count in rules.items()]
        lines += [f"  {finding.rule}: {finding.about}" for finding in self.findings[:SHOWN]]
        return "\n".join(lines) + "\n"

    @property
    def _otherwise(self) -> int:
        return len(self.findings) - self.lost - self.doubled


def report(
    books: Books,
    findings: Sequence[Finding],
    done: Sequence[Done],
    *,
    seed: int,
    seconds: float,
    quiet_after: float,
    retried: int,
) -> Report:
    """Count what the books hold."""
    told = Counter(str(command.told) for command in books.commands)
    longest: dict[str, float] = defaultdict(float)
    for fault in done:
        if (seconds_until := fault.recovery(books.disturbances)) is not None:
            longest[fault.name] = max(longest[fault.name], seconds_until)
    records, mails = repeats(books)
    counts: dict[str, Any] = {str(each): told[str(each)] for each in Told}
    return Report(
        seed=seed,
        seconds=seconds,
        cores=os.cpu_count() or 0,
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        commands=counts | {"sent": sum(command.tries for command in books.commands)},
        events=len(books.logged),
        effects=len(books.taken),
        notices=len(books.notices),
        mails=len(books.mails),
        repeated_records=records,
        repeated_mails=mails,
        retried=retried,
        faults=dict(Counter(fault.name for fault in done)),
        recoveries=dict(longest),
        quiet_after=quiet_after,
        figures={part: (before, books.after[part]) for part, before in books.before.items() if part in books.after},
        findings=tuple(findings),
    )
