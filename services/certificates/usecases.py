"""What can be done with certificates: load, ask the domain, save, record the fact."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.findings import GoodEnd, GraveFinding, to_lift, to_suspend
from services.certificates.domain.issuing import Application, check_application, department_of
from services.certificates.domain.reference import CertificateType, Holder, Reader, ending, issuer_code, reach_of
from services.certificates.domain.states import Reason
from services.certificates.domain.uses import Use
from services.certificates.domain.verification import Verification, verification
from services.certificates.wire import events
from services.kernel import certidentifier
from services.kernel.certidentifier import CertificateIdentifier
from services.kernel.errors import exists, failed_state
from services.kernel.ids import uuid7
from services.kernel.paging import Page, PageRequest
from services.kernel.ports import UnitOfWork


class Certificates(Protocol):
    """What the use cases need of the certificates' store. `bound`: the region prefix that the caller works in."""

    def add(self, new: Certificate) -> bool:
        """Keep a new certificate; False when its issuer has given its number to one of this type before."""

    def load(self, certificate_id: UUID, bound: str) -> Certificate:
        """Read one; Refusal CERTIFICATE_NOT_FOUND, also when it lies outside `bound`."""

    def load_to_change(self, certificate_id: UUID, bound: str) -> Certificate:
        """Lock one until the end, then read it; Refusal CERTIFICATE_NOT_FOUND as for `load`."""

    def save(self, changed: Certificate) -> None:
        """Keep a changed certificate; Refusal STALE_VERSION when someone else was faster."""

    def by_identifier(self, identifier: CertificateIdentifier) -> Certificate | None:
        """The certificate one of whose versions has this identifier, wherever it lies."""

    def held_to_change(self, holder: Holder, type_code: str, bound: str) -> list[Certificate]:
        """Lock and read the certificates of one type that a holder has inside `bound`."""

    def suspended_to_change(self, ground: str) -> list[Certificate]:
        """Lock and read the certificates that are suspended on this ground, wherever they lie."""

    def of_holder(
        self, holder: Holder, type_codes: Collection[str], bound: str, page: PageRequest
    ) -> Page[Certificate]:
        """A holder's certificates of these types inside `bound`, by type and number."""

    def add_use(self, use: Use) -> None:
        """Keep a use."""

    def uses(self, certificate_id: UUID) -> Sequence[Use]:
        """The uses of a certificate, newest first, at most 200."""


class Reference(Protocol):
    """What the use cases need of the reference data's store."""

    def type_of(self, code: str) -> CertificateType | None:
        """The type of this code, retired or not; None when there never was one."""

    def issuer_code(self, department: str) -> str | None:
        """Unified social credit code of an issuing department; None when it is not on record."""

    def open_to(self, ending: str, level: int) -> Collection[str]:
        """Codes of the types that departments with this ending may see at this assurance level."""


def issue_certificate(
    uow: UnitOfWork, certificates: Certificates, reference: Reference, application: Application, bound: str
) -> Certificate:
    """Issue what the caller's department may issue. Raises Refusal NUMBER_TAKEN and those of `check_application`."""
    now, department = uow.now(), department_of(uow.caller.department)
    kind = reference.type_of(application.type_code)
    kind = kind if kind and kind.in_force else None
    check_application(application, kind, department=department, bound=bound, now=now)
    code = issuer_code(department, reference.issuer_code(department))
    certificate = Certificate.issue(application, _kept(kind), id=uuid7(), issuer=department, code=code, now=now)
    if not certificates.add(certificate):
        raise exists("NUMBER_TAKEN")
    uow.record(events.certificate_issued(certificate))
    return certificate


def see_certificate(
    certificates: Certificates, reference: Reference, certificate_id: UUID, bound: str, reader: Reader
) -> Certificate:
    """Read one that the reader may see. Raises Refusal CERTIFICATE_NOT_FOUND, LEVEL_TOO_LOW."""
    certificate = certificates.load(certificate_id, bound)
    certificate.demand_sight(_kept(reference.type_of(certificate.type_code)), reader)
    return certificate


def see_history(
    certificates: Certificates, reference: Reference, certificate_id: UUID, bound: str, reader: Reader
) -> tuple[Certificate, Sequence[Use]]:
    """Read one that the reader may see, and for its issuer and its holder also its uses."""
    certificate = see_certificate(certificates, reference, certificate_id, bound, reader)
    return certificate, certificates.uses(certificate_id) if certificate.answers_to(reader) else ()


def holder_certificates(
    certificates: Certificates, reference: Reference, holder: Holder, bound: str, reader: Reader, page: PageRequest
) -> Page[Certificate]:
    """What the reader's department may see of a holder's certificates. Raises Refusal NO_DEPARTMENT."""
    open_types = reference.open_to(ending(department_of(reader.department)), reader.level)
    return certificates.of_holder(holder, open_types, bound, page)


def verify_certificate(certificates: Certificates, reference: Reference, text: str, now: datetime) -> Verification:
    """Say what anyone may know of an identifier."""
    reading = certidentifier.read(text)
    certificate = certificates.by_identifier(reading.meant) if reading.meant else None
    kind = reference.type_of(certificate.type_code) if certificate else None
    return verification(reading, certificate, kind, now)


def suspend_certificate(
    uow: UnitOfWork, certificates: Certificates, certificate_id: UUID, bound: str, *, seen: int, case_number: str
) -> Certificate:
    """Suspend it on behalf of its issuer."""
    before = _asked_by_issuer(uow, certificates, certificate_id, bound, seen)
    after = before.suspend(case_number, Reason.BY_ISSUER, now=uow.now())
    return _keep(uow, certificates, after, events.certificate_suspended)


def resume_certificate(
    uow: UnitOfWork, certificates: Certificates, certificate_id: UUID, bound: str, *, seen: int, case_number: str
) -> Certificate:
    """Put it in force again on behalf of its issuer."""
    before = _asked_by_issuer(uow, certificates, certificate_id, bound, seen)
    return _keep(uow, certificates, before.resume(case_number, now=uow.now()), events.certificate_resumed)


def revoke_certificate(
    uow: UnitOfWork, certificates: Certificates, certificate_id: UUID, bound: str, *, seen: int, case_number: str
) -> Certificate:
    """Revoke it on behalf of its issuer."""
    before = _asked_by_issuer(uow, certificates, certificate_id, bound, seen)
    return _keep(uow, certificates, before.revoke(case_number, now=uow.now()), events.certificate_revoked)


def renew_certificate(
    uow: UnitOfWork,
    certificates: Certificates,
    reference: Reference,
    certificate_id: UUID,
    bound: str,
    *,
    seen: int,
    until: datetime | None,
) -> Certificate:
    """Issue its next version on behalf of its issuer."""
    before = _asked_by_issuer(uow, certificates, certificate_id, bound, seen)
    after = before.renew(_kept(reference.type_of(before.type_code)), until, now=uow.now())
    return _keep(uow, certificates, after, events.certificate_renewed)


def use_certificate(
    uow: UnitOfWork,
    certificates: Certificates,
    reference: Reference,
    certificate_id: UUID,
    bound: str,
    reader: Reader,
    *,
    case_number: str,
    purpose: str,
) -> tuple[Certificate, Use]:
    """Fetch one without paper for a case, and keep the record of it."""
    now, department = uow.now(), department_of(reader.department)
    before = certificates.load_to_change(certificate_id, bound)
    before.demand_sight(_kept(reference.type_of(before.type_code)), reader)
    after = before.use(now=now)
    use = Use(
        id=uuid7(),
        certificate_id=before.id,
        department=department,
        person=reader.person or "",
        case_number=case_number,
        purpose=purpose,
        used_at=now,
    )
    certificates.save(after)
    certificates.add_use(use)
    uow.record(events.certificate_used(after, use))
    return after, use


def suspend_on_finding(uow: UnitOfWork, certificates: Certificates, finding: GraveFinding) -> None:
    """Suspend what a grave finding concerns, if there is anything. Raises Refusal CERTIFICATE_REVOKED."""
    held = certificates.held_to_change(finding.holder, finding.type_code, reach_of(finding.department))
    before = to_suspend(held, finding.case_number, uow.now())
    if before:
        after = before.suspend(finding.case_number, Reason.GRAVE_FINDING, now=uow.now())
        _keep(uow, certificates, after, events.certificate_suspended)


def lift_on_good_end(uow: UnitOfWork, certificates: Certificates, end: GoodEnd) -> None:
    """Let go on what the inspection's case suspended and nothing else holds."""
    for before in to_lift(certificates.suspended_to_change(end.case_number), uow.now()):
        after = before.lift(end.case_number, end.reason, now=uow.now())
        _keep(uow, certificates, after, events.suspension_lifted if after.grounds else events.certificate_resumed)


def _asked_by_issuer(
    uow: UnitOfWork, certificates: Certificates, certificate_id: UUID, bound: str, seen: int
) -> Certificate:
    department = department_of(uow.caller.department)
    before = certificates.load_to_change(certificate_id, bound)
    before.demand_issuer(department, seen)
    return before


def _keep(
    uow: UnitOfWork, certificates: Certificates, after: Certificate, fact: Callable[[Certificate], Any]
) -> Certificate:
    certificates.save(after)
    uow.record(fact(after))
    return after


def _kept(kind: CertificateType | None) -> CertificateType:
    """A type that must be there: it was checked, or certificates of it are kept, and types are never deleted."""
    if kind is None:
        raise failed_state("CERTIFICATE_TYPE_UNKNOWN")
    return kind
