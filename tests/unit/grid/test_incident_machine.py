"""Whatever is asked of an incident, in whatever order, it stays a true one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.grid.domain.incidents import TRANSITIONS, ClosingOutcome, Command, Incident, IncidentState
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW
from tests.unit.grid import samples

DEPARTMENTS = ("371102-CGJ", "371102-HBJ", "371100-ZJJ", "371121-CGJ", samples.CENTRE)


class IncidentMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.incident = samples.incident()
        self.now = NOW
        self.accepted = 0

    @rule(hours=st.integers(0, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(named=st.sampled_from(("", *DEPARTMENTS)), late=st.integers(0, 1), hours=st.integers(1, 99))
    def dispatch(self, named: str, late: int, hours: int) -> None:
        before, rules = self.incident, [samples.rule("CGJ", hours)]
        seen = before.version - late
        try:
            after = before.dispatch(seen=seen, rules=rules, named=named, default_hours=72, now=self.now)
        except Refusal as refusal:
            assert refusal.reason == self.why_not(Command.DISPATCH, late, named or "371102-CGJ")
            return
        assert self.why_not(Command.DISPATCH, late, named or "371102-CGJ") is None
        assert (after.department, after.handle_by) == (named or "371102-CGJ", self.now + timedelta(hours=hours))
        assert bool(after.dispatch_reason) == (not named)
        self.take(after)

    @rule(by=st.sampled_from((None, "", *DEPARTMENTS)), late=st.integers(0, 1), outcome=st.sampled_from(ClosingOutcome))
    def close(self, by: str | None, late: int, outcome: ClosingOutcome) -> None:
        before = self.incident
        allowed = by in (before.owner, before.department)
        try:
            after = before.close(outcome, seen=before.version - late, by_department=by, now=self.now)
        except Refusal as refusal:
            assert refusal.reason == (self.why_not(Command.CLOSE, late) or "NOT_THE_HOLDER")
            assert refusal.reason != "NOT_THE_HOLDER" or not allowed
            return
        assert allowed
        assert self.why_not(Command.CLOSE, late) is None
        assert (after.closing_outcome, after.closed_at) == (outcome, self.now)
        self.take(after)

    def why_not(self, command: Command, late: int, to: str = "") -> str | None:
        if late:
            return "STALE_VERSION"
        if (self.incident.state, command) not in TRANSITIONS:
            return "WRONG_STATE"
        if to.startswith("371121"):
            return "INVALID_ARGUMENT"
        return "SAME_DEPARTMENT" if to and to == self.incident.department else None

    def take(self, after: Incident) -> None:
        self.accepted += 1
        self.incident = after

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert self.incident.version == 1 + self.accepted

    @invariant()
    def somebody_holds_it_until_it_is_closed(self) -> None:
        closed = self.incident.state is IncidentState.CLOSED
        assert closed == (self.incident.holder == "")
        assert closed == (self.incident.closed_at is not None)

    @invariant()
    def who_answers_for_it_and_what_was_said_never_change(self) -> None:
        assert self.incident.owner == samples.CENTRE
        assert self.incident.filed_at == NOW
        assert self.incident.report.region == samples.GRID

    @precondition(lambda self: self.incident.state is not IncidentState.FILED)
    @invariant()
    def a_dispatched_incident_has_a_deadline(self) -> None:
        assert self.incident.handle_by is not None
        assert self.incident.dispatched_at is not None
        assert self.incident.handle_by > self.incident.dispatched_at


IncidentMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
TestIncident = IncidentMachine.TestCase
