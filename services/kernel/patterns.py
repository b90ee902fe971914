"""Regular expressions that cannot be made slow, and that every reader of the contract understands alike.

Python's matcher goes back and tries again, so some expressions need exponential time on a text made for it. Here an
expression is accepted only if the next character of the text alone decides, at every point, which way to go: whether a
repeat goes on or ends, which branch of an alternative is taken. A wrong way then fails at its first character, and
matching takes time linear in the text. What is ambiguous is refused when it is compiled, so at start.

The grammar is the part that RE2, Python, JSON Schema and ECMAScript read the same way: literal characters, escaped
signs, `\\t` and `\\n`, classes of characters and ranges without negation, groups, alternatives, and the repeats
`?`, `*`, `+`, `{n}`, `{n,}` and `{n,m}`. No `.`, `\\d`, `\\w`, anchors, look-around or back references.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_LONGEST_COUNT = 1000
_SPECIAL = frozenset(".^$*+?{}[]()|\\")
_SPECIAL_IN_CLASS = frozenset("[]^\\&~|")
_ESCAPABLE = _SPECIAL | {"/", "-"}
_ESCAPES = {"t": "\t", "n": "\n"}
_COUNT = re.compile(r"\{([0-9]{1,4})(,?)([0-9]{0,4})\}")

Characters = frozenset[str]
_NONE: Characters = frozenset()


class _Part(NamedTuple):
    """What the check needs to know of a part of an expression.

    `first`: characters that it can begin with; `open_after`: characters that it could still take where it may also
    end, so that none of them may come next; `nullable`: it matches empty text.
    """

    first: Characters
    open_after: Characters
    nullable: bool


_EMPTY = _Part(_NONE, _NONE, True)


def compile_safe(pattern: str) -> re.Pattern[str]:
    """Compiles an expression for `fullmatch`. ValueError when it is outside the grammar or could be slow."""
    reader = _Reader(pattern)
    reader.alternatives()
    if reader.at < len(pattern):
        raise reader.fault("a closing bracket without its opening one")
    return re.compile(pattern)


@dataclass
class _Reader:
    """Reads an expression by recursive descent and checks it on the way."""

    pattern: str
    at: int = 0

    def alternatives(self) -> _Part:
        whole = self.sequence()
        while self.take("|"):
            branch = self.sequence()
            if whole.first & branch.first or (whole.nullable and branch.nullable):
                raise self.fault("two alternatives begin alike")
            whole = _Part(
                whole.first | branch.first,
                # Where one branch may be empty, the beginning of the other is still open.
                whole.open_after
                | branch.open_after
                | (branch.first if whole.nullable else _NONE)
                | (whole.first if branch.nullable else _NONE),
                whole.nullable or branch.nullable,
            )
        return whole

    def sequence(self) -> _Part:
        whole = _EMPTY
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            whole = self.joined(whole, self.repeated())
        return whole

    def joined(self, left: _Part, right: _Part) -> _Part:
        """One after the other. Where the left may end or go on, the next character must tell which."""
        if left.open_after & right.first:
            raise self.fault("the next character does not tell whether a repeat goes on")
        return _Part(
            left.first | right.first if left.nullable else left.first,
            right.open_after | left.open_after if right.nullable else right.open_after,
            left.nullable and right.nullable,
        )

    def repeated(self) -> _Part:
        part = self.atom()
        counts = self.counts()
        if counts is None:
            return part
        least, most = counts
        if part.nullable:
            raise self.fault("a repeat of what may be empty")
        if most != 1:
            self.joined(part, part)
        may_go_on = part.first if most is None or most > least else _NONE
        return _Part(part.first, part.open_after | may_go_on, least == 0)

    def counts(self) -> tuple[int, int | None] | None:
        """Least and most of a repeat; most is None without end. None when there is no repeat here."""
        for sign, counts in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self.take(sign):
                return self.alone(counts)
        if not self.pattern.startswith("{", self.at):
            return None
        found = _COUNT.match(self.pattern, self.at)
        if not found:
            raise self.fault("a brace that is no count")
        self.at = found.end()
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if least > _LONGEST_COUNT or (most is not None and not max(least, 1) <= most <= _LONGEST_COUNT):
            raise self.fault("a count out of range")
        return self.alone((least, most))

    def alone(self, counts: tuple[int, int | None]) -> tuple[int, int | None]:
        """A second sign after a repeat would mean lazy or possessive, which not every reader knows."""
        if self.at < len(self.pattern) and self.pattern[self.at] in "?*+{":
            raise self.fault("a repeat of a repeat")
        return counts

    def atom(self) -> _Part:
        if self.take("("):
            if self.take("?") and not self.take(":"):
                raise self.fault("a group of a kind that not every reader knows")
            inner = self.alternatives()
            if not self.take(")"):
                raise self.fault("a group without end")
            return inner
        if self.take("["):
            return _Part(self.members(), _NONE, False)
        return _Part(frozenset(self.character()), _NONE, False)

    def members(self) -> Characters:
        found: set[str] = set()
        if self.pattern.startswith(("^", "]"), self.at):
            raise self.fault("a class that is negated or empty")
        while not self.take("]"):
            first = self.character(in_class=True)
            last = first
            if self.pattern.startswith("-", self.at) and not self.pattern.startswith("-]", self.at):
                self.at += 1
                last = self.character(in_class=True)
            if last < first or (first != last and "-" in (first, last)):
                raise self.fault("a range that runs backwards, or from or to a hyphen")
            found.update(map(chr, range(ord(first), ord(last) + 1)))
        return frozenset(found)

    def character(self, in_class: bool = False) -> str:
        if self.at >= len(self.pattern):
            raise self.fault("an end in the middle")
        found = self.pattern[self.at]
        self.at += 1
        if found == "\\":
            return self.escaped()
        if found in (_SPECIAL_IN_CLASS if in_class else _SPECIAL):
            raise self.fault("a special character without backslash")
        return found

    def escaped(self) -> str:
        found = self.pattern[self.at : self.at + 1]
        self.at += 1
        if found in _ESCAPES:
            return _ESCAPES[found]
        if found not in _ESCAPABLE:
            raise self.fault("an escape that not every reader knows")
        return found

    def take(self, sign: str) -> bool:
        here = self.pattern.startswith(sign, self.at)
        self.at += len(sign) * here
        return here

    def fault(self, what: str) -> ValueError:
        return ValueError(f"pattern {self.pattern!r}, character {self.at}: {what}")
