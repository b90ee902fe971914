"""The report of a run, as text and as JSON."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.checker import Finding, repeats
from tests.chaos.records import Books, Told

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done. `recovery`: seconds from its end to the last effect of a report filed then; None: none."""

    name: str
    kind: str
    recovery: float | None


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
    faults: Mapping[str, int]
    recoveries: Mapping[str, float]
    quiet_after: float
    findings: Sequence[Finding] = field(default_factory=tuple)

    @property
    def fault_count(self) -> int:
        """How many faults were done."""
        return sum(self.faults.values())

    def as_json(self) -> str:
        """Everything, for machines."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    def as_text(self) -> str:
        """Everything, for people."""
        lines = [
            f"seed {self.seed}, {self.seconds:.0f} s, {self.cores} cores, {self.memory >> 30} GB",
            f"faults {self.fault_count:,} of {len(self.faults):,} kinds",
            f"commands acknowledged {self.commands[Told.ACKNOWLEDGED]:,}, refused {self.commands[Told.REFUSED]:,}, "
            f"unknown {self.commands[Told.UNKNOWN]:,}; sent {self.commands['sent']:,} times",
            f"events {self.events:,}, effects {self.effects:,}, notices {self.notices:,}, mails {self.mails:,}",
            f"allowed repeats: records in Kafka {self.repeated_records:,}, mails {self.repeated_mails:,}",
            f"quiet {self.quiet_after:.1f} s after the last fault",
            "",
            f"{'fault':<48}{'times':>6}{'longest recovery':>20}",
        ]
        for name, count in sorted(self.faults.items()):
            longest = self.recoveries.get(name)
            lines.append(f"{name:<48}{count:>6}{f'{longest:.1f} s' if longest is not None else '-':>20}")
        lines += ["", self._verdict()]
        lines += [f"  {finding.rule}: {finding.about}" for finding in self.findings[:SHOWN]]
        return "\n".join(lines) + "\n"

    def _verdict(self) -> str:
        if not self.findings:
            return "lost 0, doubled 0"
        rules = Counter(finding.rule for finding in self.findings)
        return "NOT AS IT SHOULD BE: " + ", ".join(f"{rule} ({count:,})" for rule, count in rules.items())


def report(
    books: Books, findings: Sequence[Finding], done: Sequence[Done], *, seed: int, seconds: float, quiet_after: float
) -> Report:
    """Count what the books hold."""
    told = Counter(str(command.told) for command in books.commands)
    longest: dict[str, float] = defaultdict(float)
    for fault in done:
        if fault.recovery is not None:
            longest[fault.name] = max(longest[fault.name], fault.recovery)
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
        faults=dict(Counter(fault.name for fault in done)),
        recoveries=dict(longest),
        quiet_after=quiet_after,
        findings=tuple(findings),
    )
