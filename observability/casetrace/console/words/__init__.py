"""All words of the console, in zh-CN and en: one table, and the one way to say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from observability.casetrace.console.words.case import CASE
from observability.casetrace.console.words.common import COMMON
from observability.casetrace.console.words.find import FIND
from observability.casetrace.console.words.health import HEALTH
from observability.casetrace.console.words.open_events import OPEN_EVENTS
from services.kernel.texts import LANGUAGES

TABLE: Mapping[str, tuple[str, str]] = COMMON | FIND | CASE | HEALTH | OPEN_EVENTS


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._place = LANGUAGES.index(language)

    def __call__(self, key: str, **values: Any) -> Markup:
        """The words for a key, with these values in the places of their names. KeyError for a key without words.

        Words are text: what they hold, and what is put into them, is escaped unless it is markup already.
        """
        return escape(TABLE[key][self._place]).format(**values)

    def of(self, family: str, member: str) -> Markup:
        """The words for `family.member`; the member as it is where there are none."""
        key = f"{family}.{member}"
        return self(key) if key in TABLE else escape(member)

    def plural(self, key: str, count: int) -> Markup:
        """The words for so many: `key.one` where the language tells one from several."""
        one = f"{key}.one"
        return self(one if count == 1 and one in TABLE else key, count=count)
