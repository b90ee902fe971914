"""What the code says about itself, read from the code: each name of a span, attribute, metric and log field, and where.

Names are found where they are said: in `telemetry.span(...)`, in `set` and `note`, in dicts whose keys are all dotted
names and as tags of the gateway, in the fields of `logs.event(...)`, and where a metric is declared.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.contract.system import ROOT

ROOTS = ("services", "gateway", "observability")
# The words of pages have dotted names, too.
WORDS = ROOT / "observability/casetrace/console/words"
DOTTED = re.compile(r"[a-z]+(\.[a-z_]+)+")
# What stands for a part of a span's name that only the run knows.
STANDS_FOR = {"route.verb": "POST", "route.path": "/x", "method.full_name": "egov.x.v1.XService/X"}

Uses = dict[Any, set[str]]
"""Files, relative to the project, by what they say: a name; of a span its name and kind."""


class Said(ast.NodeVisitor):
    """What one file says. Spans are name and kind; `measured` are functions of `metrics` that it calls."""

    def __init__(self, tree: ast.Module) -> None:
        self.attributes: set[str] = set()
        self.log_fields: set[str] = set()
        self.metrics: set[str] = set()
        self.spans: set[tuple[str, str]] = set()
        self.measured: set[str] = set()
        self._constants = dict(_constants(tree))
        self.visit(tree)

    def visit_Dict(self, node: ast.Dict) -> None:
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if keys and all(isinstance(key, str) and DOTTED.fullmatch(key) for key in keys):
            self.attributes |= {str(key) for key in keys}
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "tag" and isinstance(value, ast.Constant):
                self.attributes.add(str(value.value))
            if isinstance(key, ast.Name) and key.id == "_FIELDS" and isinstance(value, ast.Dict):
                self.log_fields |= {str(each.value) for each in value.keys if isinstance(each, ast.Constant)}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        of, name = _called(node)
        if name in ("set", "note") and (said := self._first_text(node)):
            self.attributes.add(said)
        if name == "span" and of in ("telemetry", "tracing"):
            self.spans.add((_rendered(node.args[0]), _kind(node)))
        if (of, name) == ("logs", "event"):
            self.log_fields |= {word.arg for word in node.keywords if word.arg and word.arg != "exc_info"}
        if of == "metrics":
            self.measured.add(name)
        if name in ("counter", "gauge", "histogram") and (said := self._first_text(node)):
            self.metrics.add(said)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if ast.unparse(node.value).endswith("METRICS") and isinstance(node.slice, ast.Constant):
            self.metrics.add(str(node.slice.value))
        self.generic_visit(node)

    def _first_text(self, node: ast.Call) -> str | None:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Name):
            return self._constants.get(first.id)
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


@cache
def said() -> list[tuple[str, Said]]:
    """Every file of the system with what it says."""
    found = [file for root in ROOTS for file in sorted((ROOT / root).rglob("*.py"))]
    files = [file for file in found if not file.is_relative_to(WORDS)]
    return [(str(file.relative_to(ROOT)), Said(ast.parse(file.read_text("utf-8")))) for file in files]


@cache
def uses(kind: str) -> Uses:
    """Files by name, for one of the sets of `Said`."""
    found: Uses = defaultdict(set)
    for file, each in said():
        for name in getattr(each, kind):
            found[name].add(file)
    return found


def public_functions(file: Path) -> set[str]:
    """Functions of a module that others may call."""
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def _called(node: ast.Call) -> tuple[str, str]:
    function = node.func
    if isinstance(function, ast.Attribute):
        return (function.value.id if isinstance(function.value, ast.Name) else ""), function.attr
    return "", function.id if isinstance(function, ast.Name) else ""


def _rendered(name: ast.expr) -> str:
    if isinstance(name, ast.JoinedStr):
        return "".join(_rendered(part) for part in name.values)
    if isinstance(name, ast.Constant):
        return str(name.value)
    return STANDS_FOR.get(ast.unparse(name).strip("{}"), "x")


def _kind(node: ast.Call) -> str:
    kinds = [word.value for word in node.keywords if word.arg == "kind"]
    return str(kinds[0].value) if kinds and isinstance(kinds[0], ast.Constant) else "internal"
