"""Load the reference data of certificates: `python -m services.certificates.load <folder>`.

The folder is the whole truth. A type that it no longer has is retired, an issuer's code is gone.
Either all of it is loaded, in one transaction, or nothing and every fault is named. Loading it again changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.certificates.domain.reference import CertificateType, HolderKind, PublicField
from services.certificates.store.reference import replace_issuers, replace_types
from services.chassis import load
from services.kernel import checks
from services.kernel.sheets import Line, Reader, Sheets, matching, whole, words

LONGEST_DAYS = 366 * 100


def _holder_kind(text: str) -> HolderKind:
    if text.upper() not in tuple(HolderKind) or not text.islower():
        raise ValueError("must be enterprise or person")
    return HolderKind(text.upper())


def _public_fields(text: str) -> frozenset[PublicField]:
    if not set(text.split()) <= set(PublicField):
        raise ValueError("must be of holder, issuer, validity, number, separated by blanks")
    return frozenset(map(PublicField, text.split()))


def _credit_code(text: str) -> str:
    if checks.social_credit_code(text) != (True, True):
        raise ValueError("must be a unified social credit code with its check character")
    return text


_ENDINGS = matching("([A-Z]{2,8}( [A-Z]{2,8})*)?", "must be ends of department codes, separated by blanks")

TYPE_COLUMNS: Mapping[str, Reader] = {
    "code": matching("[0-9A-Z]{18}[0-9]{3}", "must be 18 digits or capitals of an authority and three digits"),
    "name": words(80),
    "name_en": words(120, empty=True),
    "holder_kind": _holder_kind,
    "issued_by": matching("[A-Z]{2,8}", "must be the 2 to 8 capitals that end a department code"),
    "open_to": lambda text: frozenset(_ENDINGS(text).split()),
    "valid_days": whole(0, LONGEST_DAYS),
    "public_fields": _public_fields,
    "lowest_level": whole(1, 3),
}
ISSUER_COLUMNS: Mapping[str, Reader] = {
    "department": matching("[1-9][0-9]{5}([0-9]{3}){0,3}-[A-Z]{2,8}", "must be a department code such as 371102-SCJG"),
    "code": _credit_code,
}


class ReferenceData(NamedTuple):
    """What the folder holds. `issuers`: unified social credit code by department."""

    types: list[CertificateType]
    issuers: dict[str, str]


def read(folder: Path) -> ReferenceData:
    """Read and check all sheets. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(folder)
    data = ReferenceData(_types(sheets), _issuers(sheets))
    sheets.demand_right()
    return data


def save(connection: sa.Connection, data: ReferenceData) -> None:
    """Make this the reference data; the caller commits."""
    replace_types(connection, data.types)
    replace_issuers(connection, data.issuers)


def _types(sheets: Sheets) -> list[CertificateType]:
    lines = sheets.read("certificate_types.csv", TYPE_COLUMNS)
    sheets.demand_unique(lines, "code")
    for line in lines:
        _demand_discreet(sheets, line)
    return [CertificateType(**line.values) for line in lines]


def _demand_discreet(sheets: Sheets, line: Line) -> None:
    """An identifier is printed on paper that goes from hand to hand: it must not tell a person's name to anyone."""
    values: Mapping[str, Any] = line.values
    if values["holder_kind"] is HolderKind.PERSON and PublicField.HOLDER in values["public_fields"]:
        sheets.fault(line, "public_fields", "a person's name is not public")


def _issuers(sheets: Sheets) -> dict[str, str]:
    lines = sheets.read("issuers.csv", ISSUER_COLUMNS)
    sheets.demand_unique(lines, "department")
    sheets.demand_unique(lines, "code")
    return {line.values["department"]: line.values["code"] for line in lines}


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets are not right, 2 when the folder or the database is not named."""
    return load.main("certificates", arguments, read=read, save=save, counts=counts)


def counts(data: ReferenceData) -> str:
    """What was loaded, for whoever loads it."""
    return f"{len(data.types)} certificate types, {len(data.issuers)} issuers"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
