"""Reference data as CSV files of one folder, or as they were sent: UTF-8, the first line names the columns.

Every fault of every file is found in one go and named by file, line and column, so that an operator mends a sheet once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from services.kernel import texts
from services.kernel.records import records
from services.kernel.sheetfaults import Broken, Fault, SheetFaults, undecodable

__all__ = ["Broken", "Cells", "Fault", "Line", "Reader", "SheetFaults", "Sheets", "matching", "whole", "words"]

MOST_DIGITS = 40
"""Of a number; of thousands Python makes none."""

Reader = Callable[[str], Any]
"""Turns a cell into a value; ValueError says the rule that it breaks, as `Broken` in both languages."""
Cells = Mapping[str, str]
"""The cells of a line by column, as they stand there."""


class Line(NamedTuple):
    """A line of a sheet: where it stands, and its values by column."""

    file: str
    number: int
    values: dict[str, Any]


class Sheets:
    """The sheets of one folder, or what was sent by name, and what is wrong with them so far."""

    def __init__(self, source: Path | Mapping[str, bytes]) -> None:
        self._source = source
        self._columns: dict[str, list[str]] = {}
        self._faults: list[Fault] = []

    def read(
        self,
        file: str,
        columns: Mapping[str, Reader],
        optional: Mapping[str, Reader] = MappingProxyType({}),
        together: Callable[[Cells], Iterator[tuple[str, Broken]]] = lambda _: iter(()),
    ) -> list[Line]:
        """The lines of a sheet that has these columns and perhaps others; a faulty line is noted and left out.

        Of the `optional` columns those that the sheet has are read too. `together` says what is wrong with cells of a
        line beside one another, by column.
        """
        text = self._text(file)
        if text is None:
            return []
        rows = records(text)
        _, names = next(rows, (1, []))
        if names is None:
            self._faults.append(Fault(file, 1, "", 0, "sheet_not_csv"))
            return []
        self._columns[file] = names
        there = {name: reader for name, reader in optional.items() if name in names}
        return list(self._lines(file, {**columns, **there}, together, rows))

    def files(self, pattern: str) -> list[str]:
        """Names of the sheets that match a pattern, such as `days_*.csv`, in order."""
        if isinstance(self._source, Path):
            return sorted(path.name for path in self._source.glob(pattern))
        return sorted(name for name in self._source if fnmatchcase(name, pattern))

    def fault(self, line: Line, column: str, rule: str | Broken) -> None:
        """Note a fault that only shows when lines are compared; a rule without texts is in words."""
        broken = rule if isinstance(rule, Broken) else Broken("sheet_said", said=rule)
        number = self._number(line.file, column)
        self._faults.append(Fault(line.file, line.number, column, number, broken.rule, broken.params))

    def note(self, file: str, fault: str | Broken, place: str = "") -> None:
        """Note a fault of a whole file, or of one that has no lines: then `place` says where in it."""
        broken = fault if isinstance(fault, Broken) else Broken("sheet_said", said=fault)
        self._faults.append(Fault(file, 0, place, 0, broken.rule, broken.params))

    def demand_unique(self, lines: list[Line], *columns: str) -> None:
        """Note every line whose values in these columns stand on an earlier line too."""
        seen: dict[tuple[Any, ...], int] = {}
        for line in lines:
            first = seen.setdefault(tuple(line.values[column] for column in columns), line.number)
            if first != line.number:
                self.fault(line, ", ".join(columns), Broken("sheet_not_unique", line=first))

    @property
    def faults(self) -> list[Fault]:
        """All that was noted so far."""
        return list(self._faults)

    def demand_right(self) -> None:
        """Raises SheetFaults with all that was noted."""
        if self._faults:
            raise SheetFaults(self._faults)

    def _text(self, file: str) -> str | None:
        """What a sheet holds; None when it is not there, or in another encoding than UTF-8."""
        content = self._content(file)
        if content is None:
            self.note(file, Broken("sheet_missing"))
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._faults.append(undecodable(file, error))
            return None

    def _content(self, file: str) -> bytes | None:
        if not isinstance(self._source, Path):
            return self._source.get(file)
        try:
            return (self._source / file).read_bytes()
        except FileNotFoundError:
            return None

    def _number(self, file: str, column: str) -> int:
        """Which column it is, of several the first; 0 when it is none."""
        there, name = self._columns.get(file, []), column.partition(",")[0]
        return there.index(name) + 1 if name in there else 0

    def _lines(
        self,
        file: str,
        columns: Mapping[str, Reader],
        together: Callable[[Cells], Iterator[tuple[str, Broken]]],
        rows: Iterator[tuple[int, list[str] | None]],
    ) -> Iterator[Line]:
        there = self._columns[file]
        if missing := [column for column in columns if column not in there]:
            self._faults.append(Fault(file, 1, "", 0, "sheet_lacks_columns", {"columns": ", ".join(missing)}))
            return
        for place, column in enumerate(there, start=1):
            if column in there[: place - 1] and column in columns:
                self._faults.append(Fault(file, 1, column, place, "sheet_column_twice"))
        for number, row in rows:
            if row is None:
                self._faults.append(Fault(file, number, "", 0, "sheet_not_csv"))
            elif row:
                yield from self._line(Line(file, number, {}), columns, together, row)

    def _line(
        self,
        line: Line,
        columns: Mapping[str, Reader],
        together: Callable[[Cells], Iterator[tuple[str, Broken]]],
        row: list[str],
    ) -> Iterator[Line]:
        """The line, where it has no fault."""
        there, faults = self._columns[line.file], len(self._faults)
        if len(row) > len(there):
            self._faults.append(Fault(line.file, line.number, "the last", len(there) + 1, "sheet_more_cells"))
        said = dict.fromkeys(columns, "") | {name: cell.strip() for name, cell in zip(there, row, strict=False)}
        for column, reader in columns.items():
            self._cell(line, column, said[column], reader)
        for column, broken in together(said):
            self.fault(line, column, broken)
        if len(self._faults) == faults:
            yield line

    def _cell(self, line: Line, column: str, text: str, reader: Reader) -> None:
        try:
            line.values[column] = reader(text)
        except ValueError as error:
            self.fault(line, column, error if isinstance(error, Broken) else str(error))


def words(longest: int, *, empty: bool = False) -> Reader:
    """Free text of at most so many characters."""

    def read(text: str) -> str:
        if not (text or empty) or len(text) > longest or not text.isprintable():
            raise Broken("sheet_words", shortest=0 if empty else 1, longest=longest)
        return text

    return read


def matching(pattern: str, rule: str) -> Reader:
    """Text that matches the whole pattern; `rule` says what that means, in words or as the name of a text."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Broken(rule) if rule in texts.names() else ValueError(rule)
        return text

    return read


def whole(lowest: int, highest: int) -> Reader:
    """A whole number between two bounds, both included."""

    def read(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
        if not digits or not lowest <= int(text) <= highest:
            raise Broken("sheet_whole", lowest=lowest, highest=highest)
        return int(text)

    return read
