"""Whatever is asked of an incident, in whatever order, it stays a true one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.grid.domain.clocks import ClockKind
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.states import (
    TRANSITIONS,
    ClosingOutcome,
    Command,
    HandlingOutcome,
    IncidentState,
    ReturnReason,
    Who,
)
from services.grid.domain.watching import next_look
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import DAY, LIMITS

DEPARTMENTS = ("371102-CGJ", "371102-HBJ", "371100-ZJJ", "371121-CGJ", samples.CENTRE)
INSPECTIONS = (uuid7(), uuid7())
LATE = st.sampled_from((0, 0, 0, 1))
# Who asks: mostly somebody who may, sometimes nobody, sometimes anybody.
BY = st.sampled_from(("holder", "centre", "holder", "centre", None, "", "371102-HBJ", "371121-CGJ"))


RUNNING = {
    IncidentState.FILED: {ClockKind.DISPATCH},
    IncidentState.DISPATCHED: {ClockKind.ACCEPT, ClockKind.HANDLE},
    IncidentState.ACCEPTED: {ClockKind.HANDLE},
    IncidentState.HANDLED: {ClockKind.VERIFY},
    IncidentState.VERIFIED: {ClockKind.CLOSE},
    IncidentState.CLOSED: set(),
}


class IncidentMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.incident = samples.incident()
        self.now = NOW
        self.accepted = 0

    @rule(hours=st.integers(0, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(named=st.sampled_from(("", *DEPARTMENTS)), by=BY, late=LATE, hours=st.integers(1, 99))
    def dispatch(self, named: str, by: str | None, late: int, hours: int) -> None:
        before, to, caller = self.incident, named or "371102-CGJ", self.who(by)
        rules = [samples.rule("CGJ", hours)]
        why_not = self.why_not(Command.DISPATCH, caller, late)
        if why_not is None and to.startswith("371121"):
            why_not = "INVALID_ARGUMENT"
        elif why_not is None and to == before.department:
            why_not = "SAME_DEPARTMENT"
        after = self.ask(
            why_not,
            lambda: before.dispatch(
                seen=before.version - late, by=caller, rules=rules, named=named, limits=LIMITS, now=self.now
            ),
        )
        if after:
            assert (after.department, after.handle_by) == (to, self.now + timedelta(hours=hours))
            assert after.deadline == self.now + min(timedelta(hours=hours), DAY)
            assert bool(after.dispatch_reason) == (not named)

    @rule(by=BY, late=LATE)
    def accept(self, by: str | None, late: int) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.ACCEPT, caller, late)
        after = self.ask(why_not, lambda: before.accept(seen=before.version - late, by=caller, now=self.now))
        # Accepting does not stop the clock that began at dispatch.
        assert after is None or after.deadline == before.handle_by

    @rule(by=BY, inspection=st.sampled_from((0, 1)))
    def inspect(self, by: str | None, inspection: int) -> None:
        before, caller, chosen = self.incident, self.who(by) or "", INSPECTIONS[inspection]
        why_not = self.why_not(Command.INSPECT, caller, 0)
        after = self.ask(why_not, lambda: before.inspect(chosen, seen=before.version, by=caller, now=self.now))
        assert after is None or after.inspection_id == chosen

    @rule(by=BY, late=LATE, reason=st.sampled_from(ReturnReason))
    def give_back(self, by: str | None, late: int, reason: ReturnReason) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.RETURN, caller, late)
        after = self.ask(
            why_not,
            lambda: before.give_back(reason, seen=before.version - late, by=caller, limits=LIMITS, now=self.now),
        )
        assert after is None or (after.returned_by, after.return_reason) == (before.department, reason)

    @rule(by=BY, late=LATE)
    def handle(self, by: str | None, late: int) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.HANDLE, caller, late)
        after = self.ask(
            why_not, lambda: before.handle(seen=before.version - late, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or after.handling_outcome is HandlingOutcome.REPORTED

    @rule(by=BY, inspection=st.sampled_from((0, 1)))
    def conclude(self, by: str | None, inspection: int) -> None:
        before, caller, chosen = self.incident, self.who(by) or "", INSPECTIONS[inspection]
        why_not = self.why_not(Command.HANDLE, caller, 0)
        if why_not is None and before.inspection_id != chosen:
            why_not = "ANOTHER_INSPECTION"
        outcome = HandlingOutcome.RECTIFIED
        self.ask(
            why_not,
            lambda: before.conclude(chosen, outcome, seen=before.version, by=caller, limits=LIMITS, now=self.now),
        )

    @rule(by=BY, late=LATE, passed=st.booleans())
    def verify(self, by: str | None, late: int, passed: bool) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.PASS if passed else Command.REWORK, caller, late)
        after = self.ask(
            why_not,
            lambda: before.verify(passed=passed, seen=before.version - late, by=caller, limits=LIMITS, now=self.now),
        )
        if after and not passed:
            assert after.handle_within is not None
            assert after.deadline == after.handle_by == self.now + timedelta(hours=after.handle_within.amount)

    @rule(by=BY, late=LATE, outcome=st.sampled_from(ClosingOutcome), reason=st.sampled_from(("", " ", "371102-...")))
    def close(self, by: str | None, late: int, outcome: ClosingOutcome, reason: str) -> None:
        before, caller = self.incident, self.who(by)
        handled = outcome is ClosingOutcome.HANDLED
        why_not = self.why_not(Command.CLOSE if handled else Command.DISMISS, caller, late)
        if why_not is None and not handled and not reason.strip():
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: before.close(outcome, seen=before.version - late, by=caller, now=self.now, reason=reason),
        )
        assert after is None or (after.closing_outcome, after.closed_at) == (outcome, self.now)

    @rule(own=st.booleans(), late=LATE)
    def reopen(self, own: bool, late: int) -> None:
        before, by = self.incident, samples.REPORTER if own else Party("person", "somebody")
        why_not = self.out_of_turn(Command.REOPEN, late)
        if why_not is None and not own:
            why_not = "NOT_THE_REPORTER"
        if why_not is None and before.closed_at and self.now - before.closed_at > LIMITS.reopen:
            why_not = "REOPEN_TOO_LATE"
        after = self.ask(why_not, lambda: before.reopen(seen=before.version - late, by=by, limits=LIMITS, now=self.now))
        assert after is None or (after.holder, after.department) == (samples.CENTRE, "")

    @rule()
    def escalate(self) -> None:
        before = self.incident
        why_not = self.out_of_turn(Command.ESCALATE, 0)
        if why_not is None and before.deadline and before.deadline > self.now:
            why_not = "NOT_OVERDUE"
        after = self.ask(why_not, lambda: before.escalate(limits=LIMITS, now=self.now))
        if after:
            assert after.level is before.level.above
            assert (after.holder, after.state) == (before.holder, before.state)

    def who(self, by: str | None) -> str | None:
        named = {"holder": self.incident.department, "centre": self.incident.owner}
        return named.get(by, by) if by else by

    def out_of_turn(self, command: Command, late: int) -> str | None:
        if late:
            return "STALE_VERSION"
        return None if (self.incident.state, command) in TRANSITIONS else "WRONG_STATE"

    def why_not(self, command: Command, by: str | None, late: int) -> str | None:
        wrong = self.out_of_turn(command, late)
        if wrong:
            return wrong
        who = TRANSITIONS[self.incident.state, command].by
        may = {Who.CENTRE: self.incident.owner, Who.DEPARTMENT: self.incident.department}[who]
        return None if by and by == may else "NOT_THE_HOLDER"

    def ask(self, why_not: str | None, command: Callable[[], Incident]) -> Incident | None:
        try:
            after = command()
        except Refusal as refusal:
            assert refusal.reason == why_not
            return None
        assert why_not is None
        self.accepted += 1
        self.incident = after
        return after

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert self.incident.version == 1 + self.accepted

    @invariant()
    def until_it_is_closed_somebody_holds_it_and_a_clock_runs(self) -> None:
        closed = self.incident.state is IncidentState.CLOSED
        assert closed == (self.incident.holder == "")
        assert closed == (self.incident.deadline is None)
        assert closed == (self.incident.closed_at is not None)
        assert closed == (self.incident.closing_outcome is not None)
        assert not closed or self.incident.level is Level.GRID

    @invariant()
    def who_answers_for_it_and_what_was_said_never_change(self) -> None:
        assert self.incident.owner == samples.CENTRE
        assert self.incident.filed_at == NOW
        assert self.incident.report.region == samples.GRID

    @invariant()
    def a_department_in_charge_has_a_clock_and_without_one_there_is_none(self) -> None:
        known = (self.incident.dispatched_at, self.incident.handle_by, self.incident.handle_within)
        assert all(known) if self.incident.department else not any(known)
        assert self.incident.department or self.incident.state in (IncidentState.FILED, IncidentState.CLOSED)

    @invariant()
    def the_clocks_that_run_are_those_of_the_state(self) -> None:
        running = {each.kind for each in self.incident.clocks if each.running}
        assert running == RUNNING[self.incident.state]
        if self.incident.level is Level.GRID and self.incident.clock:
            assert self.incident.deadline == self.incident.clock.due_at
        assert all(each.ended_at is None or each.begun_at <= each.ended_at for each in self.incident.clocks)

    @invariant()
    def whatever_is_open_is_looked_at_again(self) -> None:
        look = next_look(self.incident, LIMITS, self.now)
        assert (look is None) == (self.incident.state is IncidentState.CLOSED)
        assert look is None or self.incident.deadline is None or look <= max(self.incident.deadline, self.now)

    @invariant()
    def what_was_handled_says_how(self) -> None:
        assert (self.incident.handled_at is None) == (self.incident.handling_outcome is None)
        assert self.incident.verified_at is None or self.incident.handled_at is not None


IncidentMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=25)
TestIncident = IncidentMachine.TestCase
