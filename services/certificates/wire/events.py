"""One constructor for each published event, and what the events of inspection mean here."""

from __future__ import annotations

from typing import TypedDict

from egov.certificates.v1 import certificates_pb2, events_pb2
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.inspection.v1 import inspections_pb2

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.findings import GoodEnd, GraveFinding
from services.certificates.domain.reference import Holder, HolderKind
from services.certificates.domain.states import Reason
from services.certificates.domain.uses import Use
from services.certificates.wire.codes import HOLDER_KINDS_OUT
from services.chassis.moments import stamp

GOOD_ENDS = {
    inspections_pb2.INSPECTION_OUTCOME_RECTIFIED: Reason.RECTIFIED,
    inspections_pb2.INSPECTION_OUTCOME_IN_ORDER: Reason.IN_ORDER,
}


class _Facts(TypedDict):
    """What every event of a certificate says."""

    certificate_id: str
    version: int
    region: str
    identifier: str
    type_code: str
    holder_kind: certificates_pb2.HolderKind.ValueType
    holder: str
    issuer: str


def grave_finding(event: inspection_events.FindingRecorded) -> GraveFinding | None:
    """What a finding suspends; None when it is not grave, or concerns no type or no known enterprise."""
    if event.gravity != inspections_pb2.GRAVITY_GRAVE or not event.certificate_type or not event.enterprise_code:
        return None
    holder = Holder(HolderKind.ENTERPRISE, event.enterprise_code)
    return GraveFinding(event.case_number, holder, event.certificate_type, event.department)


def good_end(event: inspection_events.InspectionClosed) -> GoodEnd | None:
    """What an inspection's end lets go on; None when it ended otherwise."""
    reason = GOOD_ENDS.get(event.outcome)
    return GoodEnd(event.case_number, reason) if reason else None


def certificate_issued(certificate: Certificate) -> events_pb2.CertificateIssued:
    """The fact that a certificate was issued."""
    return events_pb2.CertificateIssued(issued_at=stamp(certificate.edition.issued_at), **_facts(certificate))


def certificate_suspended(certificate: Certificate) -> events_pb2.CertificateSuspended:
    """The fact that it was suspended, or suspended on one more ground."""
    change = certificate.changed
    return events_pb2.CertificateSuspended(
        case_number=change.case_number,
        reason=change.reason.value,
        suspended_at=stamp(change.since),
        **_facts(certificate),
    )


def suspension_lifted(certificate: Certificate) -> events_pb2.SuspensionLifted:
    """The fact that one of several grounds fell away."""
    change = certificate.changed
    return events_pb2.SuspensionLifted(
        case_number=change.case_number,
        reason=change.reason.value,
        lifted_at=stamp(change.since),
        **_facts(certificate),
    )


def certificate_resumed(certificate: Certificate) -> events_pb2.CertificateResumed:
    """The fact that it is in force again."""
    change = certificate.changed
    return events_pb2.CertificateResumed(
        case_number=change.case_number,
        reason=change.reason.value,
        resumed_at=stamp(change.since),
        **_facts(certificate),
    )


def certificate_revoked(certificate: Certificate) -> events_pb2.CertificateRevoked:
    """The fact that it was revoked for good."""
    change = certificate.changed
    return events_pb2.CertificateRevoked(
        case_number=change.case_number, revoked_at=stamp(change.since), **_facts(certificate)
    )


def certificate_renewed(certificate: Certificate) -> events_pb2.CertificateRenewed:
    """The fact that it has a next version."""
    return events_pb2.CertificateRenewed(
        previous_identifier=certificate.previous_identifier,
        renewed_at=stamp(certificate.edition.issued_at),
        **_facts(certificate),
    )


def certificate_used(certificate: Certificate, use: Use) -> events_pb2.CertificateUsed:
    """The fact that a department used it without paper. Its purpose is for those who may read the record."""
    return events_pb2.CertificateUsed(
        case_number=use.case_number,
        use_id=str(use.id),
        department=use.department,
        used_at=stamp(use.used_at),
        **_facts(certificate),
    )


def _facts(certificate: Certificate) -> _Facts:
    return {
        "certificate_id": str(certificate.id),
        "version": certificate.version,
        "region": certificate.region,
        "identifier": str(certificate.edition.identifier),
        "type_code": certificate.type_code,
        "holder_kind": HOLDER_KINDS_OUT[certificate.holder.kind],
        "holder": certificate.holder.code,
        "issuer": certificate.issuer,
    }
