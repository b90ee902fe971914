import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import events_pb2 as certificates
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid
from egov.grid.v1 import incidents_pb2
from egov.identity.v1 import events_pb2 as identity
from egov.inspection.v1 import events_pb2 as inspection
from egov.inspection.v1 import inspections_pb2
from google.protobuf.message import Message

from deploy.local.replaying.expected import EVENT_OF
from deploy.local.replaying.facts import (
    CERTIFICATES_TOPIC,
    GRID_TOPIC,
    IDENTITY_TOPIC,
    INSPECTION_TOPIC,
    NOTIFIED,
    fact,
    tells,
)
from deploy.local.replaying.taken import SERVICES, taken_by
from services.chassis.envelope import Envelope
from services.notification.wire import certificates as certificate_notices
from services.notification.wire import incidents as incident_notices
from services.notification.wire import inspections as inspection_notices

REPORTER, CENTRE, OFFICE, ABOVE = (3, "rizhao-ssp"), (2, "371102-ZHZX"), (2, "371102-CGJ"), (2, "371102001-ZHZX")
ENTERPRISE, OFFICERS = (4, "92371199MAB0000158"), ((1, "officer"), (1, "officer-2"))
CODES = {"department": OFFICE[1], "centre": CENTRE[1], "supervisor": ABOVE[1], "issuer": OFFICE[1]}
KINDS: dict[int, str] = {
    parties_pb2.PARTY_KIND_CLIENT: "client",
    parties_pb2.PARTY_KIND_DEPARTMENT: "department",
    parties_pb2.PARTY_KIND_PERSON: "person",
    parties_pb2.PARTY_KIND_ENTERPRISE: "enterprise",
}
OCCASIONS: Mapping[type[Message], Any] = {
    **dict.fromkeys(incident_notices.OCCASIONS, incident_notices),
    **dict.fromkeys(inspection_notices.OCCASIONS, inspection_notices),
    **dict.fromkeys(certificate_notices.OCCASIONS, certificate_notices),
}


def event_of(kind: type[Message], **changed: Any) -> Any:
    fields = kind.DESCRIPTOR.fields_by_name
    all_said: dict[str, Any] = {
        **CODES,
        "type": incidents_pb2.IncidentTypeKey(kind=incidents_pb2.INCIDENT_KIND_EVENT),
        "reporter": parties_pb2.Party(kind=parties_pb2.PARTY_KIND_CLIENT, id=REPORTER[1]),
        "enterprise_code": ENTERPRISE[1],
        "officers": [officer for _, officer in OFFICERS],
        "holder": f"department/{CENTRE[1]}" if kind is grid.IncidentFiled else ENTERPRISE[1],
        "holder_kind": certificates_pb2.HOLDER_KIND_ENTERPRISE,
    }
    return kind(**{**{name: value for name, value in all_said.items() if name in fields}, **changed})


CASES = [
    *((event_of(kind), {REPORTER, CENTRE}) for kind in (grid.IncidentFiled, grid.IncidentAccepted)),
    *((event_of(kind), {REPORTER, CENTRE}) for kind in (grid.IncidentHandled, grid.IncidentReturned)),
    *((event_of(kind), {REPORTER, OFFICE}) for kind in (grid.IncidentDispatched, grid.IncidentVerified)),
    *((event_of(kind), {REPORTER, OFFICE}) for kind in (grid.IncidentReworkOrdered, grid.IncidentClosed)),
    (event_of(grid.IncidentClosed, department=""), {REPORTER}),
    (event_of(grid.IncidentReopened), {REPORTER, CENTRE}),
    (event_of(grid.IncidentEscalated), {REPORTER, ABOVE, OFFICE}),
    (event_of(grid.IncidentEscalated, reminder=True), {ABOVE, OFFICE}),
    (event_of(grid.IncidentDueSoon), {OFFICE}),
    (event_of(inspection.InspectionOpened), {OFFICE}),
    (event_of(inspection.OfficersAssigned), set(OFFICERS)),
    *((event_of(kind), {ENTERPRISE, OFFICE}) for kind in (inspection.FindingRecorded, inspection.InspectionClosed)),
    *((event_of(kind), {ENTERPRISE, OFFICE}) for kind in (inspection.RectificationOrdered, inspection.RecheckRecorded)),
    (event_of(inspection.RecheckRecorded, passed=True), {ENTERPRISE, OFFICE}),
    (event_of(inspection.InspectionClosed, enterprise_code=""), {OFFICE}),
    *(
        (event_of(kind), {ENTERPRISE, OFFICE})
        for kind in (
            *(certificates.CertificateIssued, certificates.CertificateSuspended, certificates.SuspensionLifted),
            *(certificates.CertificateResumed, certificates.CertificateRevoked, certificates.CertificateRenewed),
        )
    ),
    (event_of(certificates.CertificateUsed, department=ABOVE[1]), {ENTERPRISE, ABOVE}),
]


@pytest.mark.parametrize(("event", "told"), CASES)
def test_the_books_expect_the_notices_that_notification_makes(event: Any, told: set[tuple[int, str]]) -> None:
    assert tells(event) == told
    occasion = OCCASIONS[type(event)].occasion(event, str(uuid.uuid4()))
    assert {(to.party.kind, to.party.id) for to in occasion.addressees} == {(KINDS[kind], code) for kind, code in told}
    assert read(event).tells_reporter == occasion.tell_reporter


def test_the_events_that_somebody_is_told_of_are_known() -> None:
    assert {type(event).DESCRIPTOR.full_name for event, _ in CASES} == NOTIFIED
    told = {kind.DESCRIPTOR.name: kind.DESCRIPTOR.full_name for kind in OCCASIONS}
    assert {told[name] for name in EVENT_OF.values()} <= NOTIFIED


def read(event: Message, topic: str = "") -> Any:
    name = event.DESCRIPTOR.full_name
    at = datetime(2026, 1, 1, tzinfo=UTC)
    envelope = Envelope("e", name, "//rizhao.example/grid", at, key="subject", version=2, case_number="c")
    return fact(topic, envelope, event.SerializeToString())


def test_an_event_says_what_it_is_about() -> None:
    filed = read(event_of(grid.IncidentFiled, reference="replay/night/chicago/1"), GRID_TOPIC)
    assert (filed.topic, filed.name, filed.subject, filed.version) == (GRID_TOPIC, "IncidentFiled", "subject", 2)
    assert (filed.reference, filed.reporter, filed.case_number) == ("replay/night/chicago/1", REPORTER, "c")
    opened = read(event_of(inspection.InspectionOpened, incident_id="i"), INSPECTION_TOPIC)
    assert (opened.incident, opened.enterprise) == ("i", ENTERPRISE[1])
    assert read(event_of(certificates.CertificateIssued), CERTIFICATES_TOPIC).enterprise == ENTERPRISE[1]
    person = event_of(certificates.CertificateIssued, holder_kind=certificates_pb2.HOLDER_KIND_PERSON)
    assert read(person).enterprise == ""


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        (inspection.FindingRecorded(item_code="FOOD-03", gravity=inspections_pb2.GRAVITY_GRAVE), "FOOD-03 GRAVE"),
        (inspection.RecheckRecorded(passed=True), "passed"),
        (inspection.RecheckRecorded(), "failed"),
        (inspection.InspectionClosed(outcome=inspections_pb2.INSPECTION_OUTCOME_RECTIFIED), "RECTIFIED"),
        (inspection.RectificationOrdered(), ""),
    ],
)
def test_an_event_says_what_is_told_apart(event: Message, detail: str) -> None:
    assert read(event).detail == detail


def test_a_service_takes_what_its_consumers_declare() -> None:
    filed, found = read(event_of(grid.IncidentFiled), GRID_TOPIC), read(event_of(inspection.FindingRecorded))
    assert taken_by("notification", [filed, filed]) == 2
    assert taken_by("grid", [filed]) == 0
    assert taken_by("certificates", [replace(found, topic=INSPECTION_TOPIC)]) == 1
    assert taken_by("certificates", [replace(found, topic=GRID_TOPIC)]) == 0


def test_who_is_shut_out_is_known_to_every_service() -> None:
    shut_out = read(identity.ClientDisabled(client_id="a-client", version=2), IDENTITY_TOPIC)
    assert [taken_by(service, [shut_out]) for service in SERVICES] == [1, 1, 1, 1]
