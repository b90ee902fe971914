"""Texts for people, in every language that the backbone speaks, for every reason and every field rule.

What several services or the chassis say stands in `texts_shared`; a service registers its own reasons in its domain.
A text names its params in braces, `{limit}`. Params never hold a person's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.kernel.errors import NO_PARAMS, Params
from services.kernel.texts_shared import SHARED

LANGUAGES = ("zh-CN", "en")

_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*|[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNKNOWN_REASON = ("请求未能完成（{name}）。", "The request could not be completed ({name}).")
_UNKNOWN_RULE = ("不符合要求。", "Does not meet the requirements.")

_catalogue: dict[str, tuple[str, str]] = {}


def register(texts: Mapping[str, tuple[str, str]]) -> None:
    """Adds texts, by reason or rule: the one in zh-CN, the one in en. To add the same again changes nothing.

    ValueError for a second, different text, for params that differ between the languages, for an empty text, and for
    a name that is neither UPPER_SNAKE (a reason) nor lower_snake (a rule).
    """
    for name, both in texts.items():
        _demand_well_formed(name, both)
        if _catalogue.setdefault(name, both) != both:
            raise ValueError(f"{name} has a different text already")


def text(name: str, language: str, params: Params = NO_PARAMS) -> str:
    """The text of a reason or rule. A language that is not spoken gets zh-CN, an unknown name a general text.

    A param that is missing shows as an ellipsis: a text for people is never the cause of a failure.
    """
    unknown = _UNKNOWN_REASON if name.isupper() else _UNKNOWN_RULE
    in_chinese, in_english = _catalogue.get(name, unknown)
    known = {"name": name, **params}
    return _PLACEHOLDER.sub(lambda found: str(known.get(found[1], "…")), in_english if language == "en" else in_chinese)


def names() -> frozenset[str]:
    """All reasons and rules that have texts by now."""
    return frozenset(_catalogue)


def params_of(name: str) -> frozenset[str]:
    """Names of the params that the texts of a reason or rule use; empty when it has no texts."""
    return _placeholders(_catalogue.get(name, ("", ""))[0])


def _placeholders(pattern: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(pattern))


def _demand_well_formed(name: str, both: tuple[str, str]) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name} is neither UPPER_SNAKE nor lower_snake")
    in_chinese, in_english = both
    if not in_chinese.strip() or not in_english.strip():
        raise ValueError(f"{name} lacks a text")
    if _placeholders(in_chinese) != _placeholders(in_english):
        raise ValueError(f"{name} has other params in one language than in the other")


register(SHARED)
