"""What codes are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeName:
    """A region or department by its code; `name_en` is empty where no English name was given."""

    code: str
    name: str
    name_en: str
