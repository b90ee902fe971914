"""What the accounts need of an event: what it is about, what caused it, and who is to get a notice of it.

Who is told of what is said here once more, so that the books do not take notification's own word for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import events_pb2 as certificate_events
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid_events
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2
from egov.notification.v1 import events_pb2 as notification_events
from google.protobuf.message import Message

from services.chassis.envelope import Envelope

GRID_TOPIC, INSPECTION_TOPIC, CERTIFICATES_TOPIC = "egov.grid.v1", "egov.inspection.v1", "egov.certificates.v1"
IDENTITY_TOPIC, NOTIFICATION_TOPIC = "egov.identity.v1", "egov.notification.v1"
FACT_TOPICS = (GRID_TOPIC, INSPECTION_TOPIC, CERTIFICATES_TOPIC, IDENTITY_TOPIC)

Party = tuple[int, str]

DEPARTMENT, ENTERPRISE = int(parties_pb2.PARTY_KIND_DEPARTMENT), int(parties_pb2.PARTY_KIND_ENTERPRISE)
_PERSON = int(parties_pb2.PARTY_KIND_PERSON)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event on a topic: of the type `type`, about `subject` in version `version`.

    `reference` and `reporter`: of an incident's events. `incident`: of an inspection's opening. `enterprise`: whom an
    inspection or a certificate concerns, where the event says it. `detail`: item and gravity of a finding, `passed` or
    `failed` of a re-check, the outcome of an inspection's close. `tells`: who is to get a notice; `tells_reporter`:
    whoever reported what its case is about, too, if anyone did.
    """

    id: str
    topic: str
    type: str
    subject: str
    version: int
    case_number: str = ""
    reference: str = ""
    reporter: Party | None = None
    incident: str = ""
    enterprise: str = ""
    detail: str = ""
    tells: frozenset[Party] = frozenset()
    tells_reporter: bool = False

    @property
    def name(self) -> str:
        """Its type without the package."""
        return self.type.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class NoticeFact:
    """An event on notification's topic. `caused_by` and `recipient`: of NoticeCreated only."""

    id: str
    caused_by: str = ""
    recipient: Party = (0, "")


def _departments(*names: str) -> Callable[[Any], set[Party]]:
    return lambda event: {(DEPARTMENT, code) for name in names if (code := getattr(event, name))}


def _inspected(event: Any) -> set[Party]:
    return {(DEPARTMENT, event.department), (ENTERPRISE, event.enterprise_code)} - {(ENTERPRISE, "")}


def _holder(event: Any) -> set[Party]:
    person = event.holder_kind == certificates_pb2.HOLDER_KIND_PERSON
    return {(_PERSON if person else ENTERPRISE, event.holder)}


def _held(event: Any) -> set[Party]:
    return _holder(event) | {(DEPARTMENT, event.issuer)}


_TOLD: dict[type[Message], Callable[[Any], set[Party]]] = {
    grid_events.IncidentFiled: lambda event: {(DEPARTMENT, event.holder.removeprefix("department/"))},
    grid_events.IncidentDispatched: _departments("department", "taken_from"),
    grid_events.IncidentAccepted: _departments("centre"),
    grid_events.IncidentReturned: _departments("centre"),
    grid_events.IncidentHandled: _departments("centre"),
    grid_events.IncidentVerified: _departments("department"),
    grid_events.IncidentReworkOrdered: _departments("department"),
    grid_events.IncidentClosed: _departments("department"),
    grid_events.IncidentReopened: _departments("centre"),
    grid_events.IncidentEscalated: _departments("supervisor", "department"),
    grid_events.IncidentDueSoon: _departments("department"),
    inspection_events.InspectionOpened: _departments("department"),
    inspection_events.OfficersAssigned: lambda event: {(_PERSON, officer) for officer in event.officers},
    inspection_events.FindingRecorded: _inspected,
    inspection_events.RectificationOrdered: _inspected,
    inspection_events.RecheckRecorded: _inspected,
    inspection_events.InspectionClosed: _inspected,
    certificate_events.CertificateIssued: _held,
    certificate_events.CertificateSuspended: _held,
    certificate_events.SuspensionLifted: _held,
    certificate_events.CertificateResumed: _held,
    certificate_events.CertificateRevoked: _held,
    certificate_events.CertificateRenewed: _held,
    certificate_events.CertificateUsed: lambda event: _holder(event) | {(DEPARTMENT, event.department)},
}
_TELL_REPORTER = frozenset(
    {
        inspection_events.InspectionOpened,
        inspection_events.RectificationOrdered,
        inspection_events.RecheckRecorded,
        inspection_events.InspectionClosed,
        certificate_events.CertificateSuspended,
        certificate_events.CertificateResumed,
        certificate_events.CertificateRevoked,
    }
)
_DETAILS: dict[type[Message], Callable[[Any], str]] = {
    inspection_events.FindingRecorded: lambda event: (
        f"{event.item_code} {inspections_pb2.Gravity.Name(event.gravity).removeprefix('GRAVITY_')}"
    ),
    inspection_events.RecheckRecorded: lambda event: "passed" if event.passed else "failed",
    inspection_events.InspectionClosed: lambda event: inspections_pb2.InspectionOutcome.Name(
        event.outcome
    ).removeprefix("INSPECTION_OUTCOME_"),
}
_KINDS = {kind.DESCRIPTOR.full_name: kind for kind in _TOLD}
_NOTICE_CREATED = notification_events.NoticeCreated.DESCRIPTOR.full_name

NOTIFIED = frozenset(_KINDS)
"""The types of events that somebody is told of."""


def fact(topic: str, envelope: Envelope, body: bytes) -> Fact:
    """An event of a topic, told by its envelope and, where somebody is told of it, by its body."""
    kind = _KINDS.get(envelope.type)
    if kind is None:
        return Fact(envelope.id, topic, envelope.type, envelope.key, envelope.version)
    event: Any = kind()
    event.ParseFromString(body)
    reporter = _party(event.reporter) if "reporter" in _fields(event) else None
    return Fact(
        id=envelope.id,
        topic=topic,
        type=envelope.type,
        subject=envelope.key,
        version=envelope.version,
        case_number=envelope.case_number or "",
        reference=getattr(event, "reference", ""),
        reporter=reporter,
        incident=event.incident_id if kind is inspection_events.InspectionOpened else "",
        enterprise=_enterprise(event),
        detail=_DETAILS[kind](event) if kind in _DETAILS else "",
        tells=tells(event),
        tells_reporter=kind in _TELL_REPORTER,
    )


def notice_fact(envelope: Envelope, body: bytes) -> NoticeFact:
    """An event of notification's topic."""
    if envelope.type != _NOTICE_CREATED:
        return NoticeFact(envelope.id)
    event = notification_events.NoticeCreated()
    event.ParseFromString(body)
    return NoticeFact(envelope.id, event.caused_by, _party(event.recipient))


def tells(event: Any) -> frozenset[Party]:
    """Who is to get a notice of an event that names them. The reporter is spared reminders."""
    told = _TOLD[type(event)](event)
    spared = isinstance(event, grid_events.IncidentEscalated) and event.reminder
    if "reporter" in _fields(event) and not spared:
        told = told | {_party(event.reporter)}
    return frozenset(told)


def _enterprise(event: Any) -> str:
    """Social credit code of the enterprise that an inspection or a certificate concerns."""
    names = _fields(event)
    if "holder_kind" in names:
        return str(event.holder) if event.holder_kind == certificates_pb2.HOLDER_KIND_ENTERPRISE else ""
    return str(event.enterprise_code) if "enterprise_code" in names else ""


def _fields(event: Message) -> Any:
    return event.DESCRIPTOR.fields_by_name


def _party(party: parties_pb2.Party) -> Party:
    return party.kind, party.id
