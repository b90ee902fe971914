"""The tables of routing rules: rows of each version, which are written once and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.grid.domain.catalogue import Version
from services.grid.domain.moments import When
from services.grid.domain.routing import Routing, RoutingRule
from services.kernel.paging import Page, PageRequest
from services.kernel.worktime.calendars import DayName

_TABLES = sa.MetaData()
_MOMENT = sa.DateTime(timezone=True)

ROUTING = sa.Table(
    "routing",
    _TABLES,
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.Text),
    sa.Column("effective_from", _MOMENT),
    sa.Column("imported_at", _MOMENT),
)
RULE = sa.Table(
    "routing_rule",
    _TABLES,
    sa.Column("routing", sa.BigInteger),
    sa.Column("number", sa.Integer),
    sa.Column("standard", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("code_prefix", sa.Text),
    sa.Column("region_prefix", sa.Text),
    sa.Column("departments", ARRAY(sa.Text)),
    sa.Column("days", ARRAY(sa.Text)),
    sa.Column("start_minute", sa.Integer),
    sa.Column("end_minute", sa.Integer),
    sa.Column("off_duty", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("reason_en", sa.Text),
    sa.Column("automatic", sa.Boolean),
)
CAPACITY = sa.Table(
    "routing_capacity",
    _TABLES,
    sa.Column("routing", sa.BigInteger),
    sa.Column("department", sa.Text),
    sa.Column("capacity", sa.Integer),
)

_LAST_FIRST = sa.select(ROUTING).order_by(ROUTING.c.effective_from.desc(), ROUTING.c.number.desc())
_VERSION_AT = _LAST_FIRST.where(ROUTING.c.effective_from <= sa.bindparam("at", type_=_MOMENT)).limit(1)
_NUMBER_AT = _VERSION_AT.with_only_columns(ROUTING.c.number)
_RULES = sa.select(RULE).where(RULE.c.routing == sa.bindparam("version")).order_by(RULE.c.number)
_CAPACITIES = sa.select(CAPACITY).where(CAPACITY.c.routing == sa.bindparam("version"))
_LOCK = sa.text("LOCK TABLE routing IN SHARE ROW EXCLUSIVE MODE")
_ADD = sa.insert(ROUTING).returning(ROUTING.c.number)
_SAID = ("standard", "kind", "code_prefix", "region_prefix", "reason", "reason_en", "automatic")


class KnownRoutings:
    """The version that this process read last: it is never changed, so that its number tells it is the same."""

    def __init__(self) -> None:
        self._known: tuple[int, Routing] = (0, Routing())

    def at(self, connection: sa.Connection, at: datetime) -> tuple[int, Routing]:
        """The rules in force at a moment, with their version; 0 and none before the first."""
        number: int = connection.execute(_NUMBER_AT, {"at": at}).scalar() or 0
        if number != self._known[0]:
            self._known = (number, RoutingStore(connection).read(number))
        return self._known


class RoutingStore:
    """Routing rules over one connection. Is a `usecases.routing.Routings`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Let no other import in until the end of the transaction; reading goes on."""
        self._connection.execute(_LOCK)

    def version_at(self, at: datetime) -> Version | None:
        """The version in force at a moment; None before the first."""
        found = self._connection.execute(_VERSION_AT, {"at": at}).first()
        return Version(*found) if found else None

    def read(self, number: int) -> Routing:
        """What a version says."""
        given = {"version": number}
        rules = tuple(_rule(row) for row in self._connection.execute(_RULES, given).mappings())
        return Routing(rules, {row.department: row.capacity for row in self._connection.execute(_CAPACITIES, given)})

    def add(self, routing: Routing, digest: str, effective_from: datetime, now: datetime) -> Version:
        """Keep rules."""
        values = {"digest": digest, "effective_from": effective_from, "imported_at": now}
        number = self._connection.execute(_ADD, values).scalar_one()
        if routing.rules:
            self._connection.execute(sa.insert(RULE), [{"routing": number, **_values(each)} for each in routing.rules])
        if routing.capacities:
            rows = [{"routing": number, "department": each, "capacity": many}
                    for each, many in routing.capacities.items()]  # fmt: skip
            self._connection.execute(sa.insert(CAPACITY), rows)
        return Version(number, digest, effective_from, now)

    def versions(self, page: PageRequest) -> Page[Version]:
        """The versions by when they come into force, the last one first."""
        wanted = _LAST_FIRST
        if page.after:
            wanted = wanted.where(sa.tuple_(ROUTING.c.effective_from, ROUTING.c.number) < page.after)
        found = self._connection.execute(wanted.limit(page.fetch))
        return page.cut([Version(*row) for row in found], key=lambda each: (each.effective_from, each.number))


def _values(each: RoutingRule) -> dict[str, Any]:
    when = each.when
    return {name: getattr(each, name) for name in _SAID} | {
        "number": each.number,
        "departments": list(each.departments),
        "days": [day.value for day in when.days],
        "start_minute": when.start,
        "end_minute": when.end,
        "off_duty": when.off_duty,
    }


def _rule(row: Any) -> RoutingRule:
    days = tuple(map(DayName, row["days"]))
    return RoutingRule(
        number=row["number"],
        departments=tuple(row["departments"]),
        when=When(days, row["start_minute"], row["end_minute"], row["off_duty"]),
        **{name: row[name] for name in _SAID},
    )
