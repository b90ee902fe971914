"""Between rows and domain objects of certificates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import Holder, HolderKind
from services.certificates.domain.states import Edition, Reason, Status, StatusChange
from services.certificates.domain.uses import Use
from services.kernel import certidentifier


def certificate_row(certificate: Certificate) -> dict[str, Any]:
    """A certificate as its row."""
    return {
        "id": certificate.id,
        "version": certificate.version,
        "type_code": certificate.type_code,
        "number": certificate.number,
        "holder_kind": certificate.holder.kind.value,
        "holder": certificate.holder.code,
        "holder_name": certificate.holder_name,
        "owner": certificate.issuer,
        "region": certificate.region,
        "status": certificate.changed.status.value,
        "grounds": list(certificate.grounds),
    }


def edition_row(certificate: Certificate) -> dict[str, Any]:
    """The newest version of a certificate as a row."""
    edition = certificate.edition
    return edition._asdict() | {"identifier": str(edition.identifier), "certificate_id": certificate.id}


def status_row(certificate: Certificate) -> dict[str, Any]:
    """The last change of a certificate's status as a row."""
    change = certificate.changed
    values = {"status": change.status.value, "reason": change.reason.value}
    return change._asdict() | values | {"certificate_id": certificate.id}


def use_row(use: Use) -> dict[str, Any]:
    """A use as a row."""
    return {
        "id": use.id,
        "certificate_id": use.certificate_id,
        "department": use.department,
        "person": use.person,
        "case_number": use.case_number,
        "purpose": use.purpose,
        "used_at": use.used_at,
    }


def certificate(row: Mapping[Any, Any]) -> Certificate:
    """A certificate from its row, with `editions` and `history` as lists of JSON objects."""
    return Certificate(
        id=row["id"],
        version=row["version"],
        type_code=row["type_code"],
        number=row["number"],
        holder=Holder(HolderKind(row["holder_kind"]), row["holder"]),
        holder_name=row["holder_name"],
        issuer=row["owner"],
        region=row["region"],
        editions=tuple(_edition(each) for each in row["editions"]),
        history=tuple(_change(each) for each in row["history"]),
        grounds=tuple(row["grounds"]),
    )


def _edition(said: Mapping[str, Any]) -> Edition:
    return Edition(
        said["version"],
        certidentifier.parse(said["identifier"]),
        datetime.fromisoformat(said["issued_at"]),
        datetime.fromisoformat(said["valid_from"]),
        datetime.fromisoformat(said["valid_until"]) if said["valid_until"] else None,
    )


def _change(said: Mapping[str, Any]) -> StatusChange:
    return StatusChange(
        said["version"],
        Status(said["status"]),
        Reason(said["reason"]),
        datetime.fromisoformat(said["since"]),
        said["case_number"],
    )
