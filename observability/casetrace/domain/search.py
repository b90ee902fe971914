"""What cases are looked for by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.kernel import texts

texts.register(
    {
        "CASE_NOT_FOUND": ("辖区内没有此办件。", "There is no such case in the caller's region."),
        "TRACE_NOT_FOUND": ("此办件没有该调用链的记录。", "No span of that trace that belongs to the case is kept."),
    }
)

MOST_COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; what is empty or None lets every case pass.

    `bound` and `region` are prefixes of region codes. `subject_type`: all of it, or its last part. `quiet_since`: open,
    and without an event since then.
    `overdue_at`: open, and past its deadline at that moment.
    """

    bound: str
    number: str = ""
    holder: str = ""
    region: str = ""
    is_open: bool | None = None
    subject_type: str = ""
    event_type: str = ""
    last_event_type: str = ""
    reason: str = ""
    about: str = ""
    active_from: datetime | None = None
    active_until: datetime | None = None
    quiet_since: datetime | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the cases that pass have this value of a facet."""

    facet: str
    value: str
    cases: int


class Counted(NamedTuple):
    """Counts by facet, and how many cases were counted; `partly`: not all that pass."""

    facets: Sequence[Count] = ()
    cases: int = 0
    partly: bool = False


@dataclass(frozen=True, slots=True)
class LinkedCase:
    """Another case that has to do with the same thing."""

    number: str
    kind: str
    target: str
