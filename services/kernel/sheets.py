"""Reference data as CSV files of one folder: UTF-8, the first line names the columns.

Every fault of every file is found in one go and named by file, line and column, so that an operator mends a sheet once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

Reader = Callable[[str], Any]
"""Turns a cell into a value; ValueError says the rule that it breaks."""


class Line(NamedTuple):
    """A line of a sheet: where it stands, and its values by column."""

    file: str
    number: int
    values: dict[str, Any]


class SheetFaults(Exception):
    """The sheets of a folder are not right; `faults` names each fault with its place."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class Sheets:
    """The sheets of one folder, and what is wrong with them so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: list[str] = []

    def read(
        self, file: str, columns: Mapping[str, Reader], optional: Mapping[str, Reader] = MappingProxyType({})
    ) -> list[Line]:
        """The lines of a sheet that has these columns and perhaps others; a faulty line is noted and left out.

        Of the `optional` columns those that the sheet has are read too.
        """
        try:
            with (self._folder / file).open(encoding="utf-8-sig", newline="") as opened:
                rows = csv.DictReader(opened, strict=True)
                there = optional.keys() & set(rows.fieldnames or ())
                return self._lines(file, {**columns, **{column: optional[column] for column in there}}, rows)
        except FileNotFoundError:
            self._faults.append(f"{file}: is missing")
        except (UnicodeDecodeError, csv.Error):
            self._faults.append(f"{file}: is not CSV in UTF-8")
        return []

    def files(self, pattern: str) -> list[str]:
        """Names of the sheets of the folder that match a pattern, such as `days_*.csv`, in order."""
        return sorted(path.name for path in self._folder.glob(pattern))

    def fault(self, line: Line, column: str, rule: str) -> None:
        """Note a fault that only shows when lines are compared."""
        self._faults.append(f"{line.file}:{line.number}: {column}: {rule}")

    def note(self, file: str, fault: str) -> None:
        """Note a fault of a file that has no lines, in words that name its place there."""
        self._faults.append(f"{file}: {fault}")

    def demand_unique(self, lines: list[Line], *columns: str) -> None:
        """Note every line whose values in these columns stand on an earlier line too."""
        seen: dict[tuple[Any, ...], int] = {}
        for line in lines:
            first = seen.setdefault(tuple(line.values[column] for column in columns), line.number)
            if first != line.number:
                self.fault(line, ", ".join(columns), f"stands on line {first} already")

    def demand_right(self) -> None:
        """Raises SheetFaults with all that was noted."""
        if self._faults:
            raise SheetFaults(self._faults)

    def _lines(self, file: str, columns: Mapping[str, Reader], rows: csv.DictReader[str]) -> list[Line]:
        if missing := [column for column in columns if column not in (rows.fieldnames or ())]:
            self._faults.append(f"{file}:1: lacks the columns {', '.join(missing)}")
            return []
        lines = []
        for row in rows:
            line = Line(file, rows.line_num, {})
            faults = len(self._faults)
            if None in row:
                self.fault(line, "the last", "more cells than columns")
            for column, reader in columns.items():
                self._cell(line, column, row[column] or "", reader)
            if len(self._faults) == faults:
                lines.append(line)
        return lines

    def _cell(self, line: Line, column: str, text: str, reader: Reader) -> None:
        try:
            line.values[column] = reader(text.strip())
        except ValueError as error:
            self.fault(line, column, str(error))


def words(longest: int, *, empty: bool = False) -> Reader:
    """Free text of at most so many characters."""

    def read(text: str) -> str:
        if not (text or empty) or len(text) > longest or not text.isprintable():
            raise ValueError(f"must be text of {0 if empty else 1} to {longest} characters")
        return text

    return read


def matching(pattern: str, rule: str) -> Reader:
    """Text that matches the whole pattern; `rule` says what that means."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(rule)
        return text

    return read


def whole(lowest: int, highest: int) -> Reader:
    """A whole number between two bounds, both included."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read
