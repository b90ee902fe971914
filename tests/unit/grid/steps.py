"""Every command, given as it should be by whoever may give it: how tests lead an incident anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta

from services.grid.domain import ending, holding, intake, merging, outside, progressing, supervising
from services.grid.domain.catalogue import Counted, Stage, Urgency
from services.grid.domain.courses import Course
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Source
from services.grid.domain.requests import OutsideRequest
from services.grid.domain.states import (
    ClosingOutcome,
    Command,
    IncidentState,
    OutsideAnswer,
    ReturnReason,
    Satisfaction,
    Who,
)
from services.grid.domain.transitions import TRANSITIONS
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import DAY, DEPARTMENT, LIMITS, REPORTER, rule

MAIN, INSPECTION = samples.incident(), uuid7()
VERY_LATE = NOW + timedelta(days=3000)
REVIEW, ORDERED = NOW + 30 * DAY, NOW + DAY / 2
ASKED_OUTSIDE = OutsideRequest(
    body="国网日照供电公司", body_code="SGCC-RZ", reference="95598-1", sent_at=NOW, answer_by=NOW + 5 * DAY
)  # fmt: skip


def reported() -> Incident:
    return samples.incident(source=Source.PUBLIC)


def check(it: Incident, *, found: bool = True) -> Incident:
    return intake.check(
        it, found=found, remark="现场无此情况", proofs=(), seen=it.version, by=it.owner, limits=LIMITS, now=NOW
    )  # fmt: skip


def decline(it: Incident) -> Incident:
    return intake.decline(it, "不属于城市管理事项", seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def send_outside(it: Incident) -> Incident:
    return outside.send(
        it, ASKED_OUTSIDE, seen=it.version, by=it.department or it.owner, limits=LIMITS, now=NOW
    )  # fmt: skip


def answered(it: Incident, said: OutsideAnswer = OutsideAnswer.DONE) -> Incident:
    return outside.answer(it, said, "产权不属于本公司", seen=it.version, by=it.department, limits=LIMITS, now=NOW)


def stage(position: int, limit: Limit, counted: Counted = Counted.STAGE) -> Stage:
    name, done = f"环节{position}", f"条件{position}"
    return Stage("", "", "", Urgency.NORMAL, position, name, limit, done, f"Stage {position}", counted=counted)


COURSE = Course((stage(1, Limit(24)), stage(2, Limit(48))))


def dispatch(it: Incident) -> Incident:
    to = "371102-HBJ" if it.department == DEPARTMENT else DEPARTMENT
    by = it.coordinator or it.owner
    return it.dispatch(seen=it.version, by=by, rules=[rule()], named=to, limits=LIMITS, now=NOW, course=COURSE)


def accept(it: Incident) -> Incident:
    return it.accept(seen=it.version, by=it.department, limits=LIMITS, now=NOW)


def give_back(it: Incident) -> Incident:
    return it.give_back(ReturnReason.NOT_OUR_DUTY, seen=it.version, by=it.department, limits=LIMITS, now=NOW)


def progress(it: Incident) -> Incident:
    return progressing.report_progress(
        it, condition_met=True, seen=it.version, by=it.department, limits=LIMITS, now=NOW
    )


def ask_hold(it: Incident) -> Incident:
    return holding.ask_hold(it, "备件未到", REVIEW, seen=it.version, by=it.department, limits=LIMITS, now=NOW)


def ask_extension(it: Incident, units: int = 12) -> Incident:
    return holding.ask_extension(it, "雨天停工", units, seen=it.version, by=it.department, limits=LIMITS, now=NOW)


def grant(it: Incident) -> Incident:
    return holding.grant_time(it, review_at=None, units=0, seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def refuse(it: Incident) -> Incident:
    return holding.refuse_time(it, "可以按期完成", seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def end_hold(it: Incident) -> Incident:
    return holding.end_hold(it, "备件已到", seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def close(it: Incident, outcome: ClosingOutcome = ClosingOutcome.HANDLED) -> Incident:
    by = it.coordinator if it.state is IncidentState.REFERRED else it.owner
    return it.close(outcome, seen=it.version, by=by, limits=LIMITS, now=NOW, reason="重复")


def merge(it: Incident, main: Incident = MAIN) -> Incident:
    return merging.merge(it, main, seen=it.version, by=it.coordinator or it.owner, limits=LIMITS, now=NOW)


def split(it: Incident) -> Incident:
    return merging.split(it, seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def void(it: Incident) -> Incident:
    return ending.void(it, "测试数据", seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


def supervise(it: Incident, by: str = samples.CENTRE) -> Incident:
    return supervising.supervise(it, "领导批示", ORDERED, seen=it.version, by=by, limits=LIMITS, now=NOW)


def rate(it: Incident) -> Incident:
    return ending.rate(it, Satisfaction.SATISFIED, seen=it.version, by=REPORTER, limits=LIMITS, now=NOW)


def verify(it: Incident, *, passed: bool = True) -> Incident:
    return it.verify(passed=passed, seen=it.version, by=it.owner, limits=LIMITS, now=NOW)


DO: Mapping[Command, Callable[[Incident], Incident]] = {
    Command.CONFIRM: check,
    Command.DENY: lambda it: check(it, found=False),
    Command.FILE: lambda it: intake.file(it, seen=it.version, by=it.owner, limits=LIMITS, now=NOW),
    Command.REJECT: decline,
    Command.DECLINE: decline,
    Command.OBJECT: lambda it: intake.object_to(it, seen=it.version, by=REPORTER, limits=LIMITS, now=NOW),
    Command.DISPATCH: dispatch,
    Command.ACCEPT: accept,
    Command.RETURN: give_back,
    Command.REFER: give_back,
    Command.INSPECT: lambda it: it.inspect(INSPECTION, seen=it.version, by=it.department, limits=LIMITS, now=NOW),
    Command.HANDLE: lambda it: it.handle(seen=it.version, by=it.department, limits=LIMITS, now=NOW),
    Command.PROGRESS: progress,
    Command.ASK_HOLD: ask_hold,
    Command.ASK_EXTENSION: ask_extension,
    Command.GRANT_HOLD: grant,
    Command.GRANT_EXTENSION: grant,
    Command.REFUSE_TIME: refuse,
    Command.RESUME: lambda it: holding.resume(it, seen=it.version, by=Who.TIMER, limits=LIMITS, now=NOW),
    Command.END_HOLD: end_hold,
    Command.SEND_OUTSIDE: send_outside,
    Command.OUTSIDE_DONE: answered,
    Command.OUTSIDE_UNDONE: lambda it: answered(it, OutsideAnswer.REFUSED),
    Command.PASS: verify,
    Command.REWORK: lambda it: verify(it, passed=False),
    Command.CLOSE: close,
    Command.DISMISS: lambda it: close(it, ClosingOutcome.DUPLICATE),
    Command.MERGE: merge,
    Command.SPLIT: split,
    Command.SPLIT_TO_CHECK: split,
    Command.SPLIT_TO_FILE: split,
    Command.FOLLOW: lambda it: merging.follow(it, samples.closed(), limits=LIMITS, now=NOW),
    Command.REJOIN: lambda it: merging.rejoin(it, limits=LIMITS, now=NOW),
    Command.VOID: void,
    Command.REOPEN: lambda it: it.reopen(seen=it.version, by=REPORTER, limits=LIMITS, now=NOW),
    Command.RATE: rate,
    Command.ESCALATE: lambda it: it.escalate(limits=LIMITS, now=VERY_LATE),
    Command.SUPERVISE: supervise,
    Command.REMIND: lambda it: supervising.remind(it, limits=LIMITS, now=VERY_LATE),
    Command.CHASE: lambda it: holding.chase(it, limits=LIMITS, now=VERY_LATE),
}


def shape(incident: Incident) -> tuple[object, ...]:
    """All that decides what may happen next."""
    asked = incident.asked and incident.asked.kind
    extended = any(each.extension for each in incident.clocks if each.running)
    at = incident.course and incident.course.at
    objected, duplicate = bool(incident.intake and incident.intake.objected), incident.main is not None
    time = (asked, extended, at, objected, duplicate, incident.on_the_way_in, bool(incident.supervision))
    return incident.state, time, incident.bound, min(incident.returns, 1), incident.satisfaction


def taken() -> dict[tuple[IncidentState, Command], tuple[Incident, Incident]]:
    """Every step that can be taken from a report on, breadth first: how the incident was and is."""
    first = [samples.incident(), reported()]
    waiting, seen = deque(first), set(map(shape, first))
    found: dict[tuple[IncidentState, Command], tuple[Incident, Incident]] = {}
    while waiting:
        before = waiting.popleft()
        for command, do in DO.items():
            try:
                after = do(before)
            except Refusal:
                continue
            if after.step is not TRANSITIONS.get((before.state, command)):
                continue
            found.setdefault((before.state, command), (before, after))
            if shape(after) not in seen:
                seen.add(shape(after))
                waiting.append(after)
    return found


TAKEN = taken()
