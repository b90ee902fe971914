"""Clocks, and what is asked of them, as they stand in an incident's row: written with it, and read with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from services.grid.domain.clocks import Clock, ClockKind, StageName
from services.grid.domain.requests import TimeRequest
from services.grid.domain.states import TimeKind
from services.kernel.worktime.terms import Limit, Pause, Unit


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
            "pauses": [[begin.isoformat(), end and end.isoformat(), reason] for begin, end, reason in each.pauses],
            "extension": each.extension,
            "stage": each.stage,
            "told_at": each.told_at and each.told_at.isoformat(),
            "measured": None if each.measured is None else str(each.measured),
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
            ended_at=_moment_or_none(each["ended_at"]),
            # Releases before know neither pauses nor extensions nor stages, nor what was measured or told.
            pauses=tuple(Pause(_moment(at), _moment_or_none(end), why) for at, end, why in each.get("pauses", ())),
            extension=each.get("extension", 0),
            stage=StageName(*each["stage"]) if each.get("stage") else None,
            told_at=_moment_or_none(each.get("told_at")),
            measured=Fraction(each["measured"]) if each.get("measured") else None,
        )
        for each in kept
    )


def asked_out(asked: TimeRequest | None) -> dict[str, Any] | None:
    """A request for time as JSON."""
    if asked is None:
        return None
    return {
        "kind": asked.kind.value,
        "reason": asked.reason,
        "asked_at": asked.asked_at.isoformat(),
        "review_at": asked.review_at and asked.review_at.isoformat(),
        "units": asked.units,
    }


def asked_in(kept: Mapping[str, Any] | None) -> TimeRequest | None:
    """A request for time from JSON."""
    if kept is None:
        return None
    return TimeRequest(
        kind=TimeKind(kept["kind"]),
        reason=kept["reason"],
        asked_at=_moment(kept["asked_at"]),
        review_at=_moment_or_none(kept["review_at"]),
        units=kept["units"],
    )


def _moment_or_none(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
