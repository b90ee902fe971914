"""Certificate identifiers (电子证照标识, GB/T 36904): `1.2.156.3005.2.<type 21>.<issuer>.<serial>.<version 3>.<check>`.

The type is the 18-character code of the authority that defines it and three digits; the issuer is a code of 18
characters, in practice also a shorter one. A renewal keeps type, issuer and serial and adds one to the version. The
check character is ISO 7064 MOD 37,36 over type, issuer, serial and version, dots left out.

Strict when an identifier is made or parsed. What comes from outside is diagnosed: identifiers whose check characters
come from a faulty implementation are in circulation, and they are not forged for that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.kernel.checks import mod37_36, mod37_36_faulty
from services.kernel.errors import Violation, invalid

ROOT = "1.2.156.3005.2"
LAST_VERSION = 999

_TYPE = r"[0-9A-Z]{18}[0-9]{3}"
_ISSUER = r"[0-9A-Z]{6,18}"
_SERIAL = r"[0-9A-Z]{1,64}"
_PARTS = re.compile(rf"({_TYPE})\.({_ISSUER})\.({_SERIAL})\.([0-9]{{3}})")
_FORM = re.compile(rf"{re.escape(ROOT)}\.({_PARTS.pattern})\.([0-9A-Z])")


class Diagnosis(StrEnum):
    """What can be said of an identifier's check character."""

    RIGHT = "RIGHT"
    """Right after the standard."""
    FAULTY_VARIANT = "FAULTY_VARIANT"
    """Wrong after the standard, right after a faulty implementation that is in use."""
    WRONG = "WRONG"
    """Wrong after both, or no identifier at all: most likely a slip."""


@dataclass(frozen=True, slots=True)
class CertificateIdentifier:
    """An identifier in its parts. Made by `make` or `parse`, which see to it that the parts fit together."""

    type_code: str
    """Type code, 21 characters."""
    issuer: str
    """Code of the issuer, 6 to 18 characters."""
    serial: str
    """Serial of the issuer: digits and capitals, 1 to 64."""
    version: int
    """Version of the certificate, 1 to 999."""
    check: str
    """Check character, 0-9 or A-Z."""

    def __str__(self) -> str:
        return f"{ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03d}.{self.check}"

    def next(self) -> CertificateIdentifier:
        """The identifier of the version after this one. ValueError after the last version."""
        return make(self.type_code, self.issuer, self.serial, self.version + 1)


class Reading(NamedTuple):
    """An identifier from outside: what its check character is worth, and which identifier is meant, if one can be."""

    diagnosis: Diagnosis
    meant: CertificateIdentifier | None


def make(type_code: str, issuer: str, serial: str, version: int) -> CertificateIdentifier:
    """The identifier of these parts, with its check character. ValueError for a part that is not in its form."""
    body = f"{type_code}.{issuer}.{serial}.{version:03d}"
    if not _PARTS.fullmatch(body) or not 1 <= version <= LAST_VERSION:
        raise ValueError("a part of the certificate identifier is not in its form")
    return CertificateIdentifier(type_code, issuer, serial, version, _check(body))


def parse(text: str, field: str = "identifier") -> CertificateIdentifier:
    """Reads an identifier strictly. Raises the refusal INVALID_ARGUMENT, naming `field`, when it is not right."""
    rule = broken_rule(text)
    if rule:
        raise invalid(Violation(field, rule))
    return _parts(text)


def broken_rule(text: str) -> str | None:
    """The rule that the text breaks as an identifier, None when it is right.

    `code_certificate_identifier`: wrong form; `code_certificate_identifier_check`: wrong check character.
    """
    found = _FORM.fullmatch(text)
    if not found or found[5] == "000":
        return "code_certificate_identifier"
    return None if _check(found[1]) == found[6] else "code_certificate_identifier_check"


def read(text: str) -> Reading:
    """Reads an identifier from outside, where a faulty implementation may have made its check character.

    What is meant is given with the right check character. An identifier whose character is wrong after both
    calculations means nothing that could be known: the slip may be in any of its places.
    """
    rule = broken_rule(text)
    if rule is None:
        return Reading(Diagnosis.RIGHT, _parts(text))
    found = _FORM.fullmatch(text)
    if rule == "code_certificate_identifier" or not found or mod37_36_faulty(_bare(found[1])) != found[6]:
        return Reading(Diagnosis.WRONG, None)
    return Reading(Diagnosis.FAULTY_VARIANT, make(found[2], found[3], found[4], int(found[5])))


def _parts(text: str) -> CertificateIdentifier:
    type_code, issuer, serial, version, check = text.removeprefix(f"{ROOT}.").split(".")
    return CertificateIdentifier(type_code, issuer, serial, int(version), check)


def _check(body: str) -> str:
    return mod37_36(_bare(body))


def _bare(body: str) -> str:
    return body.replace(".", "")
