"""Clocks as they stand in an incident's row: written with it, and read with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.grid.domain.clocks import Clock, ClockKind
from services.kernel.worktime.terms import Limit, Unit


def clocks_out(clocks: Iterable[Clock]) -> list[dict[str, Any]]:
    """As JSON."""
    return [
        {
            "kind": each.kind.value,
            "department": each.department,
            "amount": each.limit.amount,
            "unit": each.limit.unit.value,
            "begun_at": each.begun_at.isoformat(),
            "due_at": each.due_at.isoformat(),
            "known": each.known,
            "ended_at": each.ended_at and each.ended_at.isoformat(),
        }
        for each in clocks
    ]


def clocks_in(kept: Iterable[Mapping[str, Any]]) -> tuple[Clock, ...]:
    """From JSON."""
    return tuple(
        Clock(
            kind=ClockKind(each["kind"]),
            department=each["department"],
            limit=Limit(each["amount"], Unit(each["unit"])),
            begun_at=_moment(each["begun_at"]),
            due_at=_moment(each["due_at"]),
            known=each["known"],
            ended_at=_moment(each["ended_at"]) if each["ended_at"] else None,
        )
        for each in kept
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
