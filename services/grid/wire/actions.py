"""Commands by the methods of the contract that give them, and what a caller may do, for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from egov.common.v1 import options_pb2
from egov.grid.v1 import actions_pb2, grid_service_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from services.grid.domain.actions import Action
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.domain.states import Command
from services.grid.domain.transitions import Need
from services.grid.wire.catalogue import EVIDENCE_OUT
from services.grid.wire.progress import present_stage
from services.kernel import texts
from services.kernel.ports import Caller

_METHODS = grid_service_pb2.DESCRIPTOR.services_by_name["GridService"].methods_by_name
_HANDLED, _DONE = "CLOSING_OUTCOME_HANDLED", "OUTSIDE_ANSWER_DONE"


class Way(NamedTuple):
    """The method that gives a command, and what its request says in any case, as in JSON."""

    method: str
    fixed: Mapping[str, str] = MappingProxyType({})

    @property
    def descriptor(self) -> MethodDescriptor:
        """The contract's."""
        return _METHODS[self.method]


WAYS: Mapping[Command, Way] = {
    Command.CONFIRM: Way("CheckReport", {"found": "true"}),
    Command.DENY: Way("CheckReport", {"found": "false"}),
    Command.FILE: Way("FileReport"),
    Command.REJECT: Way("DeclineReport"),
    Command.DECLINE: Way("DeclineReport"),
    Command.OBJECT: Way("ObjectToDecision"),
    Command.DISPATCH: Way("DispatchIncident"),
    Command.ACCEPT: Way("AcceptIncident"),
    Command.HANDLE: Way("ReportHandled"),
    Command.PROGRESS: Way("ReportProgress"),
    Command.RETURN: Way("ReturnIncident"),
    Command.REFER: Way("ReturnIncident"),
    Command.ASK_EXTENSION: Way("AskExtension"),
    Command.ASK_HOLD: Way("AskHold"),
    Command.GRANT_EXTENSION: Way("DecideTime", {"granted": "true"}),
    Command.GRANT_HOLD: Way("DecideTime", {"granted": "true"}),
    Command.REFUSE_TIME: Way("DecideTime", {"granted": "false"}),
    Command.RESUME: Way("ResumeIncident"),
    Command.END_HOLD: Way("EndHold"),
    Command.SEND_OUTSIDE: Way("SendOutside"),
    Command.OUTSIDE_DONE: Way("RecordOutsideAnswer", {Need.ANSWER: f'"{_DONE}"'}),
    Command.OUTSIDE_UNDONE: Way("RecordOutsideAnswer"),
    Command.PASS: Way("VerifyIncident", {"passed": "true"}),
    Command.REWORK: Way("VerifyIncident", {"passed": "false"}),
    Command.CLOSE: Way("CloseIncident", {Need.OUTCOME: f'"{_HANDLED}"'}),
    Command.DISMISS: Way("CloseIncident"),
    Command.MERGE: Way("MergeIncident"),
    Command.SPLIT: Way("SplitIncident"),
    Command.SPLIT_TO_CHECK: Way("SplitIncident"),
    Command.SPLIT_TO_FILE: Way("SplitIncident"),
    Command.VOID: Way("VoidIncident"),
    Command.REOPEN: Way("ReopenIncident"),
    Command.RATE: Way("RateIncident"),
    Command.SUPERVISE: Way("SuperviseIncident"),
}
"""The commands that are given by calls, in the order of an incident's way. Time and inspections give the others."""


def open_to(caller: Caller) -> list[Command]:
    """The commands whose methods this caller may call, by scope and assurance level."""
    return [command for command, way in WAYS.items() if _may_call(caller, way.descriptor)]


def _may_call(caller: Caller, method: MethodDescriptor) -> bool:
    outward = method.GetOptions().Extensions[options_pb2.access].outward
    return outward.scope in caller.scopes and caller.level >= outward.lowest_level


def actions_message(incident: Incident, actions: Iterable[Action], now: datetime) -> actions_pb2.ListActionsResponse:
    """What a caller may do with an incident, and which stage it is at."""
    return actions_pb2.ListActionsResponse(
        version=incident.version,
        actions=[_action(each) for each in actions],
        stage=present_stage(incident, now),
    )


def _action(action: Action) -> actions_pb2.Action:
    way, step = WAYS[action.command], action.step
    said = [each for each in (*step.needs, *step.takes) if each not in way.fixed]
    return actions_pb2.Action(
        command=action.command.value,
        method=way.method,
        label=_label(f"DO_{action.command}"),
        fields=[_field(way, action, need) for need in said],
        fixed=[actions_pb2.FixedField(name=name, value=value) for name, value in way.fixed.items()],
    )


def _field(way: Way, action: Action, need: Need) -> actions_pb2.ActionField:
    field = way.descriptor.input_type.fields_by_name[need]
    return actions_pb2.ActionField(
        name=need,
        label=_label(f"SAY_{need.upper()}"),
        required=need in action.needs,
        choices=_choices(field),
        evidence=map(_demanded, action.missing) if need is Need.EVIDENCE else (),
    )


def _demanded(kind: Evidence) -> actions_pb2.DemandedEvidence:
    return actions_pb2.DemandedEvidence(kind=EVIDENCE_OUT[kind], label=_label(f"EVIDENCE_{kind.upper()}"))


def _choices(field: FieldDescriptor) -> list[str]:
    """The values of an enum; `handled` and `done` are other commands'."""
    values = field.enum_type.values[1:] if field.enum_type else ()
    return [each.name for each in values if each.name not in (_HANDLED, _DONE)]


def _label(name: str) -> actions_pb2.Label:
    return actions_pb2.Label(zh_cn=texts.text(name, "zh-CN"), en=texts.text(name, "en"))
