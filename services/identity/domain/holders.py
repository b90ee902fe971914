"""Persons and enterprises (自然人、法人): kinds of numbers, what is kept of one, and who is refused."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.identity.domain.regions import Region
from services.kernel import checks, texts
from services.kernel.clock import shanghai_day
from services.kernel.errors import Violation, invalid

SOCIAL_CREDIT = "001"
CITIZEN = "111"
TAIL = 4

_OTHER_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z()-]{4,30}[0-9A-Z()]")

# Kinds of the appendix of GB/T 36903: the code, and whether the holder is a natural person.
KINDS: Mapping[str, bool] = {
    SOCIAL_CREDIT: False,
    "099": False,
    CITIZEN: True,
    **dict.fromkeys(("114", "115", "118", "119", "120", "122"), True),
    **dict.fromkeys(("411", "412", "413", "414"), True),
    **dict.fromkeys(("511", "516", "551", "552", "999"), True),
}

texts.register(
    {
        "HOLDER_KIND_UNKNOWN": ("没有这种持有主体代码类型。", "There is no such kind of holder."),
        "HOLDER_EXISTS": ("该主体已登记。", "A holder with this number is registered already."),
        "NUMBER_UNFIT": ("号码不符合该类型的格式。", "The number does not have the form of its kind."),
        "NO_PERSON": (
            "该操作须由本人或本企业办理。",
            "Only a person or an enterprise may do this, for itself.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or an enterprise. `number_tail` are the last four characters; the rest is known as a hash alone.

    `number_doubtful`: the check character is wrong, which happens to true firms, so the registry must confirm it.
    """

    holder_id: UUID
    kind_code: str
    number_hash: str = field(repr=False)
    number_tail: str = field(repr=False)
    number_doubtful: bool
    name: str = field(repr=False)
    region: str
    registered_at: datetime
    email: str = field(repr=False, default="")
    language: str = "zh-CN"
    disabled: bool = False
    version: int = 1

    @property
    def natural(self) -> bool:
        """A natural person; no enterprise."""
        return KINDS[self.kind_code]


@dataclass(frozen=True, slots=True)
class Application:
    """A holder as it was asked for; the only place that ever has the whole number."""

    kind_code: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    region: str
    email: str = field(repr=False, default="")
    language: str = "zh-CN"


class Numbers:
    """Hashes of numbers under one key. Without the key nobody finds a number by trying them all: there are too few."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hash_of(self, kind_code: str, number: str) -> str:
        """HMAC-SHA-256 of kind and number, in hexadecimal."""
        return hmac.new(self._key, f"{kind_code}:{number}".encode(), hashlib.sha256).hexdigest()


def accept(wanted: Application, holder_id: UUID, numbers: Numbers, *, region: Region | None, now: datetime) -> Holder:
    """The holder that an application makes, or everything that is wrong with it at once.

    `region` is that of the application, None if there is none that the caller may speak of. Raises Refusal
    (INVALID_ARGUMENT).
    """
    violations = [*_number_violations(wanted, now), *_region_violations(region, now)]
    if violations:
        raise invalid(*violations)
    return Holder(
        holder_id=holder_id,
        kind_code=wanted.kind_code,
        number_hash=numbers.hash_of(wanted.kind_code, wanted.number),
        number_tail=wanted.number[-TAIL:],
        number_doubtful=wanted.kind_code == SOCIAL_CREDIT and not checks.social_credit_code(wanted.number)[1],
        name=wanted.name,
        region=wanted.region,
        registered_at=now,
        email=wanted.email,
        language=wanted.language,
    )


def _number_violations(wanted: Application, now: datetime) -> list[Violation]:
    if wanted.kind_code not in KINDS:
        return [Violation("kind_code", "HOLDER_KIND_UNKNOWN")]
    if wanted.kind_code == CITIZEN:
        return [Violation("number", rule) for rule in checks.citizen_number(wanted.number, shanghai_day(now))]
    if wanted.kind_code == SOCIAL_CREDIT:
        return [] if checks.social_credit_code(wanted.number)[0] else [Violation("number", "code_social_credit_code")]
    return [] if _OTHER_NUMBER.fullmatch(wanted.number) else [Violation("number", "NUMBER_UNFIT")]


def _region_violations(region: Region | None, now: datetime) -> list[Violation]:
    if region is None:
        return [Violation("region", "REGION_UNKNOWN")]
    return [] if region.in_force(now) else [Violation("region", "REGION_CLOSED")]
