from __future__ import annotations

from typing import Any

import pytest
from egov.certificates.v1 import events_pb2

from services.certificates import usecases
from services.certificates.domain.certificates import Certificate
from services.certificates.domain.states import Reason, Status
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from tests.unit.certificates.samples import (
    CGJ,
    ELSEWHERE,
    FIRM,
    FOOD,
    HBJ,
    PERMIT,
    PERSON,
    SCJG,
    FakeCertificates,
    FakeReference,
    application,
    certificate,
    permit,
    reader,
)
from tests.unit.certificates.working import CASE, only
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller

BOUND = "371102"


def working(department: str | None = SCJG) -> FakeUnitOfWork:
    return FakeUnitOfWork(caller=caller(subject=WANG, department=department))


def issue(uow: FakeUnitOfWork, certificates: FakeCertificates, **changes: Any) -> Certificate:
    return usecases.issue_certificate(uow, certificates, FakeReference(), application(**changes), BOUND)


def test_issuing_keeps_it_and_says_so() -> None:
    uow, certificates = working(), FakeCertificates()
    issued = issue(uow, certificates)
    assert certificates.rows == {issued.id: issued}
    event = only(uow, events_pb2.CertificateIssued)
    assert (event.identifier, event.type_code) == (str(issued.edition.identifier), FOOD.code)
    assert (event.holder, event.issuer, event.case_number) == (FIRM.code, SCJG, "")
    [envelope] = uow.envelopes
    assert (envelope.key, envelope.version, envelope.region) == (str(issued.id), 1, issued.region)
    assert envelope.links == (("concerns", event.identifier),)


@pytest.mark.parametrize(
    ("department", "expected"), [(None, "NO_DEPARTMENT"), (CGJ, "NOT_THE_ISSUER"), ("371103-SCJG", "INVALID_ARGUMENT")]
)
def test_who_may_not_issue_leaves_nothing(department: str | None, expected: str) -> None:
    uow, certificates = working(department), FakeCertificates()
    with pytest.raises(Refusal) as refused:
        issue(uow, certificates)
    assert (refused.value.reason, certificates.rows, uow.events) == (expected, {}, [])


def test_a_number_is_given_once_by_one_issuer() -> None:
    uow, certificates = working(), FakeCertificates()
    issue(uow, certificates, number="JY1")
    with pytest.raises(Refusal) as refused:
        issue(uow, certificates, number="JY1")
    assert (refused.value.kind, refused.value.reason) == (Kind.EXISTS, "NUMBER_TAKEN")
    assert len(uow.events) == 1


def test_a_retired_type_is_no_longer_issued() -> None:
    reference = FakeReference()
    reference.replace([PERMIT], {})
    with pytest.raises(Refusal) as refused:
        usecases.issue_certificate(working(), FakeCertificates(), reference, application(), BOUND)
    assert [tuple(each)[:2] for each in refused.value.violations] == [("type_code", "CERTIFICATE_TYPE_UNKNOWN")]


def test_each_command_of_the_issuer_is_one_version_and_one_event() -> None:
    issued = certificate()
    certificates = FakeCertificates(issued)
    uow = working()
    asked: dict[str, Any] = {"case_number": CASE}
    usecases.suspend_certificate(uow, certificates, issued.id, BOUND, seen=1, **asked)
    usecases.resume_certificate(uow, certificates, issued.id, BOUND, seen=2, **asked)
    renewed = usecases.renew_certificate(uow, certificates, FakeReference(), issued.id, BOUND, seen=3, until=None)
    usecases.revoke_certificate(uow, certificates, issued.id, BOUND, seen=4, **asked)
    assert [type(event) for event in uow.events] == [
        events_pb2.CertificateSuspended,
        events_pb2.CertificateResumed,
        events_pb2.CertificateRenewed,
        events_pb2.CertificateRevoked,
    ]
    assert [envelope.version for envelope in uow.envelopes] == [2, 3, 4, 5]
    assert [envelope.case_number for envelope in uow.envelopes] == [CASE, CASE, None, CASE]
    assert uow.events[0].reason == "BY_ISSUER"  # type: ignore[attr-defined]
    assert renewed.previous_identifier == str(issued.edition.identifier)
    assert certificates.rows[issued.id].status(NOW) is Status.REVOKED


@pytest.mark.parametrize(
    ("department", "bound", "seen", "expected"),
    [
        (None, BOUND, 1, "NO_DEPARTMENT"),
        (CGJ, BOUND, 1, "NOT_THE_ISSUER"),
        (SCJG, "371121", 1, "CERTIFICATE_NOT_FOUND"),
        (SCJG, BOUND, 2, "STALE_VERSION"),
    ],
)
def test_the_wrong_caller_changes_nothing(department: str | None, bound: str, seen: int, expected: str) -> None:
    issued = certificate()
    uow, certificates = working(department), FakeCertificates(issued)
    for command in (usecases.suspend_certificate, usecases.resume_certificate, usecases.revoke_certificate):
        with pytest.raises(Refusal) as refused:
            command(uow, certificates, issued.id, bound, seen=seen, case_number="")
        assert refused.value.reason == expected
    with pytest.raises(Refusal) as refused:
        usecases.renew_certificate(uow, certificates, FakeReference(), issued.id, bound, seen=seen, until=None)
    assert refused.value.reason == expected
    assert (certificates.rows[issued.id], uow.events) == (issued, [])


def use(uow: FakeUnitOfWork, certificates: FakeCertificates, id: Any, department: str | None = CGJ) -> Any:
    who = reader(department)
    said = {"case_number": CASE, "purpose": "网格事件处置"}
    return usecases.use_certificate(uow, certificates, FakeReference(), id, BOUND, who, **said)


def test_a_use_is_recorded_with_who_for_which_case_and_why() -> None:
    issued = certificate()
    uow, certificates = working(CGJ), FakeCertificates(issued)
    after, used = use(uow, certificates, issued.id)
    assert (after.version, after.status(NOW)) == (2, Status.VALID)
    assert (used.department, used.person, used.case_number, used.purpose) == (CGJ, WANG, CASE, "网格事件处置")
    assert certificates.uses(issued.id) == [used]
    event = only(uow, events_pb2.CertificateUsed)
    assert (event.use_id, event.department, event.case_number, event.version) == (str(used.id), CGJ, CASE, 2)
    assert "处置" not in str(event)


def test_what_may_not_be_used_leaves_no_record() -> None:
    issued, mine = certificate(), permit()
    held = certificate().suspend(CASE, Reason.GRAVE_FINDING, now=NOW)
    uow, certificates = working(CGJ), FakeCertificates(issued, held, mine)
    for id, department, expected in (
        (issued.id, None, "NO_DEPARTMENT"),
        (issued.id, HBJ, "CERTIFICATE_NOT_FOUND"),
        (uuid7(), CGJ, "CERTIFICATE_NOT_FOUND"),
        (held.id, CGJ, "WRONG_STATE"),
        (mine.id, SCJG, "LEVEL_TOO_LOW"),
    ):
        with pytest.raises(Refusal) as refused:
            use(uow, certificates, id, department)
        assert refused.value.reason == expected
    assert (uow.events, certificates.kept_uses) == ([], [])


def test_uses_are_shown_to_the_issuer_and_not_to_other_departments() -> None:
    issued = certificate()
    certificates = FakeCertificates(issued)
    _, used = use(working(CGJ), certificates, issued.id)

    def shown(department: str) -> list[Any]:
        who = reader(department)
        return list(usecases.see_history(certificates, FakeReference(), issued.id, BOUND, who)[1])

    assert shown(SCJG) == [used]
    assert shown(CGJ) == []
    with pytest.raises(Refusal):
        shown(HBJ)


def test_a_department_lists_only_types_that_are_open_to_it() -> None:
    licence, mine = certificate(holder=PERSON), permit()
    elsewhere = certificate(holder=PERSON, region=ELSEWHERE)
    certificates = FakeCertificates(licence, mine, elsewhere)

    def listed(department: str | None, level: int) -> set[Certificate]:
        who = reader(department, level=level)
        page = usecases.holder_certificates(certificates, FakeReference(), PERSON, BOUND, who, PageRequest())
        return set(page.rows)

    assert listed(SCJG, 3) == {licence, mine}
    assert listed(SCJG, 2) == listed(CGJ, 3) == {licence}
    assert listed("371102-GAJ", 3) == {mine}
    assert listed(HBJ, 3) == set()
    with pytest.raises(Refusal) as refused:
        listed(None, 3)
    assert refused.value.reason == "NO_DEPARTMENT"
