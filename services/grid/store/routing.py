"""The tables of routing rules, and the version that a process read last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.grid.domain.catalogue import Urgency
from services.grid.domain.moments import When
from services.grid.domain.routing import Routing, RoutingRule
from services.grid.domain.versions import Version
from services.grid.store.versions import VersionStore, VersionTable
from services.kernel.worktime.calendars import DayName

_VERSIONS = VersionTable("routing")
RULE = _VERSIONS.rows(
    "routing_rule", number=sa.Integer, standard=sa.Text, kind=sa.Text, code_prefix=sa.Text, region_prefix=sa.Text,
    departments=ARRAY(sa.Text), days=ARRAY(sa.Text), start_minute=sa.Integer, end_minute=sa.Integer, off_duty=sa.Text,
    reason=sa.Text, reason_en=sa.Text, automatic=sa.Boolean, urgency=sa.Text,
)  # fmt: skip
CAPACITY = _VERSIONS.rows("routing_capacity", department=sa.Text, capacity=sa.Integer)

_RULES = sa.select(RULE).where(RULE.c.routing == sa.bindparam("version")).order_by(RULE.c.number)
_CAPACITIES = sa.select(CAPACITY).where(CAPACITY.c.routing == sa.bindparam("version"))
_SAID = ("standard", "kind", "code_prefix", "region_prefix", "reason", "reason_en", "automatic")


class KnownRoutings:
    """The version that this process read last: it is never changed, so that its number tells it is the same."""

    def __init__(self) -> None:
        self._known: tuple[int, Routing] = (0, Routing())

    def at(self, connection: sa.Connection, at: datetime) -> tuple[int, Routing]:
        """The rules in force at a moment, with their version; 0 and none before the first."""
        number: int = connection.execute(_VERSIONS.number_at, {"at": at}).scalar() or 0
        if number != self._known[0]:
            self._known = (number, RoutingStore(connection).read(number))
        return self._known


class RoutingStore(VersionStore[Routing]):
    """Routing rules over one connection."""

    table = _VERSIONS

    def read(self, number: int) -> Routing:
        """What a version says."""
        given = {"version": number}
        rules = tuple(_rule(row) for row in self._connection.execute(_RULES, given).mappings())
        return Routing(rules, {row.department: row.capacity for row in self._connection.execute(_CAPACITIES, given)})

    def _keep(self, said: Routing, version: Version) -> None:
        self._keep_rows(RULE, version, map(_values, said.rules))
        capacities = said.capacities.items()
        self._keep_rows(CAPACITY, version, [{"department": each, "capacity": many} for each, many in capacities])


def _values(each: RoutingRule) -> dict[str, Any]:
    when = each.when
    return {name: getattr(each, name) for name in _SAID} | {
        "number": each.number,
        "departments": list(each.departments),
        "days": [day.value for day in when.days],
        "start_minute": when.start,
        "end_minute": when.end,
        "off_duty": when.off_duty,
        "urgency": each.urgency or "",
    }


def _rule(row: Any) -> RoutingRule:
    days = tuple(map(DayName, row["days"]))
    return RoutingRule(
        number=row["number"],
        departments=tuple(row["departments"]),
        when=When(days, row["start_minute"], row["end_minute"], row["off_duty"]),
        urgency=Urgency(row["urgency"]) if row["urgency"] else None,
        **{name: row[name] for name in _SAID},
    )
