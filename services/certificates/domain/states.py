"""The states of a certificate, what leads from one to another, and the records that this leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.kernel.certidentifier import CertificateIdentifier


class Status(StrEnum):
    """Where a certificate, or one of its versions, stands."""

    VALID = "VALID"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    REPLACED = "REPLACED"
    """Of a version that is not the newest. Told from its place."""
    EXPIRED = "EXPIRED"
    """Past its validity. Told from the dates, never stored."""


class Command(StrEnum):
    """What can be asked of a certificate that was issued."""

    SUSPEND = "SUSPEND"
    LIFT = "LIFT"
    """Take away one of several grounds of a suspension."""
    RESUME = "RESUME"
    REVOKE = "REVOKE"
    RENEW = "RENEW"
    USE = "USE"


TRANSITIONS: Mapping[tuple[Status, Command], Status] = {
    (Status.VALID, Command.SUSPEND): Status.SUSPENDED,
    (Status.VALID, Command.REVOKE): Status.REVOKED,
    (Status.VALID, Command.RENEW): Status.VALID,
    (Status.VALID, Command.USE): Status.VALID,
    (Status.SUSPENDED, Command.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, Command.LIFT): Status.SUSPENDED,
    (Status.SUSPENDED, Command.RESUME): Status.VALID,
    (Status.SUSPENDED, Command.REVOKE): Status.REVOKED,
    (Status.EXPIRED, Command.REVOKE): Status.REVOKED,
}
"""(from, command) -> to. What is not in the table is refused as WRONG_STATE."""


class Reason(StrEnum):
    """Why a status began."""

    ISSUED = "ISSUED"
    GRAVE_FINDING = "GRAVE_FINDING"
    RECTIFIED = "RECTIFIED"
    IN_ORDER = "IN_ORDER"
    BY_ISSUER = "BY_ISSUER"
    RENEWED = "RENEWED"


class StatusChange(NamedTuple):
    """One change of status, by the record version that it made. `case_number` is empty if it belongs to no case."""

    version: int
    status: Status
    reason: Reason
    since: datetime
    case_number: str


class Edition(NamedTuple):
    """One version of a certificate (版本), by the record version that made it. `valid_until` None: without end."""

    version: int
    identifier: CertificateIdentifier
    issued_at: datetime
    valid_from: datetime
    valid_until: datetime | None

    def ended(self, moment: datetime) -> bool:
        """Its validity is over at this moment."""
        return self.valid_until is not None and self.valid_until <= moment


def by_dates(status: Status, edition: Edition, moment: datetime) -> Status:
    """A stored status at a moment: what would be in force or suspended has expired once its validity is over."""
    over = status in (Status.VALID, Status.SUSPENDED) and edition.ended(moment)
    return Status.EXPIRED if over else status
