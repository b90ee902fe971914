"""How cells of identity's sheets are read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, time

from services.identity.domain.organisations import DEPARTMENT_CODE
from services.kernel import regions
from services.kernel.clock import SHANGHAI
from services.kernel.sheets import Reader, matching


def one_of(allowed: Collection[str]) -> Reader:
    """One of these texts."""
    return fitting(lambda text: text in allowed, "must be one of " + ", ".join(sorted(allowed)))


def fitting(fits: Callable[[str], object], rule: str) -> Reader:
    """Text that fits."""

    def read(text: str) -> str:
        if not fits(text):
            raise ValueError(rule)
        return text

    return read


def or_empty(reader: Reader) -> Reader:
    """What the reader reads, or nothing: then the empty text."""
    return lambda text: reader(text) if text else ""


def day(text: str) -> datetime | None:
    """The beginning of a day in Asia/Shanghai, None where nothing is given."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), SHANGHAI) if text else None
    except ValueError:
        raise ValueError("must be a day, YYYY-MM-DD, or empty") from None


REGION = fitting(regions.is_code, "must be a region code")
DEPARTMENT = fitting(DEPARTMENT_CODE.fullmatch, "must be a department code such as 371102-SCJG")
EMAIL = matching(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", "must be an e-mail address")
