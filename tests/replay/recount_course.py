"""The course of one row: what each step makes of its incident, and what has to be in the books for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from tests.replay.recount_books import Book, Told
from tests.replay.recount_clocks import END, Clocks
from tests.replay.recount_rules import Routed, Rules, Subject
from tests.replay.recount_steps import Step
from tests.replay.recount_time import Clock, Limit

_DAY = Limit(24)


@dataclass
class Town:
    """What the courses share: the book, the rules, what departments have open, and all courses so far."""

    book: Book
    rules: Rules
    open: Counter[str] = field(default_factory=Counter)
    courses: dict[str, Course] = field(default_factory=dict)

    def last_department(self, asking: Course, at: datetime) -> str:
        """Who had the last of its type in its county, of the newest 200 of 90 days; but whoever returned it."""
        code = asking.subject.type["code"]
        alike = [each for each in self.courses.values() if each.subject.type["code"] == code]
        lately = sorted((each for each in alike if each.filed > at - timedelta(days=90)), key=lambda each: each.filed)
        for each in reversed(lately[-200:]):
            if each.subject.county == asking.subject.county and each.department not in {"", *asking.returners}:
                return each.department
        return ""


@dataclass
class Course:
    """One row's incident. `state` names what it waits for; `main` is that of a duplicate."""

    town: Town
    key: str
    subject: Subject
    main: str | None
    filed: datetime
    state: str = ""
    department: str = ""
    first: str = ""
    returned_by: str = ""
    returners: set[str] = field(default_factory=set)
    stage: int = 0
    asked: str = ""
    awaited: list[tuple[datetime, int]] = field(default_factory=list)
    until: datetime | None = None
    duplicate: bool = False
    late: defaultdict[str, bool] = field(default_factory=lambda: defaultdict(bool))

    def __post_init__(self) -> None:
        self.centre = f"{self.subject.county}-ZHZX"
        self.clocks = Clocks(self.town.rules.time, self.town.book.told, self.filed, self.centre)
        self.stages = self.town.rules.stages(self.subject)

    def go_on_until(self, at: datetime) -> None:
        """Time passes: what was asked for waits to be decided, and clocks run."""
        while self.asked and self.awaited and self.awaited[0][0] <= at:
            moment, days = self.awaited.pop(0)
            self.clocks.until(moment)
            self.tell("IncidentDecisionAwaited", self.handling.due, to=self.department, why=f"{min(days, 3)}")
        self.clocks.until(at)

    def finish(self) -> None:
        """The year is over: count it."""
        self.go_on_until(END)
        at = self.centre if self.duplicate or not self.department else self.department
        self.count(at, "filed")
        if self.state == "ended":
            self.count(at, "closed")
        if self.duplicate:
            self.count(at, "duplicates")
        elif self.department:
            running = self.clocks.running.get("handle")
            late = self.late[at] or (running is not None and running.late(END))
            self.count(at, "late" if late else "running" if running else "in time")

    @property
    def handling(self) -> Clock:
        """The department's clock."""
        return self.clocks.running["handle"]

    def tell(self, event: str, by: datetime | None = None, *, to: str = "", why: str = "") -> None:
        """An event has to be there."""
        self.town.book.note(self.key, Told(event, self.clocks.since, by, to, why))

    def count(self, department: str, figure: str) -> None:
        """One more."""
        self.town.book.add(department, figure)

    def wait(self, event: str, state: str) -> None:
        """It waits for the grid centre from then on."""
        self._to_centre(state)
        self.tell(event)

    def _to_centre(self, state: str) -> None:
        self.state = state
        self.clocks.start(self.centre, next=_DAY)

    def file(self, step: Step) -> None:
        """Where an automatic rule decides, it is sent at the same moment."""
        self.wait("IncidentFiled", "filed")
        self.ask_again(step)

    def ask_again(self, step: Step) -> None:
        """What waits for its first dispatch goes as soon as an automatic rule decides."""
        routed = self._routed() if self.state == "filed" and not self.first else Routed()
        if routed.automatic and routed.department:
            self._send(routed.department, routed.why)

    def dispatch(self, step: Step) -> None:
        """By the seat: what no rule has sent yet."""
        if self.state != "filed":
            return
        routed, other = self._routed(), "ZJJ" if self.returned_by.endswith("-HBJ") else "HBJ"
        if routed.department:
            self._send(routed.department, routed.why)
        else:
            self._send(routed.suggestion or f"{self.subject.county}-{other}", "PERSON")

    def _routed(self) -> Routed:
        town, at = self.town, self.clocks.since
        last = partial(town.last_department, self, at)
        return town.rules.routed(self.subject, at, self.returners, town.open, last)

    def _send(self, department: str, why: str) -> None:
        self.state, self.department, self.stage = "dispatched", department, 0
        self.first = self.first or department
        self.town.open[department] += 1
        self.clocks.start(department, accept=_DAY, handle=self.stages[0].limit)
        self.tell("IncidentDispatched", self.handling.due, to=department, why=why)

    def decide(self, step: Step) -> None:
        """By the coordinator."""
        self._send(self.first, "PERSON")

    def give_back(self, step: Step) -> None:
        """To the grid centre, the second time to a coordinator."""
        again = bool(self.returned_by)
        self._give_up()
        self.count(self.department, "returned")
        self.returned_by, self.department = self.department, ""
        self.returners.add(self.returned_by)
        self.wait("IncidentReferred" if again else "IncidentReturned", "referred" if again else "filed")

    def accept(self, step: Step) -> None:
        """The department takes it on."""
        self.state = "accepted"
        self.clocks.stop("accept")
        self.tell("IncidentAccepted", self.handling.due, to=self.department)

    def progress(self, step: Step) -> None:
        """A stage is done; of the whole is what counts from the dispatch."""
        if self.stage + 1 == len(self.stages):
            return
        clock, at = self.handling, self.clocks.since
        self._miss(clock)
        self.stage += 1
        limit, whole = self.stages[self.stage]
        begun = replace(clock, limit=limit, extra=0) if whole else Clock(clock.department, limit, at, at)
        self.clocks.put("handle", self.clocks.time.reckoned(begun))
        self.asked = "" if self.asked == "extension" else self.asked
        self.tell("IncidentProgressed", self.handling.due, to=self.department)

    def handle(self, step: Step) -> None:
        """In whatever stage it is."""
        due = self.handling.due
        self._give_up()
        self._to_centre("handled")
        self.tell("IncidentHandled", due, to=self.department)

    def rework(self, step: Step) -> None:
        """Once more, with a new clock for the same stage."""
        self.state = "accepted"
        self.town.open[self.department] += 1
        self.count(self.department, "reworked")
        self.clocks.start(self.department, handle=self.stages[self.stage].limit)
        self.tell("IncidentReworkOrdered", self.handling.due, to=self.department)

    def close(self, step: Step) -> None:
        """Its duplicates are closed with it."""
        self.end("IncidentClosed")
        for each in self._duplicates("merged"):
            each.clocks.since = self.clocks.since
            each.end("IncidentClosed")

    def end(self, event: str) -> None:
        """Nobody holds it any more."""
        self.state = "ended"
        self.clocks.running = {}
        self.tell(event)

    def reopen(self, step: Step) -> None:
        """By whoever reported it; its duplicates go on with it."""
        self.count(self.department, "reopened")
        self.department = ""
        self.wait("IncidentReopened", "filed")
        for each in self._duplicates("ended"):
            each.state, each.clocks.since = "merged", self.clocks.since
            each.tell("IncidentRejoined")

    def _duplicates(self, state: str) -> list[Course]:
        return [each for each in self.town.courses.values() if each.duplicate and each.main == self.key
                and each.state == state]  # fmt: skip

    def merge(self, step: Step) -> None:
        """It waits for the end of its main incident, or ends at once where there is none."""
        if self.state == "dispatched":
            self.town.open[self.department] -= 1
        self.duplicate, self.department = True, ""
        self.end("IncidentMerged" if self.main else "IncidentClosed")
        self.state = "merged" if self.main else "ended"

    def _give_up(self) -> None:
        """The department has it no more."""
        self._miss(self.handling)
        self.town.open[self.department] -= 1

    def _miss(self, clock: Clock) -> None:
        self.late[self.department] |= self.clocks.since > clock.due
