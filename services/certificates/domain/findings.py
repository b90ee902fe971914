"""What inspections do to certificates: a grave finding suspends the one it concerns, a good end lets it go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import Holder
from services.certificates.domain.states import Reason, Status
from services.kernel import texts
from services.kernel.errors import failed_state

texts.register({"CERTIFICATE_REVOKED": ("该证照已被吊销。", "The certificate has been revoked.")})


class GraveFinding(NamedTuple):
    """A finding that suspends a certificate of this type, if the holder has one where the department works."""

    case_number: str
    holder: Holder
    type_code: str
    department: str


class GoodEnd(NamedTuple):
    """An inspection ended so that what its case suspended can go on; `reason` says how."""

    case_number: str
    reason: Reason


def to_suspend(held: Sequence[Certificate], case_number: str, now: datetime) -> Certificate | None:
    """Which of a holder's certificates of one type a grave finding suspends: the newest that is valid or suspended.

    None when there is nothing to suspend: none is held, the newest has expired, or the case has suspended one already.
    Raises Refusal CERTIFICATE_REVOKED when the newest was revoked and none stands.
    """
    if any(case_number in each.grounds for each in held):
        return None
    newest = sorted(held, key=lambda each: (each.edition.issued_at, each.id), reverse=True)
    standing = (each for each in newest if each.status(now) in (Status.VALID, Status.SUSPENDED))
    found = next(standing, None)
    if found is None and newest and newest[0].status(now) is Status.REVOKED:
        raise failed_state("CERTIFICATE_REVOKED")
    return found


def to_lift(suspended: Sequence[Certificate], now: datetime) -> list[Certificate]:
    """Of the certificates that a case has suspended those that can go on; one that expired meanwhile stays as it is."""
    return [each for each in suspended if each.status(now) is Status.SUSPENDED]
