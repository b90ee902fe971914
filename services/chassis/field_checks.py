"""Checks that field rules are compiled to: closures with limits and patterns already in hand. Used by `validation`.

Each takes what it checks and returns its violations, nearly always none. The path of a violation begins
at what was checked, so that it is empty for the value itself; whoever holds the field puts its name before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from services.kernel.errors import Violation

ValueCheck = Callable[[Any], Sequence[Violation]]
CodeCheck = Callable[[str], Sequence[str]]
"""Which rules a text breaks as a code, by name."""

NOTHING: tuple[Violation, ...] = ()

# Tabs and line ends are text. PostgreSQL refuses NUL; the others disturb logs, mail and terminals.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_YEAR_1, _YEAR_9999 = -62_135_596_800, 253_402_300_799
_LONGEST_DURATION_S = 315_576_000_000
_NANOS = 1_000_000_000


# Checks of a field inside its message.


def all_of(fields: list[ValueCheck]) -> ValueCheck:
    """All violations of the fields, in their order. The list may still grow after this call."""

    def check(message: Message) -> Sequence[Violation]:
        found: list[Violation] = []
        for field in fields:
            found += field(message)
        return found

    return check


def present(name: str, value_check: ValueCheck | None, missing: Sequence[Violation], may_be_empty: bool) -> ValueCheck:
    """A field that knows whether it is set."""

    def check(message: Message) -> Sequence[Violation]:
        if not message.HasField(name):
            return missing
        value = getattr(message, name)
        if missing and may_be_empty and not value:
            return missing
        found = value_check(value) if value_check else NOTHING
        return _under(name, found) if found else found

    return check


def non_empty(name: str, value_check: ValueCheck, missing: Sequence[Violation]) -> ValueCheck:
    """Text, bytes or an enum without presence: empty, or 0, means unset."""

    def check(message: Message) -> Sequence[Violation]:
        value = getattr(message, name)
        if not value:
            return missing
        found = value_check(value)
        return _under(name, found) if found else found

    return check


def always(name: str, value_check: ValueCheck) -> ValueCheck:
    """A number without presence: 0 is a value as any other."""

    def check(message: Message) -> Sequence[Violation]:
        found = value_check(getattr(message, name))
        return _under(name, found) if found else found

    return check


def either(other: str, with_it: ValueCheck, without_it: ValueCheck) -> ValueCheck:
    """A field that is checked in one of two ways: whether the other field is set decides."""
    return lambda message: with_it(message) if message.HasField(other) else without_it(message)


def items_of(name: str, item_check: ValueCheck | None, most: int, missing: Sequence[Violation]) -> ValueCheck:
    """A list; one that is too long is not walked."""
    too_many = (Violation(name, "too_many", {"limit": most}),)

    def check(message: Message) -> Sequence[Violation]:
        items = getattr(message, name)
        if not items:
            return missing
        if len(items) > most:
            return too_many
        if item_check is None:
            return NOTHING
        return [found for index, item in enumerate(items) for found in _under(f"{name}[{index}]", item_check(item))]

    return check


def entries_of(
    name: str, key_check: ValueCheck | None, value_check: ValueCheck | None, most: int, missing: Sequence[Violation]
) -> ValueCheck:
    """A map. Its keys come from the caller, so that paths show `[*]` in their place."""
    too_many = (Violation(name, "too_many", {"limit": most}),)

    def check(message: Message) -> Sequence[Violation]:
        entries = getattr(message, name)
        if not entries:
            return missing
        if len(entries) > most:
            return too_many
        found = [violation for key in entries for violation in (key_check(key) if key_check else NOTHING)]
        if value_check:
            found += [violation for value in entries.values() for violation in value_check(value)]
        return _under(f"{name}[*]", found)

    return check


def _under(name: str, found: Iterable[Violation]) -> list[Violation]:
    return [violation._replace(field=f"{name}.{violation.field}" if violation.field else name) for violation in found]


# Checks of a single value.


def text(shortest: int, longest: int, pattern: re.Pattern[str] | None, code: CodeCheck | None) -> ValueCheck:
    """Text: its length, no control characters, the whole of it as the pattern says, and the rules of its code."""
    matches = pattern.fullmatch if pattern else None
    mismatch = (Violation("", "pattern", {"pattern": pattern.pattern}),) if pattern else NOTHING
    outside = length(shortest, longest)

    def check(value: str) -> Sequence[Violation]:
        right = shortest <= len(value) <= longest and value.isprintable()
        if right and (matches is None or matches(value)) and (code is None or not code(value)):
            return NOTHING
        return outside(value) or explain(value)  # Overlong text is not looked at any further.

    def explain(value: str) -> Sequence[Violation]:
        control = (Violation("", "control_character"),) if _CONTROL.search(value) else NOTHING
        form = mismatch if matches and not matches(value) else NOTHING
        return [*control, *form, *(Violation("", rule) for rule in (code(value) if code else ()))]

    return check


def length(shortest: int, longest: int) -> ValueCheck:
    """Length of text in code points, of bytes in octets."""
    too_short = (Violation("", "too_short", {"limit": shortest}),)
    too_long = (Violation("", "too_long", {"limit": longest}),)

    def check(value: str | bytes) -> Sequence[Violation]:
        if len(value) > longest:
            return too_long
        return too_short if len(value) < shortest else NOTHING

    return check


def enum(known: Collection[int]) -> ValueCheck:
    """A value that the contract knows; another may have come from a newer caller."""
    numbers = frozenset(known)
    unknown = (Violation("", "unknown_enum"),)
    return lambda value: NOTHING if value in numbers else unknown


def number(low: int | None, high: int | None, fraction: bool) -> ValueCheck:
    """Range of a number, both ends included; a fraction must also be finite."""

    def check(value: float) -> Sequence[Violation]:
        if fraction and not math.isfinite(value):
            return (Violation("", "not_finite"),)
        if low is not None and value < low:
            return (Violation("", "minimum", {"limit": low}),)
        if high is not None and value > high:
            return (Violation("", "maximum", {"limit": high}),)
        return NOTHING

    return check


def timestamp(value: Any) -> Sequence[Violation]:
    """A moment of the years 1 to 9999, as the runtime can turn it into a datetime."""
    if _YEAR_1 <= value.seconds <= _YEAR_9999 and 0 <= value.nanos < _NANOS:
        return NOTHING
    return (Violation("", "timestamp"),)


def duration(value: Any) -> Sequence[Violation]:
    """A length of time of at most 10,000 years, its two parts of one sign."""
    same_sign = value.seconds * value.nanos >= 0
    if same_sign and abs(value.seconds) <= _LONGEST_DURATION_S and abs(value.nanos) < _NANOS:
        return NOTHING
    return (Violation("", "duration"),)
