"""What inspection finds, as it ends and begins the validity of certificates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from egov.certificates.v1 import events_pb2

from services.certificates import usecases
from services.certificates.domain.findings import GoodEnd, GraveFinding
from services.certificates.domain.states import Reason, Status
from services.kernel.errors import Refusal
from tests.unit.certificates.samples import (
    ELSEWHERE,
    FIRM,
    FOOD,
    OTHER_FIRM,
    SCJG,
    FakeCertificates,
    certificate,
)
from tests.unit.certificates.working import CASE, OTHER, only
from tests.unit.fakes import NOW, FakeUnitOfWork


def find(certificates: FakeCertificates, case: str = CASE, department: str = SCJG) -> FakeUnitOfWork:
    uow = FakeUnitOfWork(case_number=case)
    usecases.suspend_on_finding(uow, certificates, GraveFinding(case, FIRM, FOOD.code, department))
    return uow


def end(certificates: FakeCertificates, case: str = CASE, reason: Reason = Reason.RECTIFIED) -> FakeUnitOfWork:
    uow = FakeUnitOfWork(case_number=case, at=NOW + timedelta(days=1))
    usecases.lift_on_good_end(uow, certificates, GoodEnd(case, reason))
    return uow


def test_a_grave_finding_suspends_and_its_good_end_resumes() -> None:
    issued = certificate()
    certificates = FakeCertificates(issued, certificate(holder=OTHER_FIRM))
    event = only(find(certificates), events_pb2.CertificateSuspended)
    assert (event.certificate_id, event.reason, event.case_number) == (str(issued.id), "GRAVE_FINDING", CASE)
    assert find(certificates).events == []
    resumed = only(end(certificates), events_pb2.CertificateResumed)
    assert (resumed.certificate_id, resumed.reason, resumed.case_number) == (str(issued.id), "RECTIFIED", CASE)
    assert end(certificates).events == []
    assert certificates.rows[issued.id].version == 3


def test_with_two_cases_the_first_good_end_resumes_nothing() -> None:
    issued = certificate()
    certificates = FakeCertificates(issued)
    only(find(certificates, CASE), events_pb2.CertificateSuspended)
    only(find(certificates, OTHER), events_pb2.CertificateSuspended)
    lifted = only(end(certificates, CASE), events_pb2.SuspensionLifted)
    assert (lifted.version, lifted.case_number) == (4, CASE)
    assert certificates.rows[issued.id].status(NOW) is Status.SUSPENDED
    assert only(end(certificates, OTHER, Reason.IN_ORDER), events_pb2.CertificateResumed).reason == "IN_ORDER"


def test_a_finding_without_a_certificate_here_has_no_effect() -> None:
    assert find(FakeCertificates(certificate(holder=OTHER_FIRM))).events == []
    assert find(FakeCertificates(certificate(region=ELSEWHERE))).events == []
    assert find(FakeCertificates(certificate()), department="371121-SCJG").events == []


def test_a_finding_on_a_revoked_certificate_is_refused() -> None:
    revoked = certificate().revoke("", now=NOW)
    with pytest.raises(Refusal) as refused:
        find(FakeCertificates(revoked))
    assert refused.value.reason == "CERTIFICATE_REVOKED"


def test_what_was_revoked_meanwhile_is_not_resumed() -> None:
    issued = certificate()
    certificates = FakeCertificates(issued)
    find(certificates)
    certificates.save(certificates.rows[issued.id].revoke("", now=NOW))
    assert end(certificates).events == []
