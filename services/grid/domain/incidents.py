"""Incidents: what can be asked of them, and what becomes of them then. Decided here, without a database.

How they stand is `standing`, which step is for whom `transitions`. Holds, merging and other ends have modules of their
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.grid.domain.catalogue import Urgency
from services.grid.domain.clocks import ClockKind, of_step
from services.grid.domain.courses import Course
from services.grid.domain.deadlines import Level, Limits, Told, coordinator_of, first_told, lowest_centre
from services.grid.domain.evidence import Proof, demand_evidence, superseded
from services.grid.domain.reference import DispatchRule, Evidence, assign
from services.grid.domain.reports import Intake, Report
from services.grid.domain.standing import BY_NO_RULE, Ruled, Standing
from services.grid.domain.states import ClosingOutcome, Command, HandlingOutcome, IncidentState, ReturnReason, Who
from services.kernel import checks, texts
from services.kernel.errors import failed_state
from services.kernel.parties import Party

texts.register(
    {
        "INCIDENT_NOT_FOUND": ("辖区内没有此网格事件。", "There is no such incident in the caller's region."),
        "SAME_DEPARTMENT": ("该部门已在办理。", "This department is in charge already."),
        "ANOTHER_INSPECTION": (
            "该事件不由此检查任务办理。",
            "This inspection is not the one that handles the incident.",
        ),
        "NOT_OVERDUE": ("当前环节尚未超期。", "The present step is not overdue."),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Standing):
    """An incident. A command returns it as it is afterwards, one version on, with the deadline of its next step."""

    @classmethod
    def file(
        cls, report: Report, *, id: UUID, case_number: str, reporter: Party, centre: str, limits: Limits, now: datetime
    ) -> Incident:
        """A report that passed `check_report` becomes an incident; seen when it was noted down, or now, if not said.

        What the public says is not filed yet: it is checked on site first.
        """
        checked_first = report.source.checked_first
        kind = ClockKind.CHECK if checked_first else ClockKind.DISPATCH
        clock = limits.begin(kind, centre, limits.of(kind), now)
        return cls(
            id=id,
            case_number=case_number,
            version=1,
            state=IncidentState.REPORTED if checked_first else IncidentState.FILED,
            intake=Intake() if checked_first else None,
            report=replace(report, seen_at=report.seen_at or report.captured_at or now),
            reporter=reporter,
            owner=centre,
            filed_at=now,
            deadline=clock.due_at,
            clocks=(clock,),
            # True codes with a false check character do exist: the registry has to confirm, the report is not refused.
            enterprise_code_doubtful=bool(report.enterprise_code)
            and not checks.social_credit_code(report.enterprise_code)[1],
        )

    # Every command raises Refusal STALE_VERSION and WRONG_STATE; NOT_THE_HOLDER or NOT_THE_REPORTER when `by` may not
    # give it; the reason of what is not given beside the state; as violations what is not said.

    def dispatch(
        self,
        *,
        seen: int,
        by: str | None,
        rules: Iterable[DispatchRule],
        named: str,
        limits: Limits,
        now: datetime,
        course: Course | None = None,
        reason: str = "",
        ruled: Ruled = BY_NO_RULE,
        urgency: Urgency = Urgency.NORMAL,
    ) -> Incident:
        """Dispatch to the department named, for a `reason` where `ruled` named it, or else as `assign` says.

        The stages of the `course` go before the time that the rules give. What another department is at work on begins
        anew; an inspection that it opened goes on by itself, and says nothing more here. Raises Refusal
        SAME_DEPARTMENT: its clock would begin anew.
        """
        step = self.led(Command.DISPATCH, seen=seen, by=by, limits=limits, now=now, department=named)
        to = assign(
            self.report.type,
            self.report.region,
            rules,
            named=named,
            default=limits.handle,
            is_department=limits.is_department,
        )
        if to.department == self.department:
            raise failed_state("SAME_DEPARTMENT")
        return self.moved(
            step,
            limits,
            now,
            department=to.department,
            dispatched_at=now,
            accepted_at=None,
            inspection_id=None,
            outside=self.answered_outside,
            handle_within=course.present.limit if course else to.limit,
            dispatch_reason=reason or to.reason,
            course=course,
            ruled=ruled,
            urgency=urgency,
        )

    def accept(self, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
        """The department in charge takes it on."""
        step = self.led(Command.ACCEPT, seen=seen, by=by, limits=limits, now=now)
        return self.moved(step, limits, now, accepted_at=now)

    def inspect(self, inspection_id: UUID, *, seen: int, by: str, limits: Limits, now: datetime) -> Incident:
        """Department `by` opened an inspection of it, which accepts it too."""
        step = self.led(Command.INSPECT, seen=seen, by=by, limits=limits, now=now)
        return self.moved(step, limits, now, accepted_at=self.accepted_at or now, inspection_id=inspection_id)

    def give_back(self, reason: ReturnReason, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
        """The department in charge returns it: to the grid centre, and the second time to a coordinator."""
        command = Command.REFER if self.returns else Command.RETURN
        step = self.led(command, seen=seen, by=by, limits=limits, now=now, reason=reason)
        return self.refiled(
            step,
            limits,
            now,
            returned_by=self.department,
            return_reason=reason,
            returns=self.returns + 1,
            coordinator=self._coordinator(limits) if command is Command.REFER else "",
        )

    def _coordinator(self, limits: Limits) -> str:
        departments = (self.department, self.returned_by or self.department)
        return coordinator_of(self.report.region, departments, limits.centre_of) or self.owner

    def handle(
        self,
        *,
        seen: int,
        by: str | None,
        limits: Limits,
        now: datetime,
        proofs: Sequence[Proof] = (),
        demanded: Iterable[Evidence] = (),
    ) -> Incident:
        """The department in charge says that it is done. Raises Refusal EVIDENCE_MISSING as violation."""
        step = self.led(Command.HANDLE, seen=seen, by=by, limits=limits, now=now)
        evidence = (*self.evidence, *proofs)
        demand_evidence(demanded, (*self.proofs, *proofs))
        return self.moved(
            step, limits, now, handled_at=now, handling_outcome=HandlingOutcome.REPORTED, evidence=evidence
        )

    def conclude(
        self, inspection_id: UUID, outcome: HandlingOutcome, *, seen: int, by: str, limits: Limits, now: datetime
    ) -> Incident:
        """Its inspection ended, which reports it handled. Raises Refusal ANOTHER_INSPECTION."""
        step = self.led(Command.HANDLE, seen=seen, by=by, limits=limits, now=now)
        if inspection_id != self.inspection_id:
            raise failed_state("ANOTHER_INSPECTION")
        return self.moved(step, limits, now, handled_at=now, handling_outcome=outcome)

    def verify(
        self,
        *,
        passed: bool,
        seen: int,
        by: str | None,
        limits: Limits,
        now: datetime,
        proofs: Sequence[Proof] = (),
        demanded: Iterable[Evidence] = (),
    ) -> Incident:
        """The grid centre looked: it is handled, or the department has to handle it again with a clock that is new.

        Raises Refusal EVIDENCE_MISSING as violation where it passes.
        """
        step = self.led(Command.PASS if passed else Command.REWORK, seen=seen, by=by, limits=limits, now=now)
        evidence = (*self.evidence, *proofs)
        if passed:
            demand_evidence(demanded, (*self.proofs, *proofs))
            return self.moved(step, limits, now, verified_at=now, evidence=evidence)
        return self.moved(step, limits, now, handled_at=None, handling_outcome=None, evidence=superseded(evidence))

    def close(
        self,
        outcome: ClosingOutcome,
        *,
        seen: int,
        by: str | None,
        limits: Limits,
        now: datetime,
        reason: str = "",
        reply: str = "",
    ) -> Incident:
        """The grid centre closes it; `reply` is for whoever reported it.

        Raises Refusal REASON_NEEDED as violation for what was not handled.
        """
        command = Command.CLOSE if outcome is ClosingOutcome.HANDLED else Command.DISMISS
        step = self.led(command, seen=seen, by=by, limits=limits, now=now, outcome=outcome, reason=reason)
        return self.moved(step, limits, now, closed_at=now, closing_outcome=outcome, closing_reason=reason, reply=reply)

    def reopen(self, *, seen: int, by: Party, limits: Limits, now: datetime) -> Incident:
        """Whoever reported it is not content. Raises Refusal REOPEN_TOO_LATE."""
        step = self.led(Command.REOPEN, seen=seen, by=by, limits=limits, now=now)
        return self.refiled(step, limits, now, closed_at=None, closing_outcome=None, closing_reason="")

    def escalate(self, *, limits: Limits, now: datetime) -> Incident:
        """The present step is overdue: the next grid centre up is told, and waits in its turn.

        Where none is on record, whoever answers for it is, in the city's stead. Raises Refusal NOT_OVERDUE.
        """
        step = self.led(Command.ESCALATE, seen=self.version, by=Who.TIMER, limits=limits, now=now)
        if not self.overdue(now):
            raise failed_state("NOT_OVERDUE")
        next_up = first_told(self.holder, limits.centre_of) if self.level is Level.GRID else self.level.above
        above = lowest_centre(self.report.region, next_up, limits.centre_of) or Told(Level.CITY, self.owner)
        clocks = of_step(self.clocks)
        return self.moved(
            step, limits, now, deadline=limits.patience(above.level, clocks, now), level=above.level,
            supervisor=above.centre, mark=limits.passed(clocks, now),
        )  # fmt: skip

    def overdue(self, now: datetime) -> bool:
        """The present step, or the level that was told last, has no time left. Without a deadline it has none."""
        return not self.provisional and (self.deadline is None or self.deadline <= now)
