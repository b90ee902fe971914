"""What codes of regions and departments are called, as identity says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

READ_EVERY = timedelta(minutes=10)


class CodeName(NamedTuple):
    """A region or department; `name_en` is empty where no English name was given."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Directory:
    """All names by code. A code that is not there is shown as it is."""

    names: Mapping[str, CodeName]

    def name(self, code: str, language: str) -> str:
        """What the code is called."""
        known = self.names.get(code)
        if known is None:
            return code
        return known.name_en if language == "en" and known.name_en else known.name

    def called(self, text: str) -> list[CodeName]:
        """Those whose name fits this text, in whatever case: the same, then those that hold it, then by code.

        A Chinese text may also leave characters out, as people do: 市场监管 fits 市场监督管理局.
        """
        wanted = text.casefold()
        fits = [(fit, each.code, each) for each in self.names.values() if (fit := _fit(wanted, each)) is not None]
        return [each for _, _, each in sorted(fits, key=lambda found: found[:2])]


def _fit(wanted: str, name: CodeName) -> int | None:
    """How well a text fits a name, 0 for the same; None when it does not."""
    both = (name.name.casefold(), name.name_en.casefold())
    if wanted in both:
        return 0
    if any(wanted in each for each in both):
        return 1
    rest = iter(both[0])
    return 2 if not wanted.isascii() and all(character in rest for character in wanted) else None


def is_due(read_at: datetime | None, now: datetime) -> bool:
    """It is time to read the names again."""
    return read_at is None or now - read_at >= READ_EVERY
