"""How an incident stands, and how a step of the table moves it. What can be asked of it stands in `incidents`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from services.grid.domain.catalogue import Urgency
from services.grid.domain.clocks import Clock, ClockKind, first_to_end, of_step
from services.grid.domain.conditions import demand_given, demand_said
from services.grid.domain.courses import Course
from services.grid.domain.deadlines import Level, Limits, Mark
from services.grid.domain.evidence import Proof, superseded
from services.grid.domain.past_clocks import returners, was_dispatched, was_filed
from services.grid.domain.reports import Intake, Report
from services.grid.domain.requests import OutsideRequest, Supervision, TimeRequest
from services.grid.domain.running import begun, moved
from services.grid.domain.states import (
    ClosingOutcome,
    Command,
    HandlingOutcome,
    IncidentState,
    ReturnReason,
    Satisfaction,
    Who,
)
from services.grid.domain.transitions import HELD_BY, TRANSITIONS, Step, command_of
from services.kernel import texts
from services.kernel.errors import Refusal, conflict, denied, failed_state
from services.kernel.parties import Party
from services.kernel.worktime.terms import Limit

texts.register({"NOT_THE_REPORTER": ("只有上报人可以执行此操作。", "Only whoever reported the incident may do this.")})


class Main(NamedTuple):
    """The main incident of a duplicate."""

    id: UUID
    case_number: str


class Ruled(NamedTuple):
    """The routing rule that decided a dispatch, and the version of the rules; both 0 where none did."""

    rule: int = 0
    routing: int = 0


BY_NO_RULE = Ruled()


class LastStep(NamedTuple):
    """The command by which an incident came to be as it is, and when."""

    command: Command
    at: datetime


class Which(NamedTuple):
    """An incident that somebody wants to change, who works in the region `bound` and saw version `seen`."""

    id: UUID
    bound: str
    seen: int


_STANDING_STILL = (IncidentState.ON_HOLD, IncidentState.OUTSIDE)
_SEEN_TO = (IncidentState.VERIFIED, IncidentState.CLOSED, IncidentState.VOIDED, IncidentState.MERGED)
"""What was ordered of an incident is done, or falls away, when it comes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An incident as it stands, and how a step moves it.

    `owner` is the county's grid centre: it answers for the incident all its life. `department` is the department in
    charge since the last dispatch, empty while it waits for one. `deadline` is that of the present step, or of the
    `level` that was told last; `handle_by` is all the time that the department has. `returns` counts how often it was
    returned; `coordinator` is whoever decides then whose it is. `asked` waits for the grid centre, `refusal_reason` is
    why it refused the last time, or ended the hold; `review_at` and `hold_reason` are those of a hold. A duplicate has
    a `main` incident. `intake` is that of a report which is checked first; `filed_at` is when that came in. `outside`
    is what an outside body was asked for last, `supervision` what a level above ordered, `evidence` what was handed in
    after the report; `reply` is what whoever reported it is told of the end. Reasons may hold a person's data and do
    not show in a repr. `clocks` are all that ever ran for it, as they began; `course` is that of the present handling,
    where the catalogue has stages for it; `handle_within` and `handle_by` are those of its present stage then;
    `urgency` is what was said when it was dispatched. `step` is how it came to be as it is, unless it was just loaded,
    `last` the command that it was; `ruled` by which rule where that is a dispatch, `mark` what had passed where
    somebody was told that it is late; `supervisor` is the grid centre that was told by then.
    """

    id: UUID
    case_number: str
    version: int
    state: IncidentState
    report: Report
    reporter: Party
    owner: str
    filed_at: datetime
    deadline: datetime | None
    level: Level = Level.GRID
    enterprise_code_doubtful: bool = False
    department: str = ""
    dispatched_at: datetime | None = None
    handle_within: Limit | None = None
    handle_by: datetime | None = None
    dispatch_reason: str = ""
    returned_by: str = ""
    return_reason: ReturnReason | None = None
    accepted_at: datetime | None = None
    inspection_id: UUID | None = None
    handled_at: datetime | None = None
    handling_outcome: HandlingOutcome | None = None
    verified_at: datetime | None = None
    closed_at: datetime | None = None
    closing_outcome: ClosingOutcome | None = None
    closing_reason: str = field(default="", repr=False)
    clocks: tuple[Clock, ...] = ()
    returns: int = 0
    coordinator: str = ""
    asked: TimeRequest | None = None
    review_at: datetime | None = None
    hold_reason: str = field(default="", repr=False)
    refusal_reason: str = field(default="", repr=False)
    main: Main | None = None
    satisfaction: Satisfaction | None = None
    course: Course | None = None
    intake: Intake | None = None
    outside: OutsideRequest | None = None
    evidence: tuple[Proof, ...] = ()
    reply: str = field(default="", repr=False)
    supervision: Supervision | None = None
    urgency: Urgency = Urgency.NORMAL
    last: LastStep | None = None
    step: Step | None = field(default=None, compare=False, repr=False)
    ruled: Ruled = field(default=BY_NO_RULE, compare=False, repr=False)
    mark: Mark | None = field(default=None, compare=False, repr=False)
    supervisor: str = field(default="", compare=False, repr=False)

    def code_of(self, who: Who) -> str | Party:
        """Who that is for this incident: a department code, a party, or time itself."""
        match who:
            case Who.CENTRE:
                return self.owner
            case Who.DEPARTMENT:
                return self.department
            case Who.COORDINATOR:
                return self.coordinator
            case Who.DISPATCHER:
                return self.coordinator if self.bound else self.owner
            case Who.CITY:
                return ""  # The incident does not know: `may_take` asks who is on record.
            case Who.REPORTER:
                return self.reporter
            case Who.TIMER:
                return who

    @property
    def holder(self) -> str:
        """Department that holds it now; empty once it has ended."""
        return "" if self.state.ended else str(self.code_of(HELD_BY[self.state]))

    @property
    def bound(self) -> bool:
        """A coordinator dispatched it: the department cannot return it."""
        return bool(self.coordinator) and self.state is not IncidentState.REFERRED

    @property
    def returners(self) -> frozenset[str]:
        """All departments that returned it."""
        return frozenset({*returners(self.clocks), self.returned_by} - {""})

    @property
    def by_rules(self) -> bool:
        """It can be dispatched to whom the rules say; what waits for a coordinator cannot."""
        return self.state in (IncidentState.FILED, IncidentState.DISPATCHED) and not self.bound

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """All that was handed in, with the report and later."""
        return (*self.report.evidence, *self.evidence)

    @property
    def answered_outside(self) -> OutsideRequest | None:
        """What an outside body has answered: a request that waits ends with the handling that it was of."""
        return self.outside if self.outside and self.outside.answer else None

    @property
    def clock(self) -> Clock | None:
        """That of the present step; None where none was kept."""
        return first_to_end(of_step(self.clocks))

    @property
    def decision(self) -> Clock | None:
        """That of the grid centre, which is asked for a hold or an extension; None where it is not.

        The release before leaves it running when it moves the incident on.
        """
        if self.state is not IncidentState.ACCEPTED or self.asked is None:
            return None
        return next((each for each in self.clocks if each.running and each.kind is ClockKind.DECIDE), None)

    @property
    def order(self) -> Supervision | None:
        """What a level above ordered and still waits for; None while it is said to be handled since.

        The release before leaves it when it ends the incident.
        """
        given = self.supervision
        if given is None or (self.state, Command.REMIND) not in TRANSITIONS:
            return None
        return None if self.handled_at and given.ordered_at < self.handled_at else given

    @property
    def without_stages(self) -> bool:
        """The catalogue has no stages for its urgency: it has the time of a normal one."""
        timed = self.course.present.urgency if self.course else Urgency.NORMAL
        return self.urgency is not Urgency.NORMAL and self.urgency is not timed

    @property
    def provisional(self) -> bool:
        """The calendar ends before the present step's time does: the deadline is where it ends."""
        return self.level is Level.GRID and self.clock is not None and not self.clock.known

    def led(
        self, command: Command, *, seen: int, by: str | Party | None, limits: Limits, now: datetime, **said: object
    ) -> Step:
        """The step that a command of `by` takes, who saw version `seen`; `said` is what they said with it, by need."""
        if seen != self.version:
            raise self.stale(to_reporter=isinstance(by, Party))
        step = TRANSITIONS.get((self.state, command))
        if step is None:
            raise failed_state("WRONG_STATE", state=self.state.value)
        if not self.may_take(step, by, limits):
            raise self._not_for(step, by)
        demand_given(step, self, limits, now)
        demand_said(step, said)
        return step

    def _not_for(self, step: Step, by: str | Party | None) -> Refusal:
        """Why somebody may not take a step: it is for another, or the coordinator bound the county's grid centre."""
        if Who.DISPATCHER in step.by and by and by == self.owner:
            return failed_state("DISPATCH_BINDS")
        return denied("NOT_THE_REPORTER" if Who.REPORTER in step.by else "NOT_THE_HOLDER")

    @property
    def on_the_way_in(self) -> IncidentState | None:
        """Where a report that is not filed is, or was when it was merged; None for one that is filed."""
        if self.intake is None or was_filed(self.clocks):
            return None
        return IncidentState.CHECKED if self.intake.checked_at else IncidentState.REPORTED

    @property
    def just_filed(self) -> bool:
        """It waits for its first dispatch."""
        return self.state is IncidentState.FILED and not self.returns and not was_dispatched(self.clocks)

    def may_take(self, step: Step, by: str | Party | None, limits: Limits) -> bool:
        """The step is for this department, this party, or time."""
        city = limits.centre_of(Level.CITY.region_of(self.report.region)) if Who.CITY in step.by else ""
        return bool(by) and by in [city, *(self.code_of(each) for each in step.by)]

    def stale(self, *, to_reporter: bool) -> Refusal:
        """The refusal of a change by somebody who saw another version: with what it is now, and what was done last.

        Whoever reported it is not told what departments do with one another.
        """
        shown = self.last if not to_reporter else None
        last: dict[str, Any] = {"command": shown.command.value, "at": shown.at.isoformat()} if shown else {}
        return conflict("STALE_VERSION", version=self.version, state=self.state.value, holder=self.holder, **last)

    def overtook(self, change: Standing) -> Refusal:
        """The refusal of a change that somebody made of the version before this one."""
        return self.stale(to_reporter=change.step is not None and Who.REPORTER in change.step.by)

    def moved(
        self,
        step: Step,
        limits: Limits,
        now: datetime,
        *,
        units: float = 0,
        going_on: Clock | None = None,
        **changes: Any,
    ) -> Self:
        """One version on, where the step leads; where it moves clocks, with their deadline.

        The level that was told stands for as long as a clock that still runs is late: nobody gets rid of it by a step
        that leaves the late work to be done. `units`: how many more a clock gets that the step extends. `going_on`: the
        clock whose time one that starts goes on counting.
        """
        changes = {"mark": None, **_over(self.state, step.to), **changes}
        last = LastStep(command_of(self.state, step), now)
        after = replace(self, version=self.version + 1, state=step.to, step=step, last=last, **changes)
        if not step.moves_clocks:
            return after
        clocks = (
            *(moved(each, step, limits, now, units) for each in self.clocks),
            *(begun(kind, after, step, limits, now, going_on) for kind in step.starts),
        )
        mine = of_step(clocks)
        first = first_to_end(mine)
        # Also when it ended just now: what was on hold has its time without the hold.
        handling = next((each for each in reversed(clocks) if each.kind is ClockKind.HANDLE), None)
        handle_by = handling.due_at if handling and after.department else after.handle_by
        without = {IncidentState.ON_HOLD: after.review_at, IncidentState.ACCEPTED: handle_by}.get(step.to)
        level = self.level if any(each.late(now) for each in mine) else Level.GRID
        deadline = self._waits(mine, limits, now) if first and level is not Level.GRID else first and first.due_at
        return replace(after, clocks=clocks, deadline=deadline or without, handle_by=handle_by, level=level)

    def _waits(self, clocks: Iterable[Clock], limits: Limits, now: datetime) -> datetime | None:
        """Until when the level waits that was told: as before, or once more when a clock had stood still."""
        return limits.patience(self.level, clocks, now) if self.state in _STANDING_STILL else self.deadline

    def refiled(self, step: Step, limits: Limits, now: datetime, **changes: Any) -> Self:
        """With the grid centre or a coordinator, as before any dispatch."""
        blank: dict[str, Any] = dict.fromkeys(
            ("dispatched_at", "handle_within", "handle_by", "accepted_at", "handled_at", "handling_outcome",
             "verified_at", "inspection_id", "main", "course"),
        )  # fmt: skip
        blank |= dict.fromkeys(("department", "dispatch_reason", "coordinator", "reply"), "")
        blank |= {"evidence": superseded(self.evidence), "urgency": Urgency.NORMAL, "outside": self.answered_outside}
        return self.moved(step, limits, now, **{**blank, **changes})


def _over(at: IncidentState, to: IncidentState) -> dict[str, Any]:
    """What is no longer so when it comes from one state to another, by field."""
    over: dict[str, Any] = {}
    if to is not IncidentState.ACCEPTED:
        over |= {"asked": None, "refusal_reason": ""}
    if to is not IncidentState.ON_HOLD:
        over |= {"review_at": None, "hold_reason": ""}
    if to in _SEEN_TO and to is not at:
        over["supervision"] = None
    return over
