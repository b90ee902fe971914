"""Incidents: what they are, and what becomes of them by whose word. Decided here, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.grid.domain.clocks import Clock, ClockKind, first_to_end
from services.grid.domain.deadlines import Level, Limits, supervisor_of
from services.grid.domain.reference import DispatchRule, assign
from services.grid.domain.reports import Report
from services.grid.domain.states import (
    TRANSITIONS,
    ClosingOutcome,
    Command,
    HandlingOutcome,
    IncidentState,
    ReturnReason,
    Who,
)
from services.kernel import checks, texts
from services.kernel.errors import Violation, conflict, denied, failed_state, invalid
from services.kernel.parties import Party
from services.kernel.worktime.terms import Limit

texts.register(
    {
        "INCIDENT_NOT_FOUND": ("辖区内没有此网格事件。", "There is no such incident in the caller's region."),
        "SAME_DEPARTMENT": ("该部门已在办理。", "This department is in charge already."),
        "ANOTHER_INSPECTION": (
            "该事件不由此检查任务办理。",
            "This inspection is not the one that handles the incident.",
        ),
        "REASON_NEEDED": ("请说明理由。", "Say why."),
        "NOT_THE_REPORTER": ("只有上报人可以申请重开。", "Only whoever reported the incident may reopen it."),
        "REOPEN_TOO_LATE": (
            "结案已超过 {limit} 天，不能重开，请重新上报。",
            "It was closed more than {limit} days ago and stays closed. Report it anew.",
        ),
        "NOT_OVERDUE": ("当前环节尚未超期。", "The present step is not overdue."),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident. A command returns it as it is afterwards, one version on, with the deadline of its next step.

    `owner` is the county's grid centre: it answers for the incident all its life. `department` is the department in
    charge since the last dispatch, empty while it waits for one. `deadline` is that of the present step, or of the
    `level` that was told last; `handle_by` is all the time that the department has. `closing_reason` may hold a
    person's data and does not show in a repr. `clocks` are all that ever ran for it, as they began.
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

    @classmethod
    def file(
        cls, report: Report, *, id: UUID, case_number: str, reporter: Party, centre: str, limits: Limits, now: datetime
    ) -> Incident:
        """A report that passed `check_report` becomes an incident; seen now when it does not say when."""
        clock = limits.begin(ClockKind.DISPATCH, centre, limits.dispatch, now)
        return cls(
            id=id,
            case_number=case_number,
            version=1,
            state=IncidentState.FILED,
            report=replace(report, seen_at=report.seen_at or now),
            reporter=reporter,
            owner=centre,
            filed_at=now,
            deadline=clock.due_at,
            clocks=(clock,),
            # True codes with a false check character do exist: the registry has to confirm, the report is not refused.
            enterprise_code_doubtful=bool(report.enterprise_code)
            and not checks.social_credit_code(report.enterprise_code)[1],
        )

    @property
    def holder(self) -> str:
        """Department that holds it now; empty once closed."""
        if self.state is IncidentState.CLOSED:
            return ""
        return self.department if self.state in (IncidentState.DISPATCHED, IncidentState.ACCEPTED) else self.owner

    @property
    def supervisor(self) -> str:
        """Department code of the grid centre of the level that was told last."""
        return supervisor_of(self.owner, self.report.region, self.level)

    @property
    def clock(self) -> Clock | None:
        """That of the present step; None where none was kept."""
        return first_to_end(self.clocks)

    @property
    def provisional(self) -> bool:
        """The calendar ends before the present step's time does: the deadline is where it ends."""
        return self.level is Level.GRID and self.clock is not None and not self.clock.known

    # Every command raises Refusal STALE_VERSION and WRONG_STATE; NOT_THE_HOLDER when `by` may not give it.

    def dispatch(
        self, *, seen: int, by: str | None, rules: Iterable[DispatchRule], named: str, limits: Limits, now: datetime
    ) -> Incident:
        """Dispatch to the department named, or else to the one that the rules give; see `assign`.

        Raises Refusal SAME_DEPARTMENT: its clock would begin anew.
        """
        state = self._led(Command.DISPATCH, seen, by)
        to = assign(self.report.type, self.report.region, rules, named=named, default=limits.handle)
        if to.department == self.department:
            raise failed_state("SAME_DEPARTMENT")
        accept = limits.begin(ClockKind.ACCEPT, to.department, limits.accept, now)
        handle = limits.begin(ClockKind.HANDLE, to.department, to.limit, now)
        return self._moved(
            state,
            now,
            accept,
            handle,
            department=to.department,
            dispatched_at=now,
            handle_within=to.limit,
            handle_by=handle.due_at,
            dispatch_reason=to.reason,
        )

    def accept(self, *, seen: int, by: str | None, now: datetime) -> Incident:
        """The department in charge takes it on."""
        return self._taken_on(self._led(Command.ACCEPT, seen, by), now, accepted_at=now)

    def inspect(self, inspection_id: UUID, *, seen: int, by: str, now: datetime) -> Incident:
        """Department `by` opened an inspection of it, which accepts it too."""
        state, accepted_at = self._led(Command.INSPECT, seen, by), self.accepted_at or now
        return self._taken_on(state, now, accepted_at=accepted_at, inspection_id=inspection_id)

    def give_back(self, reason: ReturnReason, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
        """The department in charge returns it to the grid centre."""
        state = self._led(Command.RETURN, seen, by)
        return self._refiled(state, limits, now, returned_by=self.department, return_reason=reason)

    def handle(self, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
        """The department in charge says that it is done."""
        state = self._led(Command.HANDLE, seen, by)
        clock = limits.begin(ClockKind.VERIFY, self.owner, limits.verify, now)
        return self._moved(state, now, clock, handled_at=now, handling_outcome=HandlingOutcome.REPORTED)

    def conclude(
        self, inspection_id: UUID, outcome: HandlingOutcome, *, seen: int, by: str, limits: Limits, now: datetime
    ) -> Incident:
        """Its inspection ended, which reports it handled. Raises Refusal ANOTHER_INSPECTION."""
        state = self._led(Command.HANDLE, seen, by)
        if inspection_id != self.inspection_id:
            raise failed_state("ANOTHER_INSPECTION")
        clock = limits.begin(ClockKind.VERIFY, self.owner, limits.verify, now)
        return self._moved(state, now, clock, handled_at=now, handling_outcome=outcome)

    def verify(self, *, passed: bool, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
        """The grid centre looked: it is handled, or the department has to handle it again with a clock that is new."""
        state = self._led(Command.PASS if passed else Command.REWORK, seen, by)
        if passed:
            clock = limits.begin(ClockKind.CLOSE, self.owner, limits.close, now)
            return self._moved(state, now, clock, verified_at=now)
        clock = limits.begin(ClockKind.HANDLE, self.department, self.handle_within or limits.handle, now)
        return self._moved(state, now, clock, handle_by=clock.due_at, handled_at=None, handling_outcome=None)

    def close(self, outcome: ClosingOutcome, *, seen: int, by: str | None, now: datetime, reason: str = "") -> Incident:
        """The grid centre closes it. Raises Refusal REASON_NEEDED as violation for what was not handled."""
        handled = outcome is ClosingOutcome.HANDLED
        state = self._led(Command.CLOSE if handled else Command.DISMISS, seen, by)
        if not handled and not reason.strip():
            raise invalid(Violation("reason", "REASON_NEEDED"))
        return self._moved(state, now, closed_at=now, closing_outcome=outcome, closing_reason=reason)

    def reopen(self, *, seen: int, by: Party, limits: Limits, now: datetime) -> Incident:
        """Whoever reported it is not content. Raises Refusal NOT_THE_REPORTER, REOPEN_TOO_LATE."""
        state = self._after(Command.REOPEN, seen)
        if by != self.reporter:
            raise denied("NOT_THE_REPORTER")
        if self.closed_at is None or now > self.closed_at + limits.reopen:
            raise failed_state("REOPEN_TOO_LATE", limit=limits.reopen.days)
        return self._refiled(state, limits, now, closed_at=None, closing_outcome=None, closing_reason="")

    def escalate(self, *, limits: Limits, now: datetime) -> Incident:
        """The present step is overdue: the next level up is told, and waits in its turn. Raises Refusal NOT_OVERDUE."""
        self._after(Command.ESCALATE, self.version)
        if not self.overdue(now):
            raise failed_state("NOT_OVERDUE")
        deadline = limits.patience(self.clock, now)
        return replace(self, version=self.version + 1, deadline=deadline, level=self.level.above)

    def overdue(self, now: datetime) -> bool:
        """The present step, or the level that was told last, has no time left. Without a deadline it has none."""
        return not self.provisional and (self.deadline is None or self.deadline <= now)

    def shown_to(self, department: str | None, party: Party | None = None) -> Incident:
        """As a caller may see it: only the departments that answer for it learn who the reporter is.

        They and `party`, where that is who reported, see the position; others see the grid.
        """
        if department in (self.department, self.owner) and department:
            return self
        position = self.report.position if party == self.reporter else None
        return replace(self, report=replace(self.report, reporter_citizen_number="", position=position))

    def _after(self, command: Command, seen: int) -> IncidentState:
        """The state that the command leads to, for a caller who saw version `seen`."""
        if seen != self.version:
            raise conflict("STALE_VERSION")
        if (self.state, command) not in TRANSITIONS:
            raise failed_state("WRONG_STATE", state=self.state.value)
        return TRANSITIONS[self.state, command].to

    def _led(self, command: Command, seen: int, by: str | None) -> IncidentState:
        """The state that the command of department `by` leads to."""
        state = self._after(command, seen)
        centre = TRANSITIONS[self.state, command].by is Who.CENTRE
        if not by or by != (self.owner if centre else self.department):
            raise denied("NOT_THE_HOLDER")
        return state

    def _moved(
        self, state: IncidentState, now: datetime, *begun: Clock, goes_on: ClockKind | None = None, **changes: Any
    ) -> Incident:
        """One version on, at a new step that nobody above was told of. What ran ends, but for what goes on."""
        before = (
            replace(each, ended_at=now) if each.running and each.kind is not goes_on else each for each in self.clocks
        )  # fmt: skip
        clocks = (*before, *begun)
        first = first_to_end(clocks)
        changes = {"level": Level.GRID, "deadline": first and first.due_at, **changes}
        return replace(self, version=self.version + 1, state=state, clocks=clocks, **changes)

    def _taken_on(self, state: IncidentState, now: datetime, **changes: Any) -> Incident:
        """At work: the department's clock goes on."""
        return self._moved(state, now, goes_on=ClockKind.HANDLE, deadline=self.handle_by, **changes)

    def _refiled(self, state: IncidentState, limits: Limits, now: datetime, **changes: Any) -> Incident:
        """With the grid centre again, as before any dispatch."""
        blank: dict[str, Any] = dict.fromkeys(
            ("dispatched_at", "handle_within", "handle_by", "accepted_at", "handled_at", "handling_outcome",
             "verified_at"),
        )  # fmt: skip
        clock = limits.begin(ClockKind.DISPATCH, self.owner, limits.dispatch, now)
        return self._moved(state, now, clock, department="", dispatch_reason="", **blank, **changes)
