"""The methods of the service class on the real store, one after the other; doors and tokens are the chassis's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
import sqlalchemy as sa
from egov.certificates.v1 import certificates_pb2, events_pb2
from egov.certificates.v1 import certificates_service_pb2 as certs
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2

from services.certificates.service import CertificatesService
from services.certificates.store.reference import replace_issuers, replace_types
from services.chassis.call import Call
from services.kernel.errors import Refusal
from services.kernel.ports import Caller
from tests.integration.conftest import Engine
from tests.unit.certificates.samples import CGJ, FIRM, FOOD, HBJ, ISSUER_CODE, REGION, SCJG, TYPES, case_number
from tests.unit.fakes import WANG, FakeUnitOfWork, caller

CASE = case_number()
VALID, SUSPENDED, REVOKED, REPLACED = (
    certificates_pb2.CERTIFICATE_STATUS_VALID,
    certificates_pb2.CERTIFICATE_STATUS_SUSPENDED,
    certificates_pb2.CERTIFICATE_STATUS_REVOKED,
    certificates_pb2.CERTIFICATE_STATUS_REPLACED,
)


@dataclass
class ConnectedUnitOfWork(FakeUnitOfWork):
    """A fake that keeps what is recorded, over a real connection."""

    connection: sa.Connection | None = None

    def belongs_to(self, case_number: str) -> None:
        self.case_number = case_number


class Desk:
    """The service as a member of a department calls it, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.service = CertificatesService()
        self.uow = ConnectedUnitOfWork(connection=connection)
        cast(Any, self.service).uow = self.uow

    def ask(self, method: str, request: Any, department: str | None = SCJG) -> Any:
        who: Caller = caller(subject=WANG, department=department, region="371102")
        self.uow.caller = who
        return getattr(self.service, method)(request, Call("rpc", method, caller=who, region="371102"))

    def refused(self, method: str, request: Any, department: str | None = SCJG) -> str:
        with pytest.raises(Refusal) as refused:
            self.ask(method, request, department)
        return refused.value.reason

    def take(self, method: str, event: Any) -> None:
        getattr(self.service, method)(event, Call("event", method))

    def status(self, id: str) -> int:
        answer = self.ask("GetCertificate", certs.GetCertificateRequest(certificate_id=id))
        return int(answer.certificate.status)


@pytest.fixture
def desk(engine_of: Engine) -> Iterator[Desk]:
    with engine_of("certificates").connect() as connection:
        replace_types(connection, TYPES)
        replace_issuers(connection, {SCJG: ISSUER_CODE})
        yield Desk(connection)
        connection.rollback()


def issued(desk: Desk, number: str = "JY1") -> certificates_pb2.Certificate:
    request = certs.IssueCertificateRequest(
        type_code=FOOD.code,
        number=number,
        holder_kind=certificates_pb2.HOLDER_KIND_ENTERPRISE,
        holder=FIRM.code,
        holder_name="海滨小馆",
        region=REGION,
    )
    return cast(certificates_pb2.Certificate, desk.ask("IssueCertificate", request).certificate)


def finding(case: str = CASE) -> inspection_events.FindingRecorded:
    return inspection_events.FindingRecorded(
        case_number=case,
        region=REGION,
        gravity=inspections_pb2.GRAVITY_GRAVE,
        certificate_type=FOOD.code,
        enterprise_code=FIRM.code,
        department=SCJG,
    )


def closed(case: str = CASE) -> inspection_events.InspectionClosed:
    return inspection_events.InspectionClosed(
        case_number=case, outcome=inspections_pb2.INSPECTION_OUTCOME_RECTIFIED, department=SCJG
    )


def test_the_issuers_commands_and_what_anyone_can_verify(desk: Desk) -> None:
    first = issued(desk)
    id = first.certificate_id
    held = desk.ask("SuspendCertificate", certs.SuspendCertificateRequest(certificate_id=id, version=1)).certificate
    assert (held.status, held.version) == (SUSPENDED, 2)
    desk.ask("ResumeCertificate", certs.ResumeCertificateRequest(certificate_id=id, version=2, case_number=CASE))
    renewed = desk.ask("RenewCertificate", certs.RenewCertificateRequest(certificate_id=id, version=3)).certificate
    assert renewed.previous_identifier == first.identifier
    told = desk.ask("VerifyCertificate", certs.VerifyCertificateRequest(identifier=first.identifier), None)
    assert (told.known, told.status, told.holder_name) == (True, REPLACED, "海滨小馆")
    desk.ask("RevokeCertificate", certs.RevokeCertificateRequest(certificate_id=id, version=4))
    assert desk.status(id) == REVOKED
    told = desk.ask("VerifyCertificate", certs.VerifyCertificateRequest(identifier=renewed.identifier), None)
    assert (told.status, told.check) == (REVOKED, certs.CHECK_DIAGNOSIS_RIGHT)
    history = desk.ask("GetHistory", certs.GetHistoryRequest(certificate_id=id))
    assert [each.reason for each in history.changes] == ["ISSUED", "BY_ISSUER", "BY_ISSUER", "RENEWED", "BY_ISSUER"]
    assert (history.status_at, len(history.versions)) == (REVOKED, 2)
    assert [envelope.version for envelope in desk.uow.envelopes] == [1, 2, 3, 4, 5]


def test_a_number_that_is_taken_is_refused(desk: Desk) -> None:
    issued(desk)
    with pytest.raises(Refusal) as refused:
        issued(desk)
    assert refused.value.reason == "NUMBER_TAKEN"


def test_a_department_finds_and_uses_what_is_open_to_it(desk: Desk) -> None:
    made = issued(desk)
    asked = certs.ListHolderCertificatesRequest(
        holder_kind=certificates_pb2.HOLDER_KIND_ENTERPRISE, holder_id=FIRM.code, case_number=CASE
    )
    assert [each.identifier for each in desk.ask("ListHolderCertificates", asked, CGJ).certificates] == [
        made.identifier
    ]
    assert desk.uow.case_number == CASE
    assert not desk.ask("ListHolderCertificates", asked, HBJ).certificates
    assert desk.refused("ListHolderCertificates", asked, None) == "NO_DEPARTMENT"
    use = certs.UseCertificateRequest(certificate_id=made.certificate_id, case_number=CASE, purpose="网格事件处置")
    answer = desk.ask("UseCertificate", use, CGJ)
    assert (answer.use.department, answer.use.case_number, answer.certificate.version) == (CGJ, CASE, 2)
    assert desk.refused("UseCertificate", use, HBJ) == "CERTIFICATE_NOT_FOUND"
    history = desk.ask("GetHistory", certs.GetHistoryRequest(certificate_id=made.certificate_id))
    assert list(history.uses) == [answer.use]
    assert isinstance(desk.uow.events[-1], events_pb2.CertificateUsed)


def test_a_grave_finding_suspends_and_a_good_end_resumes(desk: Desk) -> None:
    made = issued(desk)
    desk.take("finding_recorded", finding())
    assert desk.status(made.certificate_id) == SUSPENDED
    desk.take("finding_recorded", finding())
    desk.take("inspection_closed", closed(case_number()))
    assert desk.status(made.certificate_id) == SUSPENDED
    desk.take("inspection_closed", closed())
    desk.take("inspection_closed", closed())
    assert desk.status(made.certificate_id) == VALID
    kinds = [type(event) for event in desk.uow.events]
    assert kinds == [events_pb2.CertificateIssued, events_pb2.CertificateSuspended, events_pb2.CertificateResumed]
    assert [envelope.case_number for envelope in desk.uow.envelopes] == [None, CASE, CASE]


def test_a_finding_on_a_revoked_certificate_is_refused_and_one_on_nothing_is_not(desk: Desk) -> None:
    desk.take("finding_recorded", finding())
    made = issued(desk)
    revoke = certs.RevokeCertificateRequest(certificate_id=made.certificate_id, version=1)
    desk.ask("RevokeCertificate", revoke)
    with pytest.raises(Refusal) as refused:
        desk.take("finding_recorded", finding())
    assert refused.value.reason == "CERTIFICATE_REVOKED"


def test_the_types_are_for_everybody(desk: Desk) -> None:
    page = desk.ask("ListCertificateTypes", certs.ListCertificateTypesRequest(), None)
    assert [(each.code, each.issued_by) for each in page.types] == [(each.code, each.issued_by) for each in TYPES]
