"""The clocks of one row's incident, and who is told when one is late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from tests.replay.recount_time import DAY, LOCAL, Clock, Limit, Time

END = datetime(2026, 1, 1, tzinfo=LOCAL)
WEEK = 7 * DAY


@dataclass
class Clocks:
    """Which run, since when, who holds the incident; it climbs while nothing happens."""

    time: Time
    told: Counter[tuple[str, str]]
    since: datetime
    holder: str
    running: dict[str, Clock] = field(default_factory=dict)
    level: str = ""
    waits: datetime | None = None

    def until(self, at: datetime) -> None:
        """Time passes: who is told, and how often. What is due at the very moment of a step comes before it."""
        while (moment := self._next()) and moment <= at and moment < END:
            self.level = "CITY" if self.level or self.holder.endswith("-ZHZX") else "COUNTY"
            self.told[self.holder, self.level] += 1
            self.waits = self._patience(moment)
        self.since = at

    def _first(self) -> Clock | None:
        return min((each for each in self.running.values() if not each.still), key=lambda each: each.due, default=None)

    def _next(self) -> datetime | None:
        """While all stands still nobody is told."""
        first = self._first()
        moment = self.waits if self.level else first and first.due
        return max(moment, self.since) if first and moment else None

    def _patience(self, moment: datetime) -> datetime:
        """A day on, for the city after a week a week on; sooner where a limit has passed once, twice or three times."""
        first = self._first()
        assert first is not None
        weekly = self.level == "CITY" and moment >= first.due + WEEK
        going = [each for each in self.running.values() if not each.still]
        marks = [each.due if times == 1 else self.time.due(each, times) for each in going for times in (1, 2, 3)]
        return min([moment + (WEEK if weekly else DAY), *(mark for mark in marks if mark > moment)])

    def start(self, holder: str, **limits: Limit) -> None:
        """These clocks run from now on, and no others: nobody above was told of them."""
        self.holder, self.level, self.waits = holder, "", None
        self.running = {name: self.time.begun(holder, limit, self.since) for name, limit in limits.items()}

    def put(self, name: str, clock: Clock) -> None:
        """This one runs beside the others, or in place of the one of its name."""
        self.running[name] = clock
        self._stands(was_still=False)

    def stop(self, name: str) -> None:
        """This one ends."""
        del self.running[name]
        self._stands(was_still=False)

    def pause(self) -> None:
        """The clock for handling stands still from now on."""
        clock = self.running["handle"]
        self.put("handle", replace(clock, stood=(*clock.stood, (self.since, None))))

    def go_on(self) -> None:
        """It goes on, and the answer of an outside body is waited for no more."""
        self.running.pop("answer", None)
        clock = self.running["handle"]
        stood = (*clock.stood[:-1], (clock.stood[-1][0], self.since))
        self.running["handle"] = self.time.reckoned(replace(clock, stood=stood))
        self._stands(was_still=True)

    def _stands(self, *, was_still: bool) -> None:
        """Whoever was told stays told as long as a clock that runs is late, and waits anew after a standstill."""
        if not any(each.late(self.since) for each in self.running.values()):
            self.level, self.waits = "", None
        elif self.level and was_still:
            self.waits = self._patience(self.since)
