"""PromQL as far as the alerts use it: read an expression, and work out which labels its series have.

Raises ValueError for what Prometheus would refuse, and for what it would take and never match: a label that the metric
does not have, a grouping by one that is not there, and both sides of an operator with other labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"\s*(?:(?P<duration>\d+(?:ms|[smhdwy])\b)|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r'|(?P<text>"[^"\\]*"|\'[^\'\\]*\')|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/(){}\[\],=<>]))'
)
AGGREGATES = {"sum", "min", "max", "avg", "count"}
OF_RANGES = {"rate", "increase", "delta", "deriv"}
# From loosest to tightest.
LEVELS = (("or",), ("and", "unless"), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/"))
Labels = frozenset[str] | None
"""Labels of series; None for a number, which has none."""


@dataclass
class Found:
    """What an expression asks for: label values by metric and label, and the labels of its result."""

    labels: Labels = None
    asked: dict[str, dict[str, set[str]]] = field(default_factory=dict)


def read(expression: str, metrics: Mapping[str, frozenset[str]]) -> Found:
    """Read `expression`; `metrics` has the labels of each series that is there. Raises ValueError."""
    reader = _Reader(_tokens(expression), metrics)
    labels = reader.binary(0)
    if reader.tokens:
        raise ValueError(f"{reader.tokens[0]!r} is left over")
    if labels is None:
        raise ValueError("an alert is about series, not about a number")
    return Found(labels, reader.asked)


def _tokens(expression: str) -> list[str]:
    tokens, at = [], 0
    while expression[at:].strip():
        found = TOKEN.match(expression, at)
        if found is None:
            raise ValueError(f"cannot read {expression[at:].strip()[:20]!r}")
        tokens.append(found.group(found.lastgroup or 0))
        at = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[str], metrics: Mapping[str, frozenset[str]]) -> None:
        self.tokens = tokens
        self.asked: dict[str, dict[str, set[str]]] = {}
        self._metrics = metrics

    def binary(self, level: int) -> Labels:
        if level == len(LEVELS):
            return self._one()
        left = self.binary(level + 1)
        while self.tokens and self.tokens[0] in LEVELS[level]:
            operator = self.tokens.pop(0)
            right = self.binary(level + 1)
            if left is not None and right is not None and left != right:
                raise ValueError(f"{operator!r} between series by {sorted(left)} and by {sorted(right)}")
            if operator in ("or", "and", "unless") and None in (left, right):
                raise ValueError(f"{operator!r} needs series on both sides")
            left = right if left is None else left
        return left

    def _one(self) -> Labels:
        token = self._next()
        if token == "(":
            labels = self.binary(0)
            self._expect(")")
            return labels
        if token in AGGREGATES:
            return self._aggregate()
        if token == "histogram_quantile":
            return self._quantile()
        if token in OF_RANGES:
            return self._call(lambda: self._selector(self._next(), in_range=True))
        return None if token[0].isdigit() else self._selector(token, in_range=False)

    def _aggregate(self) -> Labels:
        self._expect("by")
        by = frozenset(self._list())
        inner = self._call(lambda: self.binary(0))
        if inner is None or not by <= inner:
            raise ValueError(f"grouped by {sorted(by)}, of which the series lack {sorted(by - (inner or frozenset()))}")
        return by

    def _quantile(self) -> Labels:
        self._expect("(")
        if not 0 < float(self._next()) < 1:
            raise ValueError("a quantile lies between 0 and 1")
        self._expect(",")
        inner = self.binary(0)
        self._expect(")")
        if inner is None or "le" not in inner:
            raise ValueError("a quantile needs buckets, by le")
        return inner - {"le"}

    def _selector(self, name: str, *, in_range: bool) -> Labels:
        if name not in self._metrics:
            raise ValueError(f"there is no series {name!r}")
        asked = self.asked.setdefault(name, {})
        for label, value in self._matchers() if self.tokens[:1] == ["{"] else ():
            if label not in self._metrics[name]:
                raise ValueError(f"{name} has no label {label!r}")
            asked.setdefault(label, set()).update(value.split("|"))
        if in_range:
            self._expect("[")
            if not re.fullmatch(r"\d+[a-z]+", self._next()):
                raise ValueError("a range is a duration")
            self._expect("]")
        return self._metrics[name]

    def _matchers(self) -> list[tuple[str, str]]:
        self._expect("{")
        found = []
        while self.tokens[:1] != ["}"]:
            label, operator, value = self._next(), self._next(), self._next()
            if operator not in ("=", "!=", "=~", "!~") or value[0] not in "\"'":
                raise ValueError(f"{label}{operator}{value} is no matcher")
            found.append((label, value[1:-1]))
            if self.tokens[:1] == [","]:
                self._next()
        self._expect("}")
        return found

    def _list(self) -> list[str]:
        self._expect("(")
        names = [self._next()]
        while self.tokens[:1] == [","]:
            self._next()
            names.append(self._next())
        self._expect(")")
        return names

    def _call(self, read_inner: Callable[[], Labels]) -> Labels:
        self._expect("(")
        inner = read_inner()
        self._expect(")")
        return inner

    def _expect(self, wanted: str) -> None:
        if (found := self._next()) != wanted:
            raise ValueError(f"{wanted!r} was expected, not {found!r}")

    def _next(self) -> str:
        if not self.tokens:
            raise ValueError("it ends too soon")
        return self.tokens.pop(0)
