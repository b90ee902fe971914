"""Check characters of the codes that the city's systems exchange, and the forms of smaller codes.

Sources: ISO 7064 (MOD 37,36 and MOD 11-2), GB 11643 (citizen identity number), GB 32100 (unified social credit code).
All functions take the code as text in its one written form: digits 0-9 and capitals, no blanks.
"""

from __future__ import annotations

import re
from datetime import date
from operator import mul

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHANUMERIC)}

_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DEPARTMENT = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,3}-[A-Z]{2,8}")


def mod37_36(text: str) -> str:
    """The check character after ISO 7064 MOD 37,36. ValueError for a character outside 0-9 A-Z."""
    product = 36
    for value in _values(text):
        product = (product + value) % 36 or 36
        product = product * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


def mod37_36_faulty(text: str) -> str:
    """The check character as a known faulty implementation gives it. ValueError for a character outside 0-9 A-Z.

    It counts letters from 11 instead of 10, takes 37 off a sum that a letter brought above 37, and counts the answer
    from one. Only for reading, since certificates with such characters are in circulation. Never issue one.
    """
    product = 36
    for value in _values(text):
        counted = value + (value >= 10)
        total = product + counted
        if counted > 10 and total > 37:
            total -= 37
        product = (total % 36 or 36) * 2 % 37
    return _ALPHANUMERIC[36 - product]


def _values(text: str) -> list[int]:
    try:
        return [_VALUES[character] for character in text]
    except KeyError:
        raise ValueError("a character outside 0-9 A-Z") from None


def citizen_number(text: str, today: date | None = None) -> list[str]:
    """Names of the rules that a citizen identity number (GB 11643) breaks; empty when it is right.

    `code_citizen_number`: not 17 digits and a digit or X. Otherwise `code_citizen_number_date`: no such day of birth,
    or one after `today` when that is given; `code_citizen_number_check`: wrong check character. The region digits are
    not looked up, since numbers keep codes that were retired long ago.
    """
    if not _CITIZEN.fullmatch(text):
        return ["code_citizen_number"]
    broken = []
    born = _day(text[6:14])
    if born is None or (today is not None and born > today):
        broken.append("code_citizen_number_date")
    total = sum(map(mul, _CITIZEN_WEIGHTS, map(int, text[:17])))
    if _CITIZEN_CHECKS[total % 11] != text[17]:
        broken.append("code_citizen_number_check")
    return broken


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def social_credit_code(text: str) -> tuple[bool, bool]:
    """Whether a unified social credit code (GB 32100) has the right form, and whether its check character is right.

    Codes of true firms fail the second, so that only flags; the registry has the last word.
    """
    if not _CREDIT.fullmatch(text):
        return False, False
    total = sum(map(mul, _CREDIT_WEIGHTS, map(_CREDIT_VALUES.__getitem__, text[:17])))
    return True, _CREDIT_ALPHABET[-total % 31] == text[17]


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID of any version in lower-case canonical form (RFC 9562, section 4)."""
    return _UUID.fullmatch(text) is not None


def is_department(text: str) -> bool:
    """Whether the text has the form of a department code: region code, hyphen, 2 to 8 capitals."""
    return _DEPARTMENT.fullmatch(text) is not None
