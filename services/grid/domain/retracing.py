"""A handling that was, and the clocks that other rules would have had for it, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from services.grid.domain.catalogue import Counted
from services.grid.domain.clocks import Clock, ClockKind, StageName, Verdict
from services.grid.domain.courses import Course
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.kernel.worktime.terms import Limit, Pause


class Ruling(NamedTuple):
    """Who handles a stage within which time; `due_at` and `verdict` are None where nobody can know.

    `stage` is None where handling has none.
    """

    department: str = ""
    limit: Limit | None = None
    due_at: datetime | None = None
    verdict: Verdict | None = None
    stage: StageName | None = None

    @property
    def late(self) -> bool | None:
        """Its deadline was missed; None where nobody knows."""
        known = self.verdict not in (None, Verdict.UNDECIDED)
        return self.verdict in (Verdict.MISSED, Verdict.OVERDUE) if known else None


class Span(NamedTuple):
    """How long a stage has, from when on, and which one it is; None: all of the handling."""

    limit: Limit
    counted: Counted = Counted.WHOLE
    stage: StageName | None = None


class _Spell(NamedTuple):
    """What was done of one stage without a break. `goes_on`: it began when the stage before was done."""

    position: int
    goes_on: bool
    begun_at: datetime
    ended_at: datetime | None
    part: Clock


def spans_of(course: Course) -> list[Span]:
    """The stages of a course."""
    return [Span(each.limit, each.counted, StageName(each.position, each.name, each.name_en)) for each in course.stages]


def parts_of(incident: Incident) -> list[Clock]:
    """The clocks of the last dispatch's handling, in order; empty where they were not recorded.

    Each dispatch begins a clock to accept; what the grid centre takes on itself ends its clock to dispatch.
    """
    kinds = [each.kind for each in incident.clocks]
    begins = [at for at, kind in enumerate(kinds) if kind in (ClockKind.ACCEPT, ClockKind.DISPATCH)]
    return [each for each in incident.clocks[begins[-1] if begins else 0 :] if each.kind is ClockKind.HANDLE]


def ruling_of(clock: Clock, now: datetime) -> Ruling:
    """A clock as it was."""
    return Ruling(clock.department, clock.limit, clock.due_at, clock.verdict(now), clock.stage)


def retrace(
    parts: Sequence[Clock], spans: Sequence[Span], department: str, limits: Limits, now: datetime, *, at_last: bool
) -> list[Ruling]:
    """The stages that there would have been, had the department done then what it did then.

    Holds and extensions stay. Stages that nobody could report, since the handling had fewer, were done in time when all
    was; otherwise nobody knows. `at_last`: it was at the last of its own stages.
    """
    spells = list(_spells(parts, len(spans)))
    clocks: list[Clock] = []
    for spell in spells:
        span = spans[spell.position - 1]
        whole = spell.goes_on and span.counted is Counted.WHOLE
        begun_at = clocks[-1].begun_at if whole else spell.begun_at
        clocks.append(_clock(spell, span, begun_at, parts, department, limits))
    rulings = [ruling_of(each, now) for each in clocks]
    if at_last and spells[-1].position < len(spans):
        rulings[-1] = _unreported(rulings[-1])
        rulings += _ahead(spells[-1], spans, clocks[-1].begun_at, parts, department, limits, now)
    return rulings


def _spells(parts: Sequence[Clock], many: int) -> Iterator[_Spell]:
    """The parts as spells of so many stages: what was done beyond the last one belongs to that."""
    spell: _Spell | None = None
    for before, part in pairwise((None, *parts)):
        assert part is not None
        position, goes_on = min(_position(part), many), before is not None and _position(part) > _position(before)
        if spell and goes_on and position == spell.position:
            spell = spell._replace(ended_at=part.ended_at)
            continue
        if spell:
            yield spell
        begun_at = before.ended_at if before and goes_on else part.begun_at
        spell = _Spell(position, goes_on, begun_at or part.begun_at, part.ended_at, part)
    if spell:
        yield spell


def _ahead(
    last: _Spell,
    spans: Sequence[Span],
    begun_at: datetime,
    parts: Sequence[Clock],
    department: str,
    limits: Limits,
    now: datetime,
) -> Iterator[Ruling]:
    """The stages after the last one that was reported: only what is of the whole has a time that is known."""
    for span in spans[last.position :]:
        if span.counted is not Counted.WHOLE:
            yield Ruling(department, span.limit, stage=span.stage)
            continue
        ruling = ruling_of(_clock(last, span, begun_at, parts, department, limits), now)
        yield ruling if span is spans[-1] else _unreported(ruling)


def _unreported(ruling: Ruling) -> Ruling:
    """Nobody said when it was done; when all was done in time, it was."""
    return ruling._replace(verdict=None) if ruling.late else ruling


def _clock(
    spell: _Spell, span: Span, begun_at: datetime, parts: Sequence[Clock], department: str, limits: Limits
) -> Clock:
    stood = _stood_still(parts, begun_at, spell.ended_at)
    clock = Clock(
        kind=ClockKind.HANDLE,
        department=department,
        limit=span.limit,
        begun_at=begun_at,
        due_at=begun_at,
        ended_at=spell.ended_at,
        pauses=tuple(each for each in stood if each.end),
        extension=spell.part.extension if spell.part.limit.unit is span.limit.unit else 0,
        stage=span.stage,
    )
    due = limits.reckoned(clock)
    return due.pause(stood[-1].begin) if stood and stood[-1].end is None else due


def _stood_still(parts: Sequence[Clock], begin: datetime, end: datetime | None) -> list[Pause]:
    """The pauses between two moments, each once though later stages go on counting them."""
    pauses = {each for part in parts for each in part.pauses if begin <= each.begin}
    return sorted((each for each in pauses if not end or each.begin < end), key=lambda each: each.begin)


def _position(part: Clock) -> int:
    return part.stage.position if part.stage else 1
