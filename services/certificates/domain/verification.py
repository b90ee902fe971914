"""Verifying by identifier: what anyone may know. Only what the type makes public leaves the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import CertificateType, PublicField
from services.certificates.domain.states import Status
from services.kernel.certidentifier import Diagnosis, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer. `status` is None when the certificate is not known; empty fields are unknown or not public."""

    check: Diagnosis
    status: Status | None = None
    type_code: str = ""
    number: str = ""
    holder_name: str = field(default="", repr=False)
    issuer: str = ""
    valid_until: datetime | None = None


def verification(
    reading: Reading, certificate: Certificate | None, kind: CertificateType | None, now: datetime
) -> Verification:
    """What may be said of an identifier that was read so, of the certificate that has it and of its type."""
    if reading.meant is None or certificate is None or kind is None:
        return Verification(check=reading.diagnosis)
    edition = certificate.edition_of(reading.meant)
    public = kind.public_fields
    return Verification(
        check=reading.diagnosis,
        status=certificate.status_of(reading.meant, now),
        type_code=kind.code,
        number=certificate.number if PublicField.NUMBER in public else "",
        holder_name=certificate.holder_name if PublicField.HOLDER in public else "",
        issuer=certificate.issuer if PublicField.ISSUER in public else "",
        valid_until=edition.valid_until if PublicField.VALIDITY in public else None,
    )
