"""The settings that the case trace adds to those of every service."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.settings import number, setting, whole


@dataclass(frozen=True, kw_only=True)
class CaseTraceSettings:
    """What the case trace is told from outside."""

    event_months: int = setting(
        "CASETRACE_EVENT_MONTHS",
        "months that events, what became of them, and their cases are kept",
        default=120,
        parse=whole(1, 600),
    )
    ask_seconds: float = setting(
        "CASETRACE_ASK_SECONDS",
        "seconds between two questions to one service what became of events there",
        default=2.0,
        parse=number(0.1, 3600),
    )
