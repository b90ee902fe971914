"""What somebody may do now with an incident, by the table; and what people call it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.grid.domain.conditions import is_given
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.states import Command
from services.grid.domain.transitions import TRANSITIONS, Step
from services.kernel import texts
from services.kernel.parties import Party

texts.register(
    {
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
        "DO_PASS": ("核查通过", "Verify as handled"),
        "DO_REWORK": ("返工", "Order rework"),
        "DO_CLOSE": ("结案", "Close"),
        "DO_DISMISS": ("不予处置，直接结案", "Close without handling"),
        "DO_MERGE": ("并案", "Merge into a main incident"),
        "DO_SPLIT": ("拆案", "Split off"),
        "DO_VOID": ("作废", "Void"),
        "DO_REOPEN": ("申请重开", "Reopen"),
        "DO_RATE": ("评价", "Rate"),
        "SAY_DEPARTMENT": ("承办部门", "Department"),
        "SAY_REASON": ("理由", "Reason"),
        "SAY_OUTCOME": ("结案结果", "Outcome"),
        "SAY_REVIEW_AT": ("复核时间", "Time of the review"),
        "SAY_UNITS": ("延长的时限单位数", "Units of time on top"),
        "SAY_MAIN_INCIDENT_ID": ("主案", "Main incident"),
        "SAY_CONDITION_MET": ("本环节结案条件已满足", "What must be so at the end of the stage is so"),
        "SAY_SATISFACTION": ("满意度", "Satisfaction"),
    }
)


class Action(NamedTuple):
    """A command that may be given now, and the step that it takes."""

    command: Command
    step: Step


def actions_of(
    incident: Incident, commands: Iterable[Command], department: str | None, party: Party, limits: Limits, now: datetime
) -> list[Action]:
    """Which of these commands this party may give now, who speaks for this department."""
    here = ((each, TRANSITIONS.get((incident.state, each))) for each in commands)
    found = [Action(command, step) for command, step in here if step]
    return [
        action
        for action in found
        if (incident.may_take(action.step, department) or incident.may_take(action.step, party))
        and all(is_given(each, incident, limits, now) for each in action.step.given)
    ]


def label(command: Command, language: str) -> str:
    """What people call a command; empty for one that nobody gives."""
    name = f"DO_{command}"
    return texts.text(name, language) if name in texts.names() else ""
