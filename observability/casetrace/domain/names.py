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
        """Those whose name holds this text, in whatever case; an exact name first, then by code."""
        wanted = text.casefold()
        found = [
            each for each in self.names.values() if wanted in each.name.casefold() or wanted in each.name_en.casefold()
        ]
        return sorted(
            found, key=lambda each: (wanted not in (each.name.casefold(), each.name_en.casefold()), each.code)
        )


def is_due(read_at: datetime | None, now: datetime) -> bool:
    """It is time to read the names again."""
    return read_at is None or now - read_at >= READ_EVERY
