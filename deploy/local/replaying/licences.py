"""Licences: a licensed business of the source as an enterprise of the sample city that holds a certificate.

Nothing but its number comes from the source. Its social credit code is of the right form and belongs to nobody, as
those of the sample city: `92`, a county that does not exist, an organisation code that begins with MAB, both check
characters right. It derives from the run and the licence, so that each run has enterprises of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FOOD_LICENCE = "11100000MB0328832T014"

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # GB 11714
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLACES = 5
# The codes of the sample city's own enterprises begin with MAB0; these do not.
_FIRST, _END = len(_ALPHABET) ** (_PLACES - 1), len(_ALPHABET) ** _PLACES


@dataclass(frozen=True, slots=True)
class Licence:
    """A business by the number of its licence; `since` None: no licence is on record, so it holds no certificate."""

    number: int
    village: str
    since: datetime | None

    @property
    def key(self) -> str:
        """Its name among all that is played, such as `licence/30790`."""
        return f"licence/{self.number}"

    @property
    def department(self) -> str:
        """Market supervision of its county, which issues and inspects."""
        return f"{self.village[:6]}-SCJG"

    def enterprise(self, run: str) -> str:
        """Its unified social credit code; two numbers of one run never have the same."""
        place = _FIRST + (self.number + _digest(run)) % (_END - _FIRST)
        organisation = "MAB" + _written(place)
        return _with_check(f"92371199{organisation}{organisation_check(organisation)}")

    def certificate(self, run: str) -> dict[str, Any]:
        """The certificate to issue, as the API takes it. An issuer gives a number once, so the run is in it."""
        return {
            "typeCode": FOOD_LICENCE,
            "number": f"JY{_digest(run) % 10**10:010d}{self.number}",
            "holderKind": "HOLDER_KIND_ENTERPRISE",
            "holder": self.enterprise(run),
            "holderName": f"样例餐饮 {self.number}（虚构）",
            "region": self.village,
        }


def organisation_check(code: str) -> str:
    """Check character of the first 8 characters of an organisation code (GB 11714, MOD 11-2)."""
    total = sum(weight * _ORGANISATION.index(each) for weight, each in zip(_ORGANISATION_WEIGHTS, code, strict=True))
    return "0123456789X0"[11 - total % 11]


def _with_check(code: str) -> str:
    total = sum(weight * _ALPHABET.index(each) for weight, each in zip(_CODE_WEIGHTS, code, strict=True))
    return code + _ALPHABET[-total % len(_ALPHABET)]


def _written(number: int) -> str:
    digits = ""
    for _ in range(_PLACES):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def _digest(run: str) -> int:
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big")
