"""Case numbers: `<county 6>-<date 8>-<service digit><serial, 6 digits or more>-<check>`, one per case, for life.

The date is the day in Asia/Shanghai on which the case was opened; the digit tells the service that opened it; the
check character is ISO 7064 MOD 37,36 over everything before it, hyphens left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from services.kernel.checks import mod37_36
from services.kernel.errors import Violation, invalid

DIGIT = {"identity": 1, "grid": 2, "certificates": 3, "inspection": 4, "notification": 5}

_MAXIMUM_SERIAL = 10**18 - 1
# Beyond six digits a serial has no leading zero: one case has one written number.
_FORM = re.compile(r"([1-9][0-9]{5})-([0-9]{8})-([1-9])([0-9]{6}|[1-9][0-9]{6,17})-([0-9A-Z])")
_COUNTY = re.compile(r"[1-9][0-9]{5}")


@dataclass(frozen=True)
class CaseNumber:
    """A case number in its parts. Made by `make` or `parse`, which see to it that the parts fit together."""

    county: str
    """Region code of the county, 6 digits."""
    day: date
    """The day in Asia/Shanghai on which the case was opened."""
    service_digit: int
    """Which service opened it, 1 to 9; see `DIGIT`."""
    serial: int
    """Running number of that service, from 1; gaps are normal."""
    check: str
    """Check character, 0-9 or A-Z."""

    def __str__(self) -> str:
        return f"{self.county}-{self.day:%Y%m%d}-{self.service_digit}{self.serial:06d}-{self.check}"


def make(county: str, day: date, digit: int, serial: int) -> CaseNumber:
    """The case number of these parts, with its check character. ValueError for a part out of range."""
    if not _COUNTY.fullmatch(county) or not 1 <= digit <= 9 or not 0 < serial <= _MAXIMUM_SERIAL or day.year < 1000:
        raise ValueError("a part of the case number is out of range")
    return CaseNumber(county, day, digit, serial, mod37_36(f"{county}{day:%Y%m%d}{digit}{serial:06d}"))


def parse(text: str, field: str = "case_number") -> CaseNumber:
    """Reads a case number. Raises the refusal INVALID_ARGUMENT, naming `field`, when it is not right."""
    rule = broken_rule(text)
    if rule:
        raise invalid(Violation(field, rule))
    county, day, rest, check = text.split("-")
    return CaseNumber(county, date.fromisoformat(day), int(rest[0]), int(rest[1:]), check)


def opened_by(text: str, service: str) -> bool:
    """Whether this service opened the case, told by the number's form alone: it comes from a row of ours."""
    parts = _FORM.fullmatch(text)
    return parts is not None and int(parts[3]) == DIGIT.get(service)


def broken_rule(text: str) -> str | None:
    """The rule that the text breaks as a case number, None when it is right.

    `code_case_number`: wrong form, or no such day; `code_case_number_check`: wrong check character, so most likely a
    slip of the finger.
    """
    parts = _FORM.fullmatch(text)
    if not parts or not _is_day(parts[2]) or int(parts[4]) == 0:
        return "code_case_number"
    if mod37_36("".join(parts.groups()[:4])) != parts[5]:
        return "code_case_number_check"
    return None


def _is_day(digits: str) -> bool:
    try:
        return date.fromisoformat(digits).year >= 1000
    except ValueError:
        return False
