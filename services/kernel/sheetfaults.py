"""What can be wrong with a sheet, in both languages, and where."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from services.kernel import texts
from services.kernel.errors import NO_PARAMS, Param, Params

texts.register(
    {
        "sheet_said": ("有误：{said}", "{said}"),
        "sheet_missing": ("缺少该文件。", "is missing"),
        "sheet_utf16": ("文件编码为 UTF-16，请另存为 CSV UTF-8。", "is UTF-16: save it as CSV UTF-8"),
        "sheet_gb18030": (
            "该行第 {byte} 字节起不是 UTF-8，似为 GBK/GB 18030 编码，请另存为 CSV UTF-8。",
            "is not UTF-8 from byte {byte} of the line on, but looks like GB 18030: save it as CSV UTF-8",
        ),
        "sheet_not_utf8": ("该行第 {byte} 字节起不是 UTF-8。", "is not UTF-8 from byte {byte} of the line on"),
        "sheet_not_csv": (
            "该行不是规范的 CSV（引号或换行有误）。",
            "is not CSV: quotes or line ends are wrong",
        ),
        "sheet_lacks_columns": ("缺少列：{columns}。", "lacks the columns {columns}"),
        "sheet_column_twice": ("列名重复。", "names another column already"),
        "sheet_more_cells": ("单元格多于列数。", "more cells than columns"),
        "sheet_not_unique": ("与第 {line} 行重复。", "stands on line {line} already"),
        "sheet_words": (
            "须为 {shortest} 至 {longest} 个字符的文字。",
            "must be text of {shortest} to {longest} characters",
        ),
        "sheet_whole": (
            "须为 {lowest} 至 {highest} 的整数。",
            "must be a whole number from {lowest} to {highest}",
        ),
    }
)


class Broken(ValueError):
    """A cell breaks a rule that has texts; in words it is the one in English."""

    def __init__(self, rule: str, **params: Param) -> None:
        super().__init__(texts.text(rule, "en", params))
        self.rule = rule
        self.params = params


class Fault(NamedTuple):
    """What is wrong with a sheet, and where. Columns are counted from 1; `line` and `column_number` 0: none.

    `line` is the first one of its record. Of a file without lines `column` is a place there, by its name.
    """

    file: str
    line: int
    column: str
    column_number: int
    rule: str
    params: Params = NO_PARAMS

    def text(self, language: str) -> str:
        """The rule that is broken, for people."""
        return texts.text(self.rule, language, self.params)

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        column = f"{self.column}: " if self.column else ""
        return f"{self.file}{line}: {column}{self.text('en')}"


class SheetFaults(Exception):
    """The sheets of a folder are not right; `faults` names each fault with its place, `located` in its parts."""

    def __init__(self, located: list[Fault]) -> None:
        super().__init__(f"{len(located)} faults")
        self.located = located
        self.faults = [str(each) for each in located]

    @property
    def spoken(self) -> str:
        """Every fault on a line of its own, in both languages where there are two."""
        return "\n".join(
            str(each) if each.rule == "sheet_said" else f"{each}  {each.text('zh-CN')}" for each in self.located
        )


def undecodable(file: str, error: UnicodeDecodeError) -> Fault:
    """What is wrong with a sheet whose bytes are no UTF-8 from one on."""
    content, start = error.object, error.start
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Fault(file, 1, "", 0, "sheet_utf16")
    try:
        content.decode("gb18030")
        rule = "sheet_gb18030"
    except UnicodeDecodeError:
        rule = "sheet_not_utf8"
    line = content.count(b"\n", 0, start) + 1
    return Fault(file, line, "", 0, rule, {"byte": start - content.rfind(b"\n", 0, start)})
