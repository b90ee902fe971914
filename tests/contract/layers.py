"""A rule for import-linter: some modules import only what is listed, and the standard library.

Its own contract types name what is forbidden, so that a library added later would slip through. DESIGN's table says
what each layer may import, and this rule is that table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """Modules that match `modules` import directly only what matches `allowed`, or the standard library.

    A pattern is a dotted name that stands for the module and all below it; `*` stands for one part of the name.
    """

    type_name = "only"

    # Import-linter declares fields and puts lists of texts in their place.
    modules: Any = fields.ListField(subfield=fields.StringField())
    allowed: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Import-linter's hook: whether the rule holds, and what breaks it."""
        broken = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if _matches(importer, self.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _is_standard(imported) and not _matches(imported, self.allowed)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Import-linter's hook: one line for each import that is not allowed."""
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}", bold=False)


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _matches(module: str, patterns: Iterable[str]) -> bool:
    return any(_compiled(pattern).fullmatch(module) for pattern in patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = ["[^.]+" if part == "*" else re.escape(part) for part in pattern.split(".")]
    return re.compile(r"\.".join(parts) + r"(\..+)?")
