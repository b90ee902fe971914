"""Building HTML so that nothing is forgotten to be escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from markupsafe import Markup, escape

Child: TypeAlias = "str | Markup | Iterable[Child] | None"

_EMPTY = frozenset(("meta", "link", "input"))


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element. An attribute's name may end with an underscore; one of None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    start = Markup(f"<{name}{given}>")
    return start if name in _EMPTY else start + flat(children) + Markup(f"</{name}>")


def flat(children: Child) -> Markup:
    """All children one after the other, text escaped."""
    if children is None:
        return Markup()
    if isinstance(children, str):
        return escape(children)
    return Markup().join(flat(child) for child in children)


def prose(text: str) -> Markup:
    """A comment of the contract: `code` in back quotes, an empty line begins a paragraph."""
    return flat(tag("p", _codes(part)) for part in re.split(r"\n\s*\n", text) if part.strip())


def _codes(text: str) -> Markup:
    pieces = text.split("`")
    return flat(tag("code", piece) if place % 2 else piece for place, piece in enumerate(pieces))
