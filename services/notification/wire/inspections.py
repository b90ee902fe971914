"""What inspection's events mean here: whom each concerns, and what they are told.

An enterprise is not told that an inspection was opened, or who inspects: it may come unannounced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from egov.inspection.v1 import events_pb2 as inspection
from egov.inspection.v1 import inspections_pb2
from google.protobuf.message import Message

from services.chassis.moments import moment
from services.kernel.parties import Party
from services.notification.domain.notices import Addressee, Occasion
from services.notification.domain.wordings import Fact


def occasion(event: Message, event_id: str) -> Occasion:
    """What an event of inspection means. LookupError for one that nobody is told of."""
    return OCCASIONS[type(event)](event, event_id)


def _opened(event: inspection.InspectionOpened, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"opened_at": moment(event.opened_at)}
    return _occasion(event, event_id, "inspection-opened", facts, _department(event), tell_reporter=True)


def _assigned(event: inspection.OfficersAssigned, event_id: str) -> Occasion:
    officers = (Addressee("officer", Party("person", officer)) for officer in event.officers)
    return _occasion(event, event_id, "inspection-assigned", {"assigned_at": moment(event.assigned_at)}, *officers)


def _found(event: inspection.FindingRecorded, event_id: str) -> Occasion:
    gravity = inspections_pb2.Gravity.Name(event.gravity).removeprefix("GRAVITY_")
    facts: dict[str, Fact] = {"recorded_at": moment(event.recorded_at), "item": event.item_code, "gravity": gravity}
    return _occasion(event, event_id, "inspection-finding", facts, _enterprise(event), _department(event))


def _ordered(event: inspection.RectificationOrdered, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"ordered_at": moment(event.ordered_at), "rectify_by": moment(event.rectify_by)}
    told = (_enterprise(event), _department(event))
    return _occasion(event, event_id, "inspection-rectification", facts, *told, tell_reporter=True)


def _extended(event: inspection.RectificationExtended, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"extended_at": moment(event.extended_at), "rectify_by": moment(event.rectify_by)}
    told = (_enterprise(event), _department(event))
    return _occasion(event, event_id, "inspection-extended", facts, *told, tell_reporter=True)


def _rechecked(event: inspection.RecheckRecorded, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"checked_at": moment(event.checked_at)}
    told = (_enterprise(event), _department(event))
    if event.passed:
        return _occasion(event, event_id, "inspection-passed", facts, *told, tell_reporter=True)
    facts["rectify_by"] = moment(event.rectify_by)
    return _occasion(event, event_id, "inspection-failed", facts, *told, tell_reporter=True)


def _closed(event: inspection.InspectionClosed, event_id: str) -> Occasion:
    outcome = inspections_pb2.InspectionOutcome.Name(event.outcome).removeprefix("INSPECTION_OUTCOME_")
    facts: dict[str, Fact] = {"closed_at": moment(event.closed_at), "outcome": outcome}
    told = (_enterprise(event), _department(event))
    return _occasion(event, event_id, "inspection-closed", facts, *told, tell_reporter=True)


OCCASIONS: Mapping[type[Message], Callable[[Any, str], Occasion]] = {
    inspection.InspectionOpened: _opened,
    inspection.OfficersAssigned: _assigned,
    inspection.FindingRecorded: _found,
    inspection.RectificationOrdered: _ordered,
    inspection.RectificationExtended: _extended,
    inspection.RecheckRecorded: _rechecked,
    inspection.InspectionClosed: _closed,
}
"""What each event that is taken means."""


def _occasion(
    event: Any,
    event_id: str,
    wording: str,
    facts: Mapping[str, Fact],
    *addressees: Addressee,
    tell_reporter: bool = False,
) -> Occasion:
    """An occasion for those of the addressees whom the event names."""
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        addressees=tuple(addressee for addressee in addressees if addressee.party.id),
        facts={"department": event.department, **facts},
        tell_reporter=tell_reporter,
    )


def _enterprise(event: Any) -> Addressee:
    return Addressee("enterprise", Party("enterprise", event.enterprise_code))


def _department(event: Any) -> Addressee:
    return Addressee("department", Party("department", event.department))
