"""What somebody may mean by what they typed into the one box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from observability.casetrace.domain.names import Directory
from services.kernel import regions, texts

MOST_OF_A_KIND = 6
SHORTEST_NAME = 2

_NUMBER = re.compile(r"[1-9][0-9]{0,5}|[1-9][0-9]{5}-([0-9]{1,8}|[0-9]{8}-([0-9]{1,19}(-[0-9A-Z]?)?)?)?")
_DEPARTMENT = re.compile(r"[1-9][0-9]{5,14}-[A-Z]{2,8}")
_REASON = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_THING = re.compile(r"(?=.*[0-9])[A-Za-z0-9:._-]{8,200}")
_SUBJECT = re.compile(r"[0-9]{5}|[A-Za-z0-9][A-Za-z0-9 :._-]*(/[A-Za-z0-9:._ -]+)+")
_STATES = {
    "open": ("open", "在办", "未办结"),
    "closed": ("closed", "办结", "已办结"),
}
_OVERDUE = ("overdue", "超期", "逾期")


class Reading(NamedTuple):
    """One thing that was perhaps meant: the parameter of the Find page, and its value."""

    kind: str
    value: str


def readings(text: str, directory: Directory, titles: Mapping[str, tuple[str, str]]) -> list[Reading]:
    """All that the text may mean, the likeliest first; nothing when it can be no such thing.

    `titles`: what events are called, by their full names.
    """
    wanted = text.strip()
    found = [*_codes(wanted), *_named(wanted, directory), *_events(wanted, titles), *_states(wanted)]
    if not found and _THING.fullmatch(wanted):
        found = [Reading("about", wanted)]
    return list(dict.fromkeys(found))


def _codes(wanted: str) -> Iterator[Reading]:
    """What its form alone tells."""
    capitals = wanted.upper()
    if _NUMBER.fullmatch(capitals):
        yield Reading("number", capitals)
    if regions.is_code(wanted):
        yield Reading("region", wanted)
    if _DEPARTMENT.fullmatch(capitals):
        yield Reading("department", capitals)
    if _SUBJECT.fullmatch(wanted):
        yield Reading("subject", wanted)
    if _REASON.fullmatch(capitals) or (wanted == capitals and wanted in texts.names()):
        yield Reading("reason", capitals)


def _named(wanted: str, directory: Directory) -> Iterator[Reading]:
    """Departments and regions of that name."""
    if len(wanted) < SHORTEST_NAME or (wanted.isascii() and not wanted.isalpha() and " " not in wanted):
        return
    called = [each.code for each in directory.called(wanted)]
    yield from [Reading("department", code) for code in called if "-" in code][:MOST_OF_A_KIND]
    yield from [Reading("region", code) for code in called if "-" not in code][:MOST_OF_A_KIND]


def _events(wanted: str, titles: Mapping[str, tuple[str, str]]) -> list[Reading]:
    """Events of that name or title; when one is called exactly so, that one alone."""
    if len(wanted) < SHORTEST_NAME:
        return []
    given = wanted.casefold()
    called = {name: {name, name.rpartition(".")[2], *both} for name, both in titles.items()}
    exact = [name for name, all_ in called.items() if given in {each.casefold() for each in all_}]
    near = [name for name, both in titles.items() if any(given in each.casefold() for each in both)]
    return [Reading("type", name) for name in (exact or near)[:MOST_OF_A_KIND]]


def _states(wanted: str) -> Iterator[Reading]:
    given = wanted.casefold()
    yield from (Reading("state", state) for state, names in _STATES.items() if given in names)
    if given in _OVERDUE:
        yield Reading("overdue", "1")
