"""What `ListActions` says is required for a step is what the step is refused without, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid import usecases
from services.grid.domain import ending, holding, intake, outside, progressing, supervising
from services.grid.domain.actions import Action, Asked, needing
from services.grid.domain.decisions import Decision
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.domain.standing import Which
from services.grid.domain.states import ClosingOutcome, Command, OutsideAnswer, Satisfaction
from services.grid.domain.transitions import TRANSITIONS, Need
from services.grid.wire.actions import WAYS
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import LIMITS, FakeDispatching, FakeIncidents, FakeReference
from tests.unit.grid.steps import ASKED_OUTSIDE, DO, REVIEW, TAKEN

GOOD: Mapping[Need, Any] = {
    Need.REMARK: "现场无此情况",
    Need.DEPARTMENT: "371102-ZFJ",
    Need.REASON: "备件未到",
    Need.OUTCOME: ClosingOutcome.DUPLICATE,
    Need.REVIEW_AT: REVIEW,
    Need.UNITS: 3,
    Need.CONDITION_MET: True,
    Need.SATISFACTION: Satisfaction.SATISFIED,
    Need.REPLY: "已处理",
    Need.BODY: ASKED_OUTSIDE.body,
    Need.BODY_CODE: ASKED_OUTSIDE.body_code,
    Need.REFERENCE: ASKED_OUTSIDE.reference,
    Need.ANSWER_BY: ASKED_OUTSIDE.answer_by,
    Need.ANSWER: OutsideAnswer.FAILED,
}


@dataclass(frozen=True)
class Trial:
    """An incident, what the catalogue demands of its type, and whether its rules say a department."""

    it: Incident
    demanded: Collection[Evidence]
    ruled: bool

    @property
    def rules(self) -> list[Any]:
        return [samples.rule("YJJ")] if self.ruled else []

    def action(self, command: Command) -> Action:
        step = TRANSITIONS[self.it.state, command]
        return needing(Action(command, step), self.it, Asked(lambda: self.demanded, self._decision), NOW)

    def _decision(self) -> Decision | None:
        if not self.it.by_rules:
            return None
        waiting = [(usecases.case_of(self.it), self.rules)]
        return usecases.plan(FakeDispatching(), waiting, LIMITS, NOW)[1][0]

    def dispatch(self, department: str) -> None:
        incidents, reference = FakeIncidents(), FakeReference()
        incidents.add(replace(self.it, step=None))
        reference.rules = self.rules
        seat = FakeUnitOfWork(caller=caller(subject=None, department=self.it.coordinator or self.it.owner))
        usecases.dispatch_incident(
            seat, incidents, reference, Which(self.it.id, "", self.it.version), named=department, limits=LIMITS,
            dispatching=FakeDispatching(),
        )  # fmt: skip


def _reasoned(do: Callable[..., Incident]) -> Callable[..., Any]:
    return lambda trial, said, proofs, by: do(trial.it, said(Need.REASON), **by)


GIVE: Mapping[Command, Callable[..., Any]] = {
    Command.CONFIRM: lambda trial, said, proofs, by: intake.check(
        trial.it, found=True, remark=said(Need.REMARK), proofs=proofs, **by
    ),
    Command.DENY: lambda trial, said, proofs, by: intake.check(
        trial.it, found=False, remark=said(Need.REMARK), proofs=proofs, **by
    ),
    Command.REJECT: _reasoned(intake.decline),
    Command.DECLINE: _reasoned(intake.decline),
    Command.DISPATCH: lambda trial, said, proofs, by: trial.dispatch(said(Need.DEPARTMENT)),
    Command.RETURN: _reasoned(Incident.give_back),
    Command.REFER: _reasoned(Incident.give_back),
    Command.HANDLE: lambda trial, said, proofs, by: trial.it.handle(proofs=proofs, demanded=trial.demanded, **by),
    Command.PROGRESS: lambda trial, said, proofs, by: progressing.report_progress(
        trial.it, condition_met=said(Need.CONDITION_MET), **by
    ),
    Command.ASK_HOLD: lambda trial, said, proofs, by: holding.ask_hold(
        trial.it, said(Need.REASON), said(Need.REVIEW_AT), **by
    ),
    Command.ASK_EXTENSION: lambda trial, said, proofs, by: holding.ask_extension(
        trial.it, said(Need.REASON), said(Need.UNITS), **by
    ),
    Command.GRANT_HOLD: lambda trial, said, proofs, by: holding.grant_time(
        trial.it, review_at=said(Need.REVIEW_AT), units=0, **by
    ),
    Command.GRANT_EXTENSION: lambda trial, said, proofs, by: holding.grant_time(
        trial.it, review_at=None, units=said(Need.UNITS) or 0, **by
    ),
    Command.REFUSE_TIME: _reasoned(holding.refuse_time),
    Command.END_HOLD: _reasoned(holding.end_hold),
    Command.SEND_OUTSIDE: lambda trial, said, proofs, by: outside.send(
        trial.it, replace(ASKED_OUTSIDE, body=said(Need.BODY), answer_by=said(Need.ANSWER_BY)), **by
    ),
    Command.OUTSIDE_UNDONE: lambda trial, said, proofs, by: outside.answer(
        trial.it, said(Need.ANSWER), said(Need.REASON), **by
    ),
    Command.PASS: lambda trial, said, proofs, by: trial.it.verify(
        passed=True, proofs=proofs, demanded=trial.demanded, **by
    ),
    Command.DISMISS: lambda trial, said, proofs, by: trial.it.close(
        said(Need.OUTCOME), reason=said(Need.REASON), reply=said(Need.REPLY), **by
    ),
    Command.VOID: _reasoned(ending.void),
    Command.SUPERVISE: lambda trial, said, proofs, by: supervising.supervise(
        trial.it, said(Need.REASON), said(Need.ANSWER_BY), **by
    ),
    Command.RATE: lambda trial, said, proofs, by: ending.rate(trial.it, said(Need.SATISFACTION), **by),
}
"""How a command is given with what is said; those that are not here need nothing, but MERGE the main incident."""


def give(trial: Trial, command: Command, needs: Collection[Need], kinds: Collection[Evidence]) -> None:
    """With these needs said and evidence of these kinds, and nothing else."""
    it, step = trial.it, TRANSITIONS[trial.it.state, command]
    by = {"seen": it.version, "by": it.code_of(step.by[0]), "limits": LIMITS, "now": NOW}

    def said(need: Need) -> Any:
        unsaid = "" if type(GOOD[need]) is str else None
        return GOOD[need] if need in needs else unsaid

    GIVE[command](trial, said, [samples.proof(kind) for kind in kinds], by)


BEFORE = [(command, before) for (_, command), (before, _) in TAKEN.items() if command in GIVE]
LONG_AGO = steps.ask_hold(samples.accepted())
assert LONG_AGO.asked is not None
BEFORE.append((Command.GRANT_HOLD, replace(LONG_AGO, asked=replace(LONG_AGO.asked, review_at=NOW))))


def test_whatever_is_not_tried_here_needs_nothing() -> None:
    others = [(pair, step) for pair, step in TRANSITIONS.items() if pair[1] in WAYS and pair[1] not in GIVE]
    bare = {command for (_, command), step in others if not (set(step.needs) - {Need.OUTCOME, Need.ANSWER})}
    assert {command for (_, command), _ in others} - bare == {Command.MERGE}
    assert all(DO[command] for command in bare)


@given(
    where=st.sampled_from(BEFORE),
    demanded=st.lists(st.sampled_from(Evidence), unique=True),
    ruled=st.booleans(),
    data=st.data(),
)
def test_what_is_required_is_what_a_step_is_refused_without(
    where: tuple[Command, Incident], demanded: list[Evidence], ruled: bool, data: st.DataObject
) -> None:
    command, before = where
    trial = Trial(before, demanded, ruled)
    action = trial.action(command)
    needs, kinds = set(action.needs), set(action.missing)
    give(trial, command, needs, kinds)
    assert bool(kinds) == (Need.EVIDENCE in needs)
    left_out = data.draw(st.sampled_from([*(needs - {Need.EVIDENCE}), *kinds, None]))
    if left_out:
        with pytest.raises(Refusal):
            give(trial, command, needs - {left_out}, kinds - {left_out})
