"""Whom events of inspection and certificates concern."""

from __future__ import annotations

from typing import Any

import pytest
from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import events_pb2 as certificate_events
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2
from google.protobuf.message import Message

from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.notification.domain.notices import Reporter
from services.notification.wire import certificates, inspections
from tests.unit.fakes import WANG
from tests.unit.grid.samples import DEPARTMENT
from tests.unit.notification.addressed import addressed, demand_texts
from tests.unit.notification.samples import CASE, ENTERPRISE, PERSON


def inspection(kind: Any, **said: Any) -> Any:
    common = {"case_number": CASE, "region": "371102001001", "department": DEPARTMENT, "inspection_id": str(uuid7())}
    return kind(**common, **said)


HOLDER = {"enterprise_code": ENTERPRISE.id}
BOTH = {"enterprise": ENTERPRISE.id, "department": DEPARTMENT}
GRAVE, RECTIFIED = inspections_pb2.GRAVITY_GRAVE, inspections_pb2.INSPECTION_OUTCOME_RECTIFIED
INSPECTIONS = [
    (inspection(inspection_events.InspectionOpened, **HOLDER), "inspection-opened", {"department": DEPARTMENT}, True),
    (inspection(inspection_events.OfficersAssigned, officers=[WANG]), "inspection-assigned", {"officer": WANG}, False),
    (
        inspection(inspection_events.FindingRecorded, item_code="FOOD-03", gravity=GRAVE, **HOLDER),
        "inspection-finding",
        BOTH,
        False,
    ),
    (inspection(inspection_events.RectificationOrdered, **HOLDER), "inspection-rectification", BOTH, True),
    (inspection(inspection_events.RectificationExtended, **HOLDER), "inspection-extended", BOTH, True),
    (inspection(inspection_events.RecheckRecorded, passed=True, **HOLDER), "inspection-passed", BOTH, True),
    (inspection(inspection_events.RecheckRecorded, **HOLDER), "inspection-failed", BOTH, True),
    (inspection(inspection_events.InspectionClosed, outcome=RECTIFIED, **HOLDER), "inspection-closed", BOTH, True),
]


@pytest.mark.parametrize(("event", "wording", "told", "reporter"), INSPECTIONS, ids=[each[1] for each in INSPECTIONS])
def test_whom_each_event_of_inspection_concerns(
    event: Message, wording: str, told: dict[str, str], reporter: bool
) -> None:
    said = inspections.occasion(event, str(uuid7()))
    assert (said.wording, said.tell_reporter, addressed(said)) == (wording, reporter, told)
    demand_texts(said.also_to(Reporter(PERSON, "")) if reporter else said)


def test_an_inspection_of_nobody_known_is_told_to_its_department() -> None:
    said = inspections.occasion(inspection(inspection_events.RectificationOrdered), str(uuid7()))
    assert addressed(said) == {"department": DEPARTMENT}


def certificate(kind: Any, **said: Any) -> Any:
    common = {
        "certificate_id": str(uuid7()),
        "case_number": CASE,
        "region": "371102",
        "identifier": "1.2.156.3005.2.11100000MB0328832T014.11371102.1.001.A",
        "type_code": "11100000MB0328832T014",
        "holder_kind": certificates_pb2.HOLDER_KIND_ENTERPRISE,
        "holder": ENTERPRISE.id,
        "issuer": "371102-SCJG",
    }
    return kind(**{**common, **said})


CERTIFICATES = [
    (certificate(certificate_events.CertificateIssued, case_number=""), "certificate-issued", False),
    (certificate(certificate_events.CertificateSuspended, reason="GRAVE_FINDING"), "certificate-suspended", True),
    (certificate(certificate_events.SuspensionLifted, reason="RECTIFIED"), "certificate-lifted", False),
    (certificate(certificate_events.CertificateResumed, reason="IN_ORDER"), "certificate-resumed", True),
    (certificate(certificate_events.CertificateRevoked, case_number=""), "certificate-revoked", True),
    (certificate(certificate_events.CertificateRenewed, previous_identifier="1.2"), "certificate-renewed", False),
]


@pytest.mark.parametrize(("event", "wording", "reporter"), CERTIFICATES, ids=[each[1] for each in CERTIFICATES])
def test_whom_each_event_of_certificates_concerns(event: Any, wording: str, reporter: bool) -> None:
    said = certificates.occasion(event, str(uuid7()))
    assert (said.wording, said.tell_reporter) == (wording, reporter)
    assert addressed(said) == {"holder": ENTERPRISE.id, "department": "371102-SCJG"}
    demand_texts(said.also_to(Reporter(PERSON, "")) if reporter else said)


def test_who_used_a_certificate_is_told_to_its_holder_and_to_the_user() -> None:
    person = {"holder_kind": certificates_pb2.HOLDER_KIND_PERSON, "holder": WANG}
    event = certificate(certificate_events.CertificateUsed, department=DEPARTMENT, **person)
    said = certificates.occasion(event, str(uuid7()))
    assert [each.party for each in said.addressees] == [PERSON, Party("department", DEPARTMENT)]
    demand_texts(said)
