"""Every word in both languages, and none that a page asks for is missing."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from observability.casetrace.console.troubles import TOLD
from observability.casetrace.console.words import TABLE, Words, case, common, find, health, open_events

CONSOLE = Path(find.__file__).parents[1]
SOURCES = [*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")]
ASKED = re.compile(r"""(?:\bw|words|each|plural)\(\s*"([a-z_.]+)"\s*[,)]""")
BUILT = re.compile(r"""\bw\("([a-z_.]+)" ~ |(?:words|w)\(f"([a-z_.]+)\{""")
FAMILY = re.compile(r"""\.of\("([a-z_.]+)",""")


def names(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}


def found(pattern: re.Pattern[str]) -> set[str]:
    hits = [match for source in SOURCES for match in pattern.finditer(source.read_text("utf-8"))]
    return {next(group for group in match.groups() if group) for match in hits}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_words_stand_in_both_languages_with_the_same_places(key: str) -> None:
    chinese, english = TABLE[key]
    assert chinese.strip() and english.strip()
    assert names(chinese) == names(english)


def test_no_words_stand_in_two_tables() -> None:
    tables = (common.COMMON, find.FIND, case.CASE, health.HEALTH, open_events.OPEN_EVENTS)
    assert sum(map(len, tables)) == len(TABLE)


def test_every_word_that_a_page_asks_for_is_there() -> None:
    assert found(ASKED) - set(TABLE) == set()
    assert all(any(key.startswith(start) for key in TABLE) for start in found(BUILT))
    assert all(any(key.startswith(f"{family}.") for key in TABLE) for family in found(FAMILY))


def test_every_word_is_said_somewhere() -> None:
    said, begun = found(ASKED), tuple(found(BUILT) | {f"{family}." for family in found(FAMILY)})
    unsaid = {key for key in TABLE if key not in said and not key.startswith(begun)}
    assert {key for key in unsaid if key.removesuffix(".one") not in said} == set()


def test_every_trouble_has_its_words() -> None:
    for kind in (*TOLD, "not_met"):
        assert {f"trouble.{kind}", f"trouble.do.{kind}", f"outcome.{kind}"} <= set(TABLE)


def test_what_is_put_into_words_is_escaped() -> None:
    assert str(Words("en")("case.title", number="<b>")) == "Case &lt;b&gt;"
