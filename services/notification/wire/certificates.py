"""What certificates' events mean here: the holder is told of every one, with the department that issued or used it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import events_pb2 as certificates
from google.protobuf.message import Message

from services.chassis.moments import moment
from services.kernel.parties import Party
from services.notification.domain.notices import Addressee, Occasion
from services.notification.domain.wordings import Fact

HOLDERS = {certificates_pb2.HOLDER_KIND_ENTERPRISE: "enterprise", certificates_pb2.HOLDER_KIND_PERSON: "person"}


def occasion(event: Message, event_id: str) -> Occasion:
    """What an event of certificates means. LookupError for one that nobody is told of."""
    return OCCASIONS[type(event)](event, event_id)


def _issued(event: certificates.CertificateIssued, event_id: str) -> Occasion:
    return _occasion(event, event_id, "certificate-issued", {"issued_at": moment(event.issued_at)})


def _suspended(event: certificates.CertificateSuspended, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"suspended_at": moment(event.suspended_at), "reason": event.reason}
    return _occasion(event, event_id, "certificate-suspended", facts, tell_reporter=True)


def _lifted(event: certificates.SuspensionLifted, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"lifted_at": moment(event.lifted_at), "reason": event.reason}
    return _occasion(event, event_id, "certificate-lifted", facts)


def _resumed(event: certificates.CertificateResumed, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"resumed_at": moment(event.resumed_at), "reason": event.reason}
    return _occasion(event, event_id, "certificate-resumed", facts, tell_reporter=True)


def _revoked(event: certificates.CertificateRevoked, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"revoked_at": moment(event.revoked_at)}
    return _occasion(event, event_id, "certificate-revoked", facts, tell_reporter=True)


def _renewed(event: certificates.CertificateRenewed, event_id: str) -> Occasion:
    facts: dict[str, Fact] = {"renewed_at": moment(event.renewed_at), "previous_identifier": event.previous_identifier}
    return _occasion(event, event_id, "certificate-renewed", facts)


def _used(event: certificates.CertificateUsed, event_id: str) -> Occasion:
    """The department concerned is the one that used it."""
    facts: dict[str, Fact] = {"used_at": moment(event.used_at)}
    return _occasion(event, event_id, "certificate-used", facts, department=event.department)


OCCASIONS: Mapping[type[Message], Callable[[Any, str], Occasion]] = {
    certificates.CertificateIssued: _issued,
    certificates.CertificateSuspended: _suspended,
    certificates.SuspensionLifted: _lifted,
    certificates.CertificateResumed: _resumed,
    certificates.CertificateRevoked: _revoked,
    certificates.CertificateRenewed: _renewed,
    certificates.CertificateUsed: _used,
}
"""What each event that is taken means."""


def _occasion(
    event: Any,
    event_id: str,
    wording: str,
    facts: Mapping[str, Fact],
    *,
    department: str = "",
    tell_reporter: bool = False,
) -> Occasion:
    concerned = department or event.issuer
    return Occasion(
        caused_by=UUID(event_id),
        wording=wording,
        case_number=event.case_number,
        region=event.region,
        addressees=(
            Addressee("holder", Party(HOLDERS[event.holder_kind], event.holder)),
            Addressee("department", Party("department", concerned)),
        ),
        facts={"department": concerned, "identifier": event.identifier, "certificate_type": event.type_code, **facts},
        tell_reporter=tell_reporter,
    )
