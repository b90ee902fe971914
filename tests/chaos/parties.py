"""Whom an event is to be told to. Said here once more, so that the books do not take notification's own word for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import events_pb2 as certificates
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid
from egov.grid.v1 import time_requests_pb2
from egov.inspection.v1 import events_pb2 as inspection

from deploy.local.replaying import facts
from tests.chaos.records import Party

KINDS = {
    parties_pb2.PARTY_KIND_CLIENT: "client",
    parties_pb2.PARTY_KIND_DEPARTMENT: "department",
    parties_pb2.PARTY_KIND_ENTERPRISE: "enterprise",
    parties_pb2.PARTY_KIND_PERSON: "person",
}
HOLDERS = {certificates_pb2.HOLDER_KIND_ENTERPRISE: "enterprise", certificates_pb2.HOLDER_KIND_PERSON: "person"}
GRID = (grid.IncidentFiled, grid.IncidentDispatched, grid.IncidentAccepted, grid.IncidentReturned, grid.IncidentHandled,
        grid.IncidentVerified, grid.IncidentReworkOrdered, grid.IncidentClosed, grid.IncidentReopened,
        grid.IncidentEscalated, grid.IncidentDueSoon)  # fmt: skip

OPENING: dict[str, Any] = {kind.DESCRIPTOR.full_name: kind for kind in (grid.IncidentReported, grid.IncidentFiled)}
"""The events with which the case of a report begins."""


class Tells:
    """Whom each event tells. Reporters are learnt from the reports, by case."""

    def __init__(self) -> None:
        self._reporters: dict[str, Party] = {}

    def learn(self, headers: Mapping[str, str], body: bytes) -> None:
        """See an event before any is asked for."""
        opened = OPENING.get(headers["ce_type"])
        if opened is not None:
            reporter = opened.FromString(body).reporter
            self._reporters[headers["ce_casenumber"]] = (KINDS[reporter.kind], reporter.id)

    def of(self, headers: Mapping[str, str], body: bytes) -> frozenset[Party] | None:
        """The parties of an event; None for one that tells nobody."""
        kind = TELLING.get(headers["ce_type"])
        if kind is None:
            return None
        event = kind.FromString(body)
        if kind in GRID:
            return frozenset((KINDS[parties_pb2.PartyKind.ValueType(party)], id) for party, id in facts.tells(event))
        told, also_reporter = _TOLD[kind](event)
        reporter = self._reporters.get(headers.get("ce_casenumber", "")) if also_reporter else None
        return frozenset(party for party in (*told, reporter) if party is not None and party[1])


Told = tuple[tuple[Party, ...], bool]


def _inspecting(event: Any) -> tuple[Party, ...]:
    return ("department", event.department), ("enterprise", event.enterprise_code)


def _holding(event: Any) -> tuple[Party, ...]:
    return ("department", event.issuer), (HOLDERS[event.holder_kind], event.holder)


def _reporter(event: Any) -> Party:
    return KINDS[event.reporter.kind], event.reporter.id


def _reported(event: Any) -> tuple[Party, ...]:
    return _reporter(event), ("department", event.department)


def _extended(event: Any) -> Told:
    """Of an extension people are told, of a calendar that moved a deadline those who were told of a delay."""
    if event.cause == time_requests_pb2.DEADLINE_CAUSE_EXTENSION:
        return _reported(event), False
    told = (("department", event.supervisor), ("department", event.holder.removeprefix("department/")))
    return (told if event.withdrawn else (), False)


def _supervised(event: Any) -> Told:
    """Whoever ordered it is not told of their own order."""
    centre = (("department", event.centre),) if event.centre != event.supervisor else ()
    return (("department", event.department), *centre), False


_TOLD: dict[Any, Callable[[Any], Told]] = {
    grid.IncidentReported: lambda event: ((_reporter(event), ("department", event.centre)), False),
    grid.IncidentChecked: lambda event: ((("department", event.centre),), False),
    grid.IncidentDeclined: lambda event: ((_reporter(event),), False),
    grid.IncidentSentOutside: lambda event: ((_reporter(event), ("department", event.centre)), False),
    grid.IncidentOutsideAnswered: lambda event: ((("department", event.centre),), False),
    grid.IncidentRejoined: lambda event: ((_reporter(event),), False),
    grid.IncidentReferred: lambda event: (
        (_reporter(event), ("department", event.coordinator), ("department", event.centre)),
        False,
    ),
    grid.IncidentTimeAsked: lambda event: ((("department", event.centre),), False),
    grid.IncidentTimeRefused: lambda event: ((("department", event.department),), False),
    grid.IncidentDecisionAwaited: lambda event: (
        (("department", event.centre), ("department", event.supervisor)),
        False,
    ),
    grid.IncidentHeld: lambda event: (_reported(event), False),
    grid.IncidentResumed: lambda event: (_reported(event), False),
    grid.IncidentDeadlineMoved: _extended,
    grid.IncidentMerged: lambda event: (_reported(event), False),
    grid.IncidentSplit: lambda event: ((_reporter(event), ("department", event.centre)), False),
    grid.IncidentVoided: lambda event: (_reported(event), False),
    grid.IncidentRated: lambda event: ((("department", event.centre),), False),
    grid.IncidentProgressed: lambda event: ((("department", event.centre),), False),
    grid.IncidentSupervised: _supervised,
    grid.IncidentSupervisionMissed: lambda event: (
        (("department", event.supervisor), ("department", event.department)),
        False,
    ),
    # An enterprise is not told that it will be inspected.
    inspection.InspectionOpened: lambda event: ((("department", event.department),), True),
    inspection.OfficersAssigned: lambda event: (tuple(("person", officer) for officer in event.officers), False),
    inspection.FindingRecorded: lambda event: (_inspecting(event), False),
    inspection.RectificationOrdered: lambda event: (_inspecting(event), True),
    inspection.RectificationExtended: lambda event: (_inspecting(event), True),
    inspection.RecheckRecorded: lambda event: (_inspecting(event), True),
    inspection.InspectionClosed: lambda event: (_inspecting(event), True),
    certificates.CertificateIssued: lambda event: (_holding(event), False),
    certificates.CertificateSuspended: lambda event: (_holding(event), True),
    # One of several grounds fell away: nothing changes for the reporter.
    certificates.SuspensionLifted: lambda event: (_holding(event), False),
    certificates.CertificateResumed: lambda event: (_holding(event), True),
    certificates.CertificateRevoked: lambda event: (_holding(event), True),
    certificates.CertificateRenewed: lambda event: (_holding(event), False),
    certificates.CertificateUsed: lambda event: ((("department", event.department), _holding(event)[1]), False),
}
TELLING: dict[str, Any] = {kind.DESCRIPTOR.full_name: kind for kind in (*GRID, *_TOLD)}
"""Every type of event that tells somebody."""
