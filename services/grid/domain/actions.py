"""What somebody may do now with an incident, by the table; and what people call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from services.grid.domain.conditions import is_given
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision
from services.grid.domain.evidence import missing_evidence
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.domain.states import Command
from services.grid.domain.supervising import may_order
from services.grid.domain.transitions import TRANSITIONS, Need, Step
from services.kernel import texts
from services.kernel.parties import Party

texts.register(
    {
        "DO_CONFIRM": ("核实属实", "Checked: as reported"),
        "DO_DENY": ("核实不属实", "Checked: not as reported"),
        "DO_FILE": ("立案", "File"),
        "DO_REJECT": ("不予受理", "Do not accept"),
        "DO_DECLINE": ("不予立案", "Do not file"),
        "DO_OBJECT": ("提出异议", "Object"),
        "DO_DISPATCH": ("派遣", "Dispatch"),
        "DO_ACCEPT": ("接单", "Accept"),
        "DO_RETURN": ("退单", "Return"),
        "DO_REFER": ("再次退单，提请协调", "Return, to be decided by a coordinator"),
        "DO_HANDLE": ("反馈处置完成", "Report handled"),
        "DO_PROGRESS": ("反馈环节完成", "Report a stage done"),
        "DO_ASK_HOLD": ("申请挂账", "Ask for a hold"),
        "DO_ASK_EXTENSION": ("申请延期", "Ask for an extension"),
        "DO_GRANT_HOLD": ("批准挂账", "Grant the hold"),
        "DO_GRANT_EXTENSION": ("批准延期", "Grant the extension"),
        "DO_REFUSE_TIME": ("不予批准", "Refuse what was asked for"),
        "DO_RESUME": ("恢复办理", "Resume"),
        "DO_END_HOLD": ("终止挂账", "End the hold"),
        "DO_SEND_OUTSIDE": ("转外部单位", "Send to an outside body"),
        "DO_OUTSIDE_DONE": ("外部单位已办结", "Outside body: done"),
        "DO_OUTSIDE_UNDONE": ("外部单位未办", "Outside body: not done"),
        "DO_PASS": ("核查通过", "Verify as handled"),
        "DO_REWORK": ("返工", "Order rework"),
        "DO_CLOSE": ("结案", "Close"),
        "DO_DISMISS": ("不予处置，直接结案", "Close without handling"),
        "DO_MERGE": ("并案", "Merge into a main incident"),
        "DO_SPLIT": ("拆案", "Split off"),
        "DO_SPLIT_TO_CHECK": ("拆案，待核实", "Split off, to be checked"),
        "DO_SPLIT_TO_FILE": ("拆案，待立案", "Split off, to be filed"),
        "DO_VOID": ("作废", "Void"),
        "DO_REOPEN": ("申请重开", "Reopen"),
        "DO_RATE": ("评价", "Rate"),
        "DO_SUPERVISE": ("督办", "Order to see to it"),
        "SAY_DEPARTMENT": ("承办部门", "Department"),
        "SAY_REASON": ("理由", "Reason"),
        "SAY_URGENCY": ("紧急程度", "Urgency"),
        "SAY_OUTCOME": ("结案结果", "Outcome"),
        "SAY_REVIEW_AT": ("复核时间", "Time of the review"),
        "SAY_UNITS": ("延长的时限单位数", "Units of time on top"),
        "SAY_MAIN_INCIDENT_ID": ("主案", "Main incident"),
        "SAY_CONDITION_MET": ("本环节结案条件已满足", "What must be so at the end of the stage is so"),
        "SAY_SATISFACTION": ("满意度", "Satisfaction"),
        "SAY_REMARK": ("核实情况", "What was seen"),
        "SAY_EVIDENCE": ("取证材料", "Evidence"),
        "EVIDENCE_PHOTO": ("上报照片", "Picture of what was reported"),
        "EVIDENCE_PHOTO_AFTER": ("处置后照片", "Picture once it is handled"),
        "EVIDENCE_VIDEO": ("视频", "Video"),
        "EVIDENCE_DOCUMENT": ("文书", "Document"),
        "SAY_REPLY": ("给上报人的答复", "Reply to whoever reported it"),
        "SAY_BODY": ("外部单位名称", "Name of the outside body"),
        "SAY_BODY_CODE": ("外部单位代码", "Code of the outside body"),
        "SAY_REFERENCE": ("外部单位受理编号", "Number at the outside body"),
        "SAY_ANSWER_BY": ("答复时限", "Answer due by"),
        "SAY_ANSWER": ("外部单位答复", "What the outside body answered"),
    }
)


class Action(NamedTuple):
    """A command that may be given now, the step that it takes, and what that is refused without.

    `missing`: the kinds of evidence that are.
    """

    command: Command
    step: Step
    needs: tuple[Need, ...] = ()
    missing: tuple[Evidence, ...] = ()


class Asked(NamedTuple):
    """What others than the table say, asked only where a step turns on it."""

    demanded: Callable[[], Iterable[Evidence]]
    """The evidence that the catalogue demands of the incident."""
    decision: Callable[[], Decision | None]
    """What the rules say of its dispatch; None where they are not asked."""


def actions_of(
    incident: Incident, commands: Iterable[Command], department: str | None, party: Party, limits: Limits, now: datetime
) -> list[Action]:
    """Which of these commands this party may give now, who speaks for this department."""
    here = ((each, TRANSITIONS.get((incident.state, each))) for each in commands)
    found = [Action(command, step) for command, step in here if step]
    return [
        action
        for action in found
        if (incident.may_take(action.step, department, limits) or incident.may_take(action.step, party, limits))
        and all(is_given(each, incident, limits, now) for each in action.step.given)
        and (action.command is not Command.SUPERVISE or may_order(incident, department))
    ]


def needing(action: Action, incident: Incident, asked: Asked, now: datetime) -> Action:
    """The action with what it is refused without, of this incident, now."""
    step = action.step
    missing = missing_evidence(asked.demanded(), incident.proofs) if step.proven else ()
    also = (
        (Need.EVIDENCE, bool(missing)),
        (Need.DEPARTMENT, Need.DEPARTMENT in step.takes and not _goes_by_rules(incident, asked.decision())),
        (Need.REVIEW_AT, Need.REVIEW_AT in step.takes and _is_past(incident, now)),
    )
    return action._replace(needs=(*step.needs, *(need for need, here in also if here)), missing=missing)


def _goes_by_rules(incident: Incident, decision: Decision | None) -> bool:
    """A dispatch that names nobody leads somewhere, and not where it is."""
    return decision is not None and decision.department not in ("", incident.department)


def _is_past(incident: Incident, now: datetime) -> bool:
    """The review that was asked for is over before the hold is granted."""
    return bool(incident.asked and incident.asked.review_at and incident.asked.review_at <= now)


def label(command: Command, language: str) -> str:
    """What people call a command; empty for one that nobody gives."""
    name = f"DO_{command}"
    return texts.text(name, language) if name in texts.names() else ""
