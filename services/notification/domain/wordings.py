"""Wordings: what a notice says, in every language. They are data: `templates/<name>.<version>.toml`.

A template has one text per language for each role that it speaks to, with `$name` for each fact;
`[words.<fact>.<language>]` puts codes in words. A version that was used is never changed: a new wording is a new file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from services.kernel.clock import SHANGHAI
from services.kernel.texts import LANGUAGES

Fact = str | datetime

ROLES = ("reporter", "department", "centre", "coordinator", "supervisor", "officer", "enterprise", "holder", "former")
"""Whom a template may speak to: `department` is one in charge, `centre` the grid centre, `coordinator` whoever
decides which department is, `holder` a certificate's, `former` the department that had an incident until then."""


class Text(NamedTuple):
    """A text in one language: `zh-CN` or `en`."""

    language: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of a template. `parts`: subject and body by role and language; `words`: by fact and language."""

    name: str
    version: int
    parts: Mapping[tuple[str, str], tuple[Template, Template]]
    words: Mapping[tuple[str, str], Mapping[str, str]]

    @property
    def id(self) -> str:
        """Name and version, such as `incident-filed/1`."""
        return f"{self.name}/{self.version}"

    def render(self, role: str, facts: Mapping[str, Fact]) -> tuple[Text, ...]:
        """The texts for one role. KeyError when it has none, or asks for a fact that is not given."""
        return tuple(self._text(role, language, facts) for language in LANGUAGES)

    def _text(self, role: str, language: str, facts: Mapping[str, Fact]) -> Text:
        subject, body = self.parts[role, language]
        said = {name: self._said(name, language, fact) for name, fact in facts.items()}
        return Text(language, subject.substitute(said).strip(), body.substitute(said).strip())

    def _said(self, name: str, language: str, fact: Fact) -> str:
        """A fact as people read it: moments in the city's time, codes in words where the template has any."""
        if isinstance(fact, datetime):
            return fact.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        return self.words.get((name, language), {}).get(fact, fact)


def read(folder: Path) -> dict[str, Wording]:
    """The newest version of every template in the folder, by name. KeyError when a role lacks a language."""
    wordings = (_wording(path) for path in folder.glob("*.toml"))
    return {wording.name: wording for wording in sorted(wordings, key=lambda each: each.version)}


def _wording(path: Path) -> Wording:
    name, version = path.stem.rsplit(".", 1)
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    parts = {
        (role, language): (Template(data[role][language]["subject"]), Template(data[role][language]["body"]))
        for role in ROLES
        if role in data
        for language in LANGUAGES
    }
    words = {
        (fact, language): by_code
        for fact, languages in data.get("words", {}).items()
        for language, by_code in languages.items()
    }
    return Wording(name, int(version), parts, words)
