"""Searching cases: each filter has an index, each list goes on behind its last row, and counts have a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.cases import Case
from observability.casetrace.domain.search import MOST_COUNTED, Count, Wanted
from observability.casetrace.store.cases import case_from
from services.kernel.paging import Page, PageRequest

_TABLES = sa.MetaData()
_MOMENT = sa.DateTime(timezone=True)
CASE = sa.Table(
    "case_file",
    _TABLES,
    *(sa.Column(name, sa.Text) for name in ("case_number", "region", "last_id", "last_type", "holder")),
    *(sa.Column(name, _MOMENT) for name in ("opened_at", "last_at", "closed_at", "held_since")),
    *(sa.Column(name, _MOMENT) for name in ("deadline", "clock_since")),
    sa.Column("opening_known", sa.Boolean),
    sa.Column("events", sa.Integer),
    sa.Column("held", sa.JSON),
)
EVENT = sa.table("case_event", sa.column("case_number"), sa.column("type"), sa.column("aggregate_id"))
LINK = sa.table("case_link", sa.column("case_number"), sa.column("target"))
EFFECT = sa.table("effect", sa.column("case_number"), sa.column("reason"))
FAILURE = sa.table("failure", sa.column("case_number"), sa.column("reason"), sa.column("aggregate_id"))

_OPEN = CASE.c.closed_at.is_(None)
_BEGUN = CASE.c.events > 0
FACETS = ("state", "holder", "county", "last_event_type", "overdue")


class SearchStore:
    """Searches over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(self, wanted: Wanted, page: PageRequest) -> Page[Case]:
        """The cases that pass, the one with the latest event first."""
        listed = sa.select(CASE).where(*_passing(wanted))
        if page.after:
            listed = listed.where(sa.tuple_(CASE.c.last_at, CASE.c.case_number) < page.after)
        listed = listed.order_by(CASE.c.last_at.desc(), CASE.c.case_number.desc()).limit(page.fetch)
        cases = [case_from(row) for row in self._connection.execute(listed)]
        return page.cut(cases, key=lambda case: (case.last_at, case.number))

    def counts(self, wanted: Wanted, now: Any) -> tuple[list[Count], int]:
        """How many of the cases that pass have which value of each facet, and how many were counted."""
        facets = {
            "state": sa.case((_OPEN, "open"), else_="closed"),
            "holder": CASE.c.holder,
            "county": sa.func.left(CASE.c.region, 6),
            "last_event_type": CASE.c.last_type,
            "overdue": sa.case((sa.and_(_OPEN, CASE.c.deadline < now), "true"), else_="false"),
        }
        latest = sa.select(*(value.label(name) for name, value in facets.items())).where(*_passing(wanted))
        hits = latest.order_by(CASE.c.last_at.desc()).limit(MOST_COUNTED).cte("hits")
        columns = [hits.c[name] for name in FACETS]
        sets = sa.func.grouping_sets(*(sa.tuple_(column) for column in columns), sa.text("()"))
        grouping = sa.func.grouping(*columns).label("grouping")
        rows = self._connection.execute(sa.select(*columns, grouping, sa.func.count().label("cases")).group_by(sets))
        return _counts(rows.all())


def _passing(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """The conditions of the filters that are set."""
    conditions = [_BEGUN, CASE.c.region.like(f"{wanted.bound}%")]
    given: tuple[tuple[Any, Callable[[Any], sa.ColumnElement[bool]]], ...] = (
        (wanted.number, lambda number: CASE.c.case_number.like(f"{number}%")),
        (wanted.holder, lambda holder: CASE.c.holder == holder),
        (wanted.region, lambda region: CASE.c.region.like(f"{region}%")),
        (wanted.is_open is True, lambda _: _OPEN),
        (wanted.is_open is False, lambda _: CASE.c.closed_at.is_not(None)),
        (wanted.event_type, lambda kind: _with(EVENT, EVENT.c.type == kind)),
        (wanted.last_event_type, lambda kind: CASE.c.last_type == kind),
        (wanted.reason, lambda reason: CASE.c.case_number.in_(_failing(reason))),
        (wanted.about, lambda thing: CASE.c.case_number.in_(_about(thing))),
        (wanted.active_from, lambda moment: CASE.c.last_at >= moment),
        (wanted.active_until, lambda moment: CASE.c.opened_at < moment),
        (wanted.quiet_since, lambda moment: sa.and_(_OPEN, CASE.c.last_at < moment)),
        (wanted.overdue_at, lambda moment: sa.and_(_OPEN, CASE.c.deadline < moment)),
    )
    return conditions + [passes(value) for value, passes in given if value]


def _with(table: sa.TableClause, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return CASE.c.case_number.in_(sa.select(table.c.case_number).where(condition))


def _failing(reason: str) -> Any:
    effects = sa.select(EFFECT.c.case_number).where(EFFECT.c.reason == reason)
    failed = FAILURE.c.reason == reason
    calls = sa.select(FAILURE.c.case_number).where(failed, FAILURE.c.case_number.is_not(None))
    about = sa.select(EVENT.c.case_number).join(FAILURE, FAILURE.c.aggregate_id == EVENT.c.aggregate_id).where(failed)
    return effects.union(calls, about)


def _about(thing: str) -> Any:
    events = sa.select(EVENT.c.case_number).where(EVENT.c.aggregate_id == thing)
    return events.union(sa.select(LINK.c.case_number).where(LINK.c.target == thing))


def _counts(rows: Any) -> tuple[list[Count], int]:
    """A row that is grouped by one facet has 0 in that facet's bit of `grouping`; the row of all has none."""
    everything = (1 << len(FACETS)) - 1
    found, counted = [], 0
    for row in rows:
        if row.grouping == everything:
            counted = row.cases
            continue
        place = len(FACETS) - (everything ^ row.grouping).bit_length()
        if row[place] is not None:
            found.append(Count(FACETS[place], row[place], row.cases))
    return sorted(found, key=lambda each: (FACETS.index(each.facet), -each.cases, each.value)), counted
