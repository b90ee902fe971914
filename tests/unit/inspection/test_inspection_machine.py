"""Whatever is asked of an inspection, in whatever order, it stays a true one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.inspection.domain.inspections import LONGEST_RECTIFICATION, Inspection, InspectionOutcome
from services.inspection.domain.reference import ChecklistItem, Gravity
from services.inspection.domain.transitions import TRANSITIONS, Command, InspectionState
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW
from tests.unit.inspection import samples
from tests.unit.inspection.samples import DEPARTMENT, ITEMS, LIN, STRANGER, ZHANG, nominee

# Mostly what is right, or else a run would hardly ever leave the first states.
PEOPLE = st.sampled_from([[LIN, ZHANG]] * 4 + [[ZHANG, STRANGER], [LIN, samples.REPORTER], [LIN, LIN], [ZHANG], []])
NAMED_BY = st.sampled_from([DEPARTMENT] * 6 + ["371102-CGJ", None])
WHO = st.sampled_from([LIN] * 4 + [ZHANG] * 4 + [STRANGER, None])
LATE = st.sampled_from([0] * 8 + [1])
DAYS = st.sampled_from([1, 10, 30, 90] * 3 + [-1, 0, 91])
NEW_DAYS = st.sampled_from([None, None, 1, 30, 90, -1, 0, 91])


def minor_found() -> Inspection:
    return samples.found(samples.FRIDGE)


def grave_found() -> Inspection:
    return samples.found(samples.EXPIRED)


class InspectionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW

    # A run from the beginning seldom gets far: this is how each state and both gravities are walked from.
    @initialize(
        start=st.sampled_from(
            [samples.inspection, samples.assigned, minor_found, grave_found, samples.rectifying, samples.rechecked]
        )
    )
    def begin(self, start: Callable[[], Inspection]) -> None:
        self.inspection = start()
        self.accepted = self.inspection.version - 1

    def ask(self, command: Command, late: int, asked: Callable[[int], Inspection], why_not: str | None) -> bool:
        """Ask, and hold the answer to the reason expected; whether it was accepted."""
        before = self.inspection
        if late:
            why_not = "STALE_VERSION"
        elif (before.state, command) not in TRANSITIONS:
            why_not = "WRONG_STATE"
        try:
            after = asked(before.version - late)
        except Refusal as refusal:
            assert refusal.reason == why_not
            return False
        assert why_not is None
        assert after.state is TRANSITIONS[before.state, command].to
        self.inspection = after
        self.accepted += 1
        return True

    def unless_officer(self, by: str | None, why_not: str | None) -> str | None:
        return why_not if by in self.inspection.officers else "NOT_AN_OFFICER_HERE"

    def fits(self, days: int | None) -> bool:
        return days is not None and 0 < days <= LONGEST_RECTIFICATION.days

    @rule(hours=st.integers(0, 2000))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(people=PEOPLE, late=LATE, department=NAMED_BY)
    def assign(self, people: list[str], late: int, department: str | None) -> None:
        nominees = [nominee(person) for person in people]
        right = len(people) == len(set(people)) >= 2 and samples.REPORTER not in people
        why_not = "NOT_THE_HOLDER" if department != DEPARTMENT else None if right else "INVALID_ARGUMENT"
        before = self.inspection
        if self.ask(
            Command.ASSIGN, late, lambda seen: before.assign(nominees, seen=seen, by_department=department), why_not
        ):
            assert self.inspection.officers == tuple(people)

    @rule(item=st.sampled_from([*ITEMS, *ITEMS, None]), gravity=st.sampled_from(Gravity), by=WHO, late=LATE)
    def find(self, item: ChecklistItem | None, gravity: Gravity, by: str | None, late: int) -> None:
        before = self.inspection
        wrong = item is None or gravity < item.least_gravity
        why_not = self.unless_officer(by, "INVALID_ARGUMENT" if wrong else None)
        if self.ask(
            Command.FIND,
            late,
            lambda seen: before.find(item, gravity, finding_id=uuid7(), seen=seen, by=by, now=self.now),
            why_not,
        ):
            assert self.inspection.findings[:-1] == before.findings
            assert self.inspection.findings[-1].officer == by

    @rule(days=DAYS, by=WHO, late=LATE)
    def order(self, days: int, by: str | None, late: int) -> None:
        before, until = self.inspection, self.now + timedelta(days=days)
        why_not = None if self.fits(days) else "INVALID_ARGUMENT"
        if not before.findings:
            why_not = "NOTHING_TO_RECTIFY"
        if self.ask(
            Command.ORDER,
            late,
            lambda seen: before.order_rectification(until, seen=seen, by=by, now=self.now),
            self.unless_officer(by, why_not),
        ):
            assert self.inspection.rectify_by == until

    @rule(days=DAYS, by=WHO, late=LATE)
    def extend(self, days: int, by: str | None, late: int) -> None:
        before, until = self.inspection, self.now + timedelta(days=days)
        later = before.rectify_by is not None and until > before.rectify_by
        if self.ask(
            Command.EXTEND,
            late,
            lambda seen: before.extend(until, seen=seen, by=by, now=self.now),
            self.unless_officer(by, None if later and self.fits(days) else "INVALID_ARGUMENT"),
        ):
            assert self.inspection.rectify_by == until

    @rule(passed=st.booleans(), days=NEW_DAYS, by=WHO, late=LATE)
    def recheck(self, passed: bool, days: int | None, by: str | None, late: int) -> None:
        before = self.inspection
        until = None if days is None else self.now + timedelta(days=days)
        right = days is None if passed else self.fits(days)
        if self.ask(
            Command.PASS if passed else Command.FAIL,
            late,
            lambda seen: before.recheck(passed=passed, until=until, seen=seen, by=by, now=self.now),
            self.unless_officer(by, None if right else "INVALID_ARGUMENT"),
        ):
            assert self.inspection.rectify_by == (before.rectify_by if passed else until)

    @rule(by=WHO, late=LATE)
    def close(self, by: str | None, late: int) -> None:
        before = self.inspection
        graver = any(finding.gravity > Gravity.MINOR for finding in before.findings)
        waits = before.state is InspectionState.RECTIFYING or (graver and before.state is InspectionState.ASSIGNED)
        self.ask(
            Command.CLOSE,
            late,
            lambda seen: before.close(seen=seen, by=by, now=self.now),
            self.unless_officer(by, "NOT_RECTIFIED" if waits else None),
        )

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert self.inspection.version == 1 + self.accepted

    @invariant()
    def two_different_officers_who_did_not_report_inspect(self) -> None:
        officers = set(self.inspection.officers)
        assert self.inspection.state is InspectionState.OPENED or len(officers) >= 2
        assert samples.REPORTER not in officers

    @invariant()
    def what_is_closed_has_an_outcome_that_is_true(self) -> None:
        after = self.inspection
        closed = after.state is InspectionState.CLOSED
        assert closed == (after.outcome is not None) == (after.closed_at is not None)
        if after.outcome is InspectionOutcome.IN_ORDER:
            assert all(finding.gravity is Gravity.MINOR for finding in after.findings)
            assert after.rectify_by is None
        if after.outcome is InspectionOutcome.RECTIFIED:
            assert after.findings
            assert after.rectify_by is not None

    @invariant()
    def who_answers_for_it_never_changes(self) -> None:
        assert (self.inspection.department, self.inspection.opened_at) == (DEPARTMENT, NOW)


InspectionMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestInspection = InspectionMachine.TestCase
