"""README shows of `make bench` what docs/bench.md has printed, all that has an aim and nothing else."""

from __future__ import annotations

import re

from tests.bench.run import LINES
from tests.contract.system import ROOT

ROW = re.compile(r"\| `([a-z-]+)` \| [^|]+ \| (\S+) \| (\S+) \| (\S+) \|")
TITLE = re.compile(r".*\(([a-z-]+), [0-9]+ rounds\)")
FIGURE = re.compile(r" {4}\S.*? {2,}([\d.,]+)  ([\d.,]+)  ([\d.,]+) .* aim ")

Shown = tuple[str, ...]


def shown() -> list[Shown]:
    """Line, minimum, median and maximum of each row of README's table."""
    return [row.groups() for row in ROW.finditer((ROOT / "README.md").read_text("utf-8"))]


def printed() -> list[Shown]:
    """The same of each figure with an aim that the page has printed."""
    found, line = [], ""
    for text in (ROOT / "docs/bench.md").read_text("utf-8").splitlines():
        if title := TITLE.fullmatch(text):
            line = title[1]
        elif figure := FIGURE.match(text):
            found.append((line, *figure.groups()))
    return found


def test_the_readme_shows_what_was_printed() -> None:
    assert shown() == printed()


def test_every_line_was_printed() -> None:
    assert {line for line, *_ in printed()} == set(LINES)
