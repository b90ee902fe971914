from __future__ import annotations

from datetime import timedelta

import pytest
from egov.certificates.v1 import certificates_pb2, certificates_service_pb2
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2

from services.certificates.domain.findings import GoodEnd, GraveFinding
from services.certificates.domain.states import Reason, Status
from services.certificates.domain.verification import Verification
from services.certificates.wire import codes, events, messages
from services.kernel.certidentifier import Diagnosis
from tests.unit.certificates.samples import FIRM, FOOD, REGION, SCJG, case_number, certificate
from tests.unit.fakes import NOW

CASE = case_number()


def test_an_application_comes_in_as_it_was_sent() -> None:
    request = certificates_service_pb2.IssueCertificateRequest(
        type_code=FOOD.code,
        number="JY1",
        holder_kind=certificates_pb2.HOLDER_KIND_ENTERPRISE,
        holder=FIRM.code,
        holder_name="海滨小馆",
        region=REGION,
    )
    said = messages.application(request)
    assert (said.type_code, said.number, said.holder, said.holder_name) == (FOOD.code, "JY1", FIRM, "海滨小馆")
    assert (said.valid_from, said.valid_until) == (None, None)
    request.valid_until.FromDatetime(NOW)
    assert messages.application(request).valid_until == NOW


def test_a_certificate_shows_its_newest_version() -> None:
    first = certificate()
    second = first.renew(FOOD, None, now=NOW + timedelta(days=1))
    shown = messages.certificate_message(second, NOW + timedelta(days=1))
    assert (shown.identifier, shown.previous_identifier) == (
        str(second.edition.identifier),
        str(first.edition.identifier),
    )
    assert (shown.version, shown.status) == (2, certificates_pb2.CERTIFICATE_STATUS_VALID)
    expired = messages.certificate_message(second, NOW + timedelta(days=4000))
    assert expired.status == certificates_pb2.CERTIFICATE_STATUS_EXPIRED


def test_a_history_names_changes_and_the_chain_of_versions() -> None:
    made = certificate().renew(FOOD, None, now=NOW).suspend(CASE, Reason.GRAVE_FINDING, now=NOW)
    shown = messages.history_message(made, (), NOW - timedelta(days=1))
    assert shown.status_at == certificates_pb2.CERTIFICATE_STATUS_UNSPECIFIED
    assert [each.reason for each in shown.changes] == ["ISSUED", "RENEWED", "GRAVE_FINDING"]
    first, second = shown.versions
    assert (first.previous_identifier, second.previous_identifier) == ("", first.identifier)


def test_what_is_not_known_says_so() -> None:
    answer = messages.verification_message(Verification(check=Diagnosis.WRONG))
    assert (answer.known, answer.check) == (False, certificates_service_pb2.CHECK_DIAGNOSIS_WRONG)
    assert not answer.HasField("valid_until")


def finding(**changes: object) -> inspection_events.FindingRecorded:
    said = {
        "case_number": CASE,
        "gravity": inspections_pb2.GRAVITY_GRAVE,
        "certificate_type": FOOD.code,
        "enterprise_code": FIRM.code,
        "department": SCJG,
    }
    return inspection_events.FindingRecorded(**(said | changes))  # type: ignore[arg-type]


def test_only_a_grave_finding_about_a_known_enterprise_and_a_type_suspends() -> None:
    assert events.grave_finding(finding()) == GraveFinding(CASE, FIRM, FOOD.code, SCJG)
    for changes in (
        {"gravity": inspections_pb2.GRAVITY_ORDINARY},
        {"certificate_type": ""},
        {"enterprise_code": ""},
    ):
        assert events.grave_finding(finding(**changes)) is None


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (inspections_pb2.INSPECTION_OUTCOME_RECTIFIED, Reason.RECTIFIED),
        (inspections_pb2.INSPECTION_OUTCOME_IN_ORDER, Reason.IN_ORDER),
    ],
)
def test_a_good_end_says_how(outcome: inspections_pb2.InspectionOutcome.ValueType, expected: Reason) -> None:
    closed = inspection_events.InspectionClosed(case_number=CASE, outcome=outcome)
    assert events.good_end(closed) == GoodEnd(CASE, expected)


def test_an_end_of_another_kind_lets_nothing_go_on() -> None:
    assert events.good_end(inspection_events.InspectionClosed(case_number=CASE)) is None


def test_every_status_kind_and_diagnosis_of_the_contract_is_known() -> None:
    assert set(codes.HOLDER_KINDS) == set(certificates_pb2.HolderKind.values()) - {0}
    assert set(codes.STATUSES_OUT) == {None, *Status}
    assert set(codes.STATUSES_OUT.values()) == set(certificates_pb2.CertificateStatus.values())
    assert set(codes.CHECKS_OUT.values()) == set(certificates_service_pb2.CheckDiagnosis.values()) - {0}
