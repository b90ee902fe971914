"""Reference data of certificates: which types there are, who issues them, and who may see them without paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.kernel import regions, texts

texts.register(
    {
        "CERTIFICATE_TYPE_UNKNOWN": (
            "没有此证照类型，或已停用。",
            "No certificate type in force has this code.",
        ),
    }
)


class HolderKind(StrEnum):
    """Kind of a holder's code (GB/T 36903): 001 unified social credit code, 111 a person, here by the person's id."""

    ENTERPRISE = "ENTERPRISE"
    PERSON = "PERSON"


class Holder(NamedTuple):
    """A holder by reference: unified social credit code or the person's id, by kind."""

    kind: HolderKind
    code: str


class PublicField(StrEnum):
    """What a type may make public to anyone who has the identifier."""

    HOLDER = "holder"
    ISSUER = "issuer"
    VALIDITY = "validity"
    NUMBER = "number"


class Reader(NamedTuple):
    """Who wants to see certificates: department, person's id and enterprise's code, if any; assurance level, 0 to 3."""

    department: str | None
    person: str | None
    level: int
    enterprise: str | None = None

    @property
    def holder(self) -> Holder | None:
        """As whom the reader may hold certificates."""
        if self.enterprise:
            return Holder(HolderKind.ENTERPRISE, self.enterprise)
        return Holder(HolderKind.PERSON, self.person) if self.person else None


@dataclass(frozen=True, slots=True)
class CertificateType:
    """A type of certificate (证照类型).

    `issued_by` and `open_to` are ends of department codes, such as `SCJG`. `valid_days` is the longest validity, 0:
    without end. `lowest_level` is the assurance level, 1 to 3, below which nobody but the issuer may fetch one.
    """

    code: str
    name: str
    name_en: str
    holder_kind: HolderKind
    issued_by: str
    open_to: frozenset[str]
    valid_days: int
    public_fields: frozenset[PublicField]
    lowest_level: int
    in_force: bool = True

    def issued_by_department(self, department: str) -> bool:
        """Whether this department issues the type, in its own region."""
        return ending(department) == self.issued_by

    def open_to_department(self, department: str | None) -> bool:
        """Whether this department may see certificates of the type without paper (免证办)."""
        return bool(department) and ending(department or "") in self.open_to | {self.issued_by}

    def longest(self, since: datetime) -> datetime | None:
        """Until when a certificate that begins then may be valid; None: without end."""
        return since + timedelta(days=self.valid_days) if self.valid_days else None


def ending(department: str) -> str:
    """The end of a department code, such as `SCJG`."""
    return department.partition("-")[2]


def region_of(department: str) -> str:
    """The region code in a department code."""
    return department.partition("-")[0]


def issuer_code(department: str, known: str | None) -> str:
    """The issuer part of an identifier: the department's unified social credit code where it is known.

    Else its region code, as issuers without a code of their own do in practice (facts on GB/T 36904: `340100`). A type
    has one issuing department in a region, so that the identifier stays unique.
    """
    return known or region_of(department)


def reach_of(department: str) -> str:
    """The region prefix that a department works in."""
    return regions.scope_prefix(region_of(department))
