"""Requests to nouns, and nouns to answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from egov.certificates.v1 import certificates_pb2, certificates_service_pb2
from egov.common.v1 import paging_pb2

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.issuing import Application
from services.certificates.domain.reference import CertificateType, Holder, Reader
from services.certificates.domain.states import StatusChange
from services.certificates.domain.uses import Use
from services.certificates.domain.verification import Verification
from services.certificates.wire.codes import CHECKS_OUT, HOLDER_KINDS, HOLDER_KINDS_OUT, STATUSES_OUT
from services.chassis.moments import moment_in, stamp
from services.kernel.paging import Page, PageRequest, page_request, plain
from services.kernel.ports import Caller


def application(request: certificates_service_pb2.IssueCertificateRequest) -> Application:
    """What is to be issued."""
    return Application(
        type_code=request.type_code,
        number=request.number,
        holder=Holder(HOLDER_KINDS[request.holder_kind], request.holder),
        holder_name=request.holder_name,
        region=request.region,
        valid_from=moment_in(request, "valid_from"),
        valid_until=moment_in(request, "valid_until"),
    )


def until(request: certificates_service_pb2.RenewCertificateRequest) -> datetime | None:
    """Until when the next version is to be valid; None: as long as the type allows."""
    return moment_in(request, "valid_until")


def at(request: certificates_service_pb2.GetHistoryRequest, now: datetime) -> datetime:
    """The moment asked for."""
    return moment_in(request, "at") or now


def holder(request: certificates_service_pb2.ListHolderCertificatesRequest) -> Holder:
    """Whose certificates are asked for."""
    return Holder(HOLDER_KINDS[request.holder_kind], request.holder_id)


def reader(caller: Caller) -> Reader:
    """Who wants to see certificates."""
    return Reader(caller.department, caller.person, caller.level, caller.enterprise)


def type_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of types; sorted by code."""
    return page_request(message.page_size, message.page_token, plain)


def certificate_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of certificates; sorted by (type code, number, id)."""
    return page_request(message.page_size, message.page_token, plain, plain, UUID)


def types_message(page: Page[CertificateType]) -> certificates_service_pb2.ListCertificateTypesResponse:
    """A page of types."""
    return certificates_service_pb2.ListCertificateTypesResponse(
        types=[_type_message(each) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def certificate_message(certificate: Certificate, now: datetime) -> certificates_pb2.Certificate:
    """A certificate as it stands now."""
    edition = certificate.edition
    return certificates_pb2.Certificate(
        certificate_id=str(certificate.id),
        identifier=str(edition.identifier),
        version=certificate.version,
        type_code=certificate.type_code,
        number=certificate.number,
        holder_kind=HOLDER_KINDS_OUT[certificate.holder.kind],
        holder=certificate.holder.code,
        holder_name=certificate.holder_name,
        issuer=certificate.issuer,
        region=certificate.region,
        status=STATUSES_OUT[certificate.status(now)],
        issued_at=stamp(edition.issued_at),
        valid_from=stamp(edition.valid_from),
        valid_until=stamp(edition.valid_until),
        previous_identifier=certificate.previous_identifier,
        case_number=certificate.changed.case_number,
    )


def certificates_message(
    page: Page[Certificate], now: datetime
) -> certificates_service_pb2.ListHolderCertificatesResponse:
    """A page of certificates."""
    return certificates_service_pb2.ListHolderCertificatesResponse(
        certificates=[certificate_message(each, now) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def history_message(
    certificate: Certificate, uses: Iterable[Use], at: datetime
) -> certificates_service_pb2.GetHistoryResponse:
    """How a certificate stood over time, and at one moment."""
    return certificates_service_pb2.GetHistoryResponse(
        changes=[_change_message(each) for each in certificate.history],
        status_at=STATUSES_OUT[certificate.status_at(at)],
        versions=_version_messages(certificate),
        uses=[use_message(each) for each in uses],
    )


def use_message(use: Use) -> certificates_pb2.CertificateUse:
    """The record of a use."""
    return certificates_pb2.CertificateUse(
        use_id=str(use.id),
        department=use.department,
        person_id=use.person,
        case_number=use.case_number,
        purpose=use.purpose,
        used_at=stamp(use.used_at),
    )


def verification_message(said: Verification) -> certificates_service_pb2.VerifyCertificateResponse:
    """What anyone may know."""
    return certificates_service_pb2.VerifyCertificateResponse(
        known=said.status is not None,
        check=CHECKS_OUT[said.check],
        status=STATUSES_OUT[said.status],
        type_code=said.type_code,
        number=said.number,
        holder_name=said.holder_name,
        issuer=said.issuer,
        valid_until=stamp(said.valid_until),
    )


def _type_message(each: CertificateType) -> certificates_pb2.CertificateType:
    return certificates_pb2.CertificateType(
        code=each.code,
        name=each.name,
        name_en=each.name_en,
        holder_kind=HOLDER_KINDS_OUT[each.holder_kind],
        valid_days=each.valid_days,
        public_fields=sorted(field.value for field in each.public_fields),
        lowest_level=each.lowest_level,
        issued_by=each.issued_by,
        open_to=sorted(each.open_to),
    )


def _change_message(change: StatusChange) -> certificates_pb2.StatusChange:
    return certificates_pb2.StatusChange(
        status=STATUSES_OUT[change.status],
        since=stamp(change.since),
        reason=change.reason.value,
        case_number=change.case_number,
    )


def _version_messages(certificate: Certificate) -> list[certificates_pb2.CertificateVersion]:
    identifiers = [str(each.identifier) for each in certificate.editions]
    return [
        certificates_pb2.CertificateVersion(
            identifier=identifier,
            previous_identifier=previous,
            issued_at=stamp(edition.issued_at),
            valid_from=stamp(edition.valid_from),
            valid_until=stamp(edition.valid_until),
        )
        for identifier, previous, edition in zip(identifiers, ["", *identifiers], certificate.editions, strict=False)
    ]
