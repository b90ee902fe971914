"""What both sides of the recount fill in: figures by department, and what was told of each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

LEVELS = ("VILLAGE", "TOWNSHIP", "COUNTY", "CITY")


class Told(NamedTuple):
    """An event of a row's incident that is no escalation: when, until when there is time then, who has it, and why.

    The time is the department's, that of a hold until its review, or that of an outside body until its answer is due.
    Of IncidentHandled it is the department's before: what it was measured by. Why is said of a dispatch, of the end of
    a hold, of what an outside body answered, and for how many days, to three, nobody decided on a request.
    """

    event: str
    at: datetime
    until: datetime | None = None
    department: str = ""
    why: str = ""

    def __str__(self) -> str:
        until = f" until {self.until:%m-%d %H:%M:%S}" if self.until else ""
        return f"{self.event} {self.at:%m-%d %H:%M:%S}{until} {self.department} {self.why}".rstrip()


@dataclass
class Book:
    """`told`: escalations by who held the incident and which level was told. `events`: of each row, in order."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))

    def add(self, department: str, figure: str) -> None:
        """One more."""
        self.counts[department, figure] += 1

    def note(self, key: str, told: Told) -> None:
        """An event of a row."""
        self.events[key].append(told)

    def figures(self) -> dict[str, dict[str, int]]:
        """All counts by department."""
        found: dict[str, dict[str, int]] = {}
        for (department, figure), count in sorted((self.counts + self.told).items()):
            found.setdefault(department, {})[figure] = count
        return found

    def differences(self, other: Book) -> list[str]:
        """Rows of which another book tells something else, with the first event that is not the same."""
        keys = sorted(self.events.keys() | other.events.keys())
        return [
            f"{key}: rows {_first(mine, theirs)}, log {_first(theirs, mine)}"
            for key in keys
            if (mine := self.events.get(key, [])) != (theirs := other.events.get(key, []))
        ]


def _first(one: list[Told], other: list[Told]) -> str:
    return next((str(each) for place, each in enumerate(one) if other[place : place + 1] != [each]), "nothing")
