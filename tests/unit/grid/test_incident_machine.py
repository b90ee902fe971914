"""Whatever is asked of an incident, in whatever order, it stays a true one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.grid.domain import ending, holding, intake, merging, outside, progressing, supervising
from services.grid.domain.actions import actions_of
from services.grid.domain.clocks import ClockKind, of_step
from services.grid.domain.conditions import REFUSED_AS, is_given
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.states import (
    ClosingOutcome,
    Command,
    HandlingOutcome,
    IncidentState,
    OutsideAnswer,
    ReturnReason,
    Satisfaction,
    TimeKind,
    Who,
)
from services.grid.domain.transitions import TRANSITIONS
from services.grid.domain.watching import next_look
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import DAY, LIMITS
from tests.unit.grid.steps import ASKED_OUTSIDE, TAKEN

CITY = "371100-ZHZX"
DEPARTMENTS = ("371102-CGJ", "371102-HBJ", "371100-ZJJ", "371121-CGJ", samples.CENTRE)
INSPECTIONS = (uuid7(), uuid7())
LATE = st.sampled_from((0, 0, 0, 1))
# Who asks: mostly somebody who may, sometimes nobody, sometimes anybody.
BY = st.sampled_from(
    ("holder", "centre", "holder", "centre", "coordinator", CITY, None, "", "371102-HBJ", "371121-CGJ")
)
MAIN = samples.incident()
CLOSED, VOIDED = samples.closed(), replace(MAIN, state=IncidentState.VOIDED)

LEVELS = list(Level)
RUNNING = {
    IncidentState.REPORTED: {ClockKind.CHECK},
    IncidentState.CHECKED: {ClockKind.FILE},
    IncidentState.DECLINED: set(),
    IncidentState.OUTSIDE: {ClockKind.HANDLE, ClockKind.ANSWER},
    IncidentState.FILED: {ClockKind.DISPATCH},
    IncidentState.DISPATCHED: {ClockKind.ACCEPT, ClockKind.HANDLE},
    IncidentState.ACCEPTED: {ClockKind.HANDLE},
    IncidentState.HANDLED: {ClockKind.VERIFY},
    IncidentState.VERIFIED: {ClockKind.CLOSE},
    IncidentState.REFERRED: {ClockKind.DISPATCH},
    IncidentState.ON_HOLD: {ClockKind.HANDLE},
    IncidentState.MERGED: set(),
    IncidentState.CLOSED: set(),
    IncidentState.VOIDED: set(),
}


class IncidentMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.incident = samples.incident()
        self.first = self.incident.version
        self.now = NOW
        self.accepted = 0

    @initialize(somewhere=st.sampled_from([samples.incident(), *(after for _, after in TAKEN.values())]))
    def begin(self, somewhere: Incident) -> None:
        """Anywhere on its way: far states are seldom reached by chance."""
        self.incident, self.first = somewhere, somewhere.version

    @rule(hours=st.integers(0, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(named=st.sampled_from(("", *DEPARTMENTS)), by=BY, late=LATE, hours=st.integers(1, 99))
    def dispatch(self, named: str, by: str | None, late: int, hours: int) -> None:
        before, to, caller = self.incident, named or "371102-CGJ", self.who(by)
        rules = [samples.rule("CGJ", hours)]
        why_not = self.why_not(Command.DISPATCH, caller, late)
        nobody = not named and before.state not in (IncidentState.FILED, IncidentState.DISPATCHED)
        if why_not is None and (nobody or to.startswith("371121")):
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
            assert after.bound == (before.state is IncidentState.REFERRED or before.bound)
            assert (after.accepted_at, after.asked, after.inspection_id) == (None, None, None)

    @rule(by=BY, late=LATE)
    def accept(self, by: str | None, late: int) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.ACCEPT, caller, late)
        after = self.ask(
            why_not, lambda: before.accept(seen=before.version - late, by=caller, limits=LIMITS, now=self.now)
        )
        # Accepting does not stop the clock that began at dispatch, nor whom it was escalated to.
        assert after is None or after.deadline == (before.handle_by if after.level is Level.GRID else before.deadline)

    @rule(by=BY, inspection=st.sampled_from((0, 1)))
    def inspect(self, by: str | None, inspection: int) -> None:
        before, caller, chosen = self.incident, self.who(by) or "", INSPECTIONS[inspection]
        why_not = self.why_not(Command.INSPECT, caller, 0)
        after = self.ask(
            why_not, lambda: before.inspect(chosen, seen=before.version, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or after.inspection_id == chosen

    @rule(by=BY, late=LATE, reason=st.sampled_from(ReturnReason))
    def give_back(self, by: str | None, late: int, reason: ReturnReason) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.REFER if before.returns else Command.RETURN, caller, late)
        after = self.ask(
            why_not,
            lambda: before.give_back(reason, seen=before.version - late, by=caller, limits=LIMITS, now=self.now),
        )
        if after:
            assert (after.returned_by, after.return_reason) == (before.department, reason)
            assert after.state is (IncidentState.REFERRED if before.returns else IncidentState.FILED)
            assert (after.returns, after.bound) == (before.returns + 1, False)

    @rule(by=BY, late=LATE)
    def handle(self, by: str | None, late: int) -> None:
        before, caller = self.incident, self.who(by)
        why_not = self.why_not(Command.HANDLE, caller, late)
        after = self.ask(
            why_not, lambda: before.handle(seen=before.version - late, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or after.handling_outcome is HandlingOutcome.REPORTED

    @rule(by=BY, late=LATE, met=st.booleans())
    def report_progress(self, by: str | None, late: int, met: bool) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.PROGRESS, caller, late)
        if why_not is None and not met:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: progressing.report_progress(
                before, condition_met=met, seen=seen, by=caller, limits=LIMITS, now=self.now
            ),
        )
        if after:
            assert before.course
            assert after.course == before.course.next()
            assert after.deadline == after.handle_by == self.now + timedelta(hours=48), "the stage has time of its own"

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
            lambda: before.close(
                outcome, seen=before.version - late, by=caller, limits=LIMITS, now=self.now, reason=reason
            ),
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

    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "备件未到")), days=st.sampled_from((-1, 3, 400)))
    def ask_hold(self, by: str | None, late: int, reason: str, days: int) -> None:
        before, caller, review_at = self.incident, self.who(by), self.now + timedelta(days=days)
        why_not = self.why_not(Command.ASK_HOLD, caller, late)
        if why_not is None and not (reason and days == 3):
            why_not = "INVALID_ARGUMENT"
        seen = before.version - late
        after = self.ask(
            why_not,
            lambda: holding.ask_hold(before, reason, review_at, seen=seen, by=caller, limits=LIMITS, now=self.now),
        )
        assert after is None or (after.deadline, after.level) == (before.deadline, before.level)

    @rule(by=BY, late=LATE, units=st.sampled_from((0, 1, 5, 1000)))
    def ask_extension(self, by: str | None, late: int, units: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.ASK_EXTENSION, caller, late)
        if why_not is None and not 0 < units <= (before.handle_within or LIMITS.handle).amount:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: holding.ask_extension(before, "雨天停工", units, seen=seen, by=caller, limits=LIMITS, now=self.now),
        )
        assert after is None or (after.deadline, after.level) == (before.deadline, before.level)

    @rule(by=BY, late=LATE)
    def grant_time(self, by: str | None, late: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        extension = before.asked is not None and before.asked.kind is TimeKind.EXTENSION
        why_not = self.why_not(Command.GRANT_EXTENSION if extension else Command.GRANT_HOLD, caller, late)
        if why_not is None and before.asked and before.asked.review_at and before.asked.review_at <= self.now:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: holding.grant_time(
                before, review_at=None, units=0, seen=seen, by=caller, limits=LIMITS, now=self.now
            ),
        )
        if after and extension:
            assert before.asked and before.handle_by
            assert after.handle_by == before.handle_by + timedelta(hours=before.asked.units)
            assert after.deadline == (after.handle_by if after.level is Level.GRID else before.deadline)
        elif after:
            assert before.asked and after.deadline == after.review_at == before.asked.review_at

    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "可以按期完成")))
    def refuse_time(self, by: str | None, late: int, reason: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.REFUSE_TIME, caller, late)
        if why_not is None and not reason:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: holding.refuse_time(before, reason, seen=seen, by=caller, limits=LIMITS, now=self.now),
        )
        assert after is None or (after.deadline, after.asked) == (before.deadline, None)

    @rule()
    def chase(self) -> None:
        before, decision = self.incident, self.incident.decision
        why_not = self.why_not(Command.CHASE, Who.TIMER, 0)
        if why_not is None and decision and LIMITS.next_told(decision) > self.now:
            why_not = "NOT_OVERDUE"
        after = self.ask(why_not, lambda: holding.chase(before, limits=LIMITS, now=self.now))
        if after:
            assert after.decision
            assert LIMITS.next_told(after.decision) > self.now
            assert (after.deadline, after.level, after.holder) == (before.deadline, before.level, before.holder)

    @rule(by=st.sampled_from(("holder", "centre", Who.TIMER)), late=LATE)
    def resume(self, by: str, late: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.RESUME, caller, late)
        after = self.ask(why_not, lambda: holding.resume(before, seen=seen, by=caller, limits=LIMITS, now=self.now))
        if after:
            [held] = [each for each in before.clocks if each.paused]
            assert before.handle_by and held.pauses
            assert after.handle_by == before.handle_by + (self.now - held.pauses[-1].begin)

    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "备件已到")))
    def end_hold(self, by: str | None, late: int, reason: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.END_HOLD, caller, late)
        if why_not is None and not reason:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not, lambda: holding.end_hold(before, reason, seen=seen, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or (after.refusal_reason, after.review_at) == (reason, None)

    @rule(by=BY, late=LATE, found=st.booleans(), remark=st.sampled_from(("", "现场无此情况")))
    def check(self, by: str | None, late: int, found: bool, remark: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.CONFIRM if found else Command.DENY, caller, late)
        if why_not is None and not found and not remark:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not,
            lambda: intake.check(
                before, found=found, remark=remark, proofs=(), seen=seen, by=caller, limits=LIMITS, now=self.now
            ),
        )
        assert after is None or (after.intake and after.intake.found == found)

    @rule(by=BY, late=LATE)
    def file(self, by: str | None, late: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.FILE, caller, late)
        self.ask(why_not, lambda: intake.file(before, seen=seen, by=caller, limits=LIMITS, now=self.now))

    @precondition(lambda self: self.accepted > 2)
    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "不属于城市管理事项")))
    def decline(self, by: str | None, late: int, reason: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        looked = before.state is IncidentState.CHECKED
        why_not = self.why_not(Command.DECLINE if looked else Command.REJECT, caller, late)
        if why_not is None and not reason:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not, lambda: intake.decline(before, reason, seen=seen, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or after.reply == reason

    @rule(own=st.booleans(), late=LATE)
    def object_to(self, own: bool, late: int) -> None:
        before, by = self.incident, samples.REPORTER if own else Party("person", "somebody")
        why_not, seen = self.why_not(Command.OBJECT, by, late), before.version - late
        self.ask(why_not, lambda: intake.object_to(before, seen=seen, by=by, limits=LIMITS, now=self.now))

    @rule(by=BY, late=LATE, days=st.sampled_from((-1, 3, 400)))
    def send_outside(self, by: str | None, late: int, days: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        request = replace(ASKED_OUTSIDE, answer_by=self.now + timedelta(days=days))
        why_not = self.why_not(Command.SEND_OUTSIDE, caller, late)
        if why_not is None and days != 3:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not, lambda: outside.send(before, request, seen=seen, by=caller, limits=LIMITS, now=self.now)
        )
        assert after is None or (after.deadline, after.holder) == (request.answer_by, before.holder)

    @rule(by=BY, late=LATE, said=st.sampled_from(OutsideAnswer), reason=st.sampled_from(("", "产权不属于本公司")))
    def answer(self, by: str | None, late: int, said: OutsideAnswer, reason: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        done = said is OutsideAnswer.DONE
        why_not = self.why_not(Command.OUTSIDE_DONE if done else Command.OUTSIDE_UNDONE, caller, late)
        if why_not is None and not done and not reason:
            why_not = "INVALID_ARGUMENT"
        after = self.ask(
            why_not, lambda: outside.answer(before, said, reason, seen=seen, by=caller, limits=LIMITS, now=self.now)
        )
        if after:
            [stood] = [each for each in before.clocks if each.paused and each.running]
            assert before.handle_by and after.holder == before.holder
            assert after.handle_by == before.handle_by + (self.now - stood.pauses[-1].begin)

    @rule()
    def rejoin(self) -> None:
        before = self.incident
        why_not = self.why_not(Command.REJOIN, Who.TIMER, 0)
        after = self.ask(why_not, lambda: merging.rejoin(before, limits=LIMITS, now=self.now))
        assert after is None or after.main == before.main

    @rule(by=BY, late=LATE, main=st.sampled_from((MAIN, CLOSED, VOIDED)))
    def merge(self, by: str | None, late: int, main: Incident) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.MERGE, caller, late)
        if why_not is None and main is not MAIN:
            why_not = "MAIN_UNFIT"
        self.ask(why_not, lambda: merging.merge(before, main, seen=seen, by=caller, limits=LIMITS, now=self.now))

    @rule(main=st.sampled_from((CLOSED, VOIDED)))
    def follow(self, main: Incident) -> None:
        before = self.incident
        why_not = self.out_of_turn(Command.FOLLOW, 0)
        after = self.ask(why_not, lambda: merging.follow(before, main, limits=LIMITS, now=self.now))
        assert after is None or after.closing_outcome is main.closing_outcome

    @rule(by=BY, late=LATE)
    def split(self, by: str | None, late: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(merging.SPLITS[before.on_the_way_in], caller, late)
        after = self.ask(why_not, lambda: merging.split(before, seen=seen, by=caller, limits=LIMITS, now=self.now))
        assert after is None or after.state is (before.on_the_way_in or IncidentState.FILED)

    @precondition(lambda self: self.accepted > 12)
    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "测试数据")))
    def void(self, by: str | None, late: int, reason: str) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        why_not = self.why_not(Command.VOID, caller, late)
        if why_not is None and not reason:
            why_not = "INVALID_ARGUMENT"
        self.ask(why_not, lambda: ending.void(before, reason, seen=seen, by=caller, limits=LIMITS, now=self.now))

    @rule(own=st.booleans(), late=LATE, satisfaction=st.sampled_from(Satisfaction))
    def rate(self, own: bool, late: int, satisfaction: Satisfaction) -> None:
        before, by = self.incident, samples.REPORTER if own else Party("person", "somebody")
        why_not = self.why_not(Command.RATE, by, late)
        seen = before.version - late
        self.ask(why_not, lambda: ending.rate(before, satisfaction, seen=seen, by=by, limits=LIMITS, now=self.now))

    @rule()
    def escalate(self) -> None:
        before = self.incident
        why_not = self.out_of_turn(Command.ESCALATE, 0)
        if why_not is None and before.deadline and before.deadline > self.now:
            why_not = "NOT_OVERDUE"
        after = self.ask(why_not, lambda: before.escalate(limits=LIMITS, now=self.now))
        if after:
            first = Level.COUNTY if before.holder not in (samples.CENTRE, "371100-ZJJ") else Level.CITY
            assert after.level is (first if before.level is Level.GRID else before.level.above)
            assert (after.holder, after.state) == (before.holder, before.state)

    @rule(by=BY, late=LATE, reason=st.sampled_from(("", "领导批示")), days=st.sampled_from((-1, 3, 400)))
    def supervise(self, by: str | None, late: int, reason: str, days: int) -> None:
        before, caller, seen = self.incident, self.who(by), self.incident.version - late
        answer_by = self.now + timedelta(days=days)
        why_not = self.why_not(Command.SUPERVISE, caller, late)
        order = before.supervision
        if why_not is None and not (reason and days == 3):
            why_not = "INVALID_ARGUMENT"
        elif why_not is None and order and order.ordered_by == CITY != caller and not order.missed:
            why_not = "ORDERED_ABOVE"
        after = self.ask(
            why_not,
            lambda: supervising.supervise(before, reason, answer_by, seen=seen, by=caller, limits=LIMITS, now=self.now),
        )
        if after:
            assert after.supervision and after.supervision.ordered_by == caller
            assert (after.state, after.deadline, after.level) == (before.state, before.deadline, before.level)

    @rule()
    def remind(self) -> None:
        before = self.incident
        why_not = self.why_not(Command.REMIND, Who.TIMER, 0)
        after = self.ask(why_not, lambda: supervising.remind(before, limits=LIMITS, now=self.now))
        assert after is None or (after.supervision and after.supervision.missed)

    def who(self, by: str | None) -> str | None:
        incident = self.incident
        named = {"holder": incident.department, "centre": incident.owner, "coordinator": incident.coordinator}
        return named.get(by, by) if by else by

    def out_of_turn(self, command: Command, late: int) -> str | None:
        if late:
            return "STALE_VERSION"
        return None if (self.incident.state, command) in TRANSITIONS else "WRONG_STATE"

    def why_not(self, command: Command, by: str | Party | None, late: int) -> str | None:
        wrong = self.out_of_turn(command, late)
        if wrong:
            return wrong
        incident, step = self.incident, TRANSITIONS[self.incident.state, command]
        may = {
            Who.CENTRE: incident.owner,
            Who.DEPARTMENT: incident.department,
            Who.COORDINATOR: incident.coordinator,
            Who.CITY: CITY,
            Who.DISPATCHER: incident.coordinator if incident.bound else incident.owner,
            Who.REPORTER: samples.REPORTER,
            Who.TIMER: Who.TIMER,
        }
        if not by or by not in [may[who] for who in step.by]:
            if Who.DISPATCHER in step.by and by == incident.owner:
                return "DISPATCH_BINDS"
            return "NOT_THE_REPORTER" if Who.REPORTER in step.by else "NOT_THE_HOLDER"
        broken = (REFUSED_AS[given] for given in step.given if not is_given(given, incident, LIMITS, self.now))
        return next(broken, None)

    def ask(self, why_not: str | None, command: Callable[[], Incident]) -> Incident | None:
        try:
            after = command()
        except Refusal as refusal:
            assert refusal.reason == why_not
            return None
        assert why_not is None
        assert after.step in [step for (state, _), step in TRANSITIONS.items() if state is self.incident.state]
        if any(each.late(self.now) for each in of_step(after.clocks)):
            assert LEVELS.index(after.level) >= LEVELS.index(self.incident.level), "nobody gets rid of whom was told"
        self.accepted += 1
        self.incident = after
        return after

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert self.incident.version == self.first + self.accepted

    @invariant()
    def until_it_has_ended_somebody_holds_it_and_a_clock_runs_or_stands_still_by_right(self) -> None:
        incident = self.incident
        assert incident.state.ended == (incident.holder == "") == (incident.closed_at is not None)
        assert (incident.deadline is None) == (incident.state.ended or incident.state is IncidentState.MERGED)
        assert (incident.closing_outcome is not None) == (incident.state is IncidentState.CLOSED)
        assert not incident.state.ended or incident.level is Level.GRID
        assert (incident.state is IncidentState.DECLINED) <= bool(incident.reply and incident.intake)
        going = [each for each in incident.clocks if each.running and not each.paused]
        held, outside = incident.state is IncidentState.ON_HOLD, incident.state is IncidentState.OUTSIDE
        assert bool(going) != (incident.state.ended or held or incident.main is not None)
        assert (held or outside) == any(each.running and each.paused for each in incident.clocks)
        assert held == bool(incident.review_at)

    @invariant()
    def what_was_asked_waits_only_while_the_department_is_at_work(self) -> None:
        assert self.incident.asked is None or self.incident.state is IncidentState.ACCEPTED
        assert (self.incident.main is not None) == (self.incident.state is IncidentState.MERGED) or (
            self.incident.state is IncidentState.CLOSED
        )

    @invariant()
    def what_was_ordered_stands_until_it_is_verified(self) -> None:
        order, state = self.incident.order, self.incident.state
        assert self.incident.supervision is None or (state, Command.SUPERVISE) in TRANSITIONS
        look = next_look(self.incident, LIMITS, self.now)
        assert order is None or order.missed or (look and look <= order.answer_by)

    @invariant()
    def a_list_of_actions_is_what_may_be_done(self) -> None:
        for who in (self.incident.owner, self.incident.department, self.incident.coordinator, CITY, "371121-CGJ"):
            listed = actions_of(self.incident, Command, who, samples.REPORTER, LIMITS, self.now)
            done = [
                each
                for each in Command
                if not self.why_not(each, who, 0) or not self.why_not(each, samples.REPORTER, 0)
            ]
            assert [each.command for each in listed] == done

    @invariant()
    def who_answers_for_it_and_what_was_said_never_change(self) -> None:
        assert self.incident.owner == samples.CENTRE
        assert self.incident.filed_at == NOW
        assert self.incident.report.region == samples.GRID

    @invariant()
    def a_department_in_charge_has_a_clock_and_without_one_there_is_none(self) -> None:
        known = (self.incident.dispatched_at, self.incident.handle_by, self.incident.handle_within)
        waiting = (IncidentState.REPORTED, IncidentState.CHECKED, IncidentState.FILED, IncidentState.REFERRED)
        if self.incident.state.ended:
            return
        assert all(known) if self.incident.department else not any(known)
        assert (self.incident.department == "") == (self.incident.state in (*waiting, IncidentState.MERGED))

    @invariant()
    def the_clocks_that_run_are_those_of_the_state(self) -> None:
        running = {each.kind for each in self.incident.clocks if each.running}
        decided = {ClockKind.DECIDE} if self.incident.asked else set()
        assert running == RUNNING[self.incident.state] | decided
        if self.incident.level is Level.GRID and self.incident.clock:
            assert self.incident.deadline == self.incident.clock.due_at
        assert all(each.ended_at is None or each.begun_at <= each.ended_at for each in self.incident.clocks)

    @invariant()
    def whatever_is_open_is_looked_at_again(self) -> None:
        look = next_look(self.incident, LIMITS, self.now)
        assert (look is None) == (self.incident.state.ended or self.incident.state is IncidentState.MERGED)
        assert look is None or self.incident.deadline is None or look <= max(self.incident.deadline, self.now)

    @invariant()
    def the_clock_that_runs_is_that_of_the_present_stage(self) -> None:
        course = self.incident.course
        running = [each for each in self.incident.clocks if each.running and each.kind is ClockKind.HANDLE]
        assert not self.incident.department or not course or self.incident.handle_within == course.present.limit
        assert all(each.stage == (course.name if course else None) for each in running)
        assert course is None or self.incident.dispatched_at

    @invariant()
    def what_was_handled_says_how(self) -> None:
        assert (self.incident.handled_at is None) == (self.incident.handling_outcome is None)
        assert self.incident.verified_at is None or self.incident.handled_at is not None


IncidentMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=25)
TestIncident = IncidentMachine.TestCase
