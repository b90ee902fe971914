"""Events that nobody has taken, as the page lists them: what happened, why, what that means and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from egov.casetrace.v1 import health_pb2
from egov.chassis.v1 import operations_service_pb2 as operations
from markupsafe import Markup

from observability.casetrace.console.naming import Naming
from observability.casetrace.console.words import TABLE, Words
from services.chassis.moments import moment, moment_in

OUTCOMES = {
    number: name.removeprefix("EFFECT_OUTCOME_").lower() for name, number in operations.EffectOutcome.items()
}  # fmt: skip
TONES = {"parked": "bad", "retrying": "warn", "waiting": "warn", "taken": "good"}
# Whoever acts on one that only waits is refused: the one before it has to go first.
ACTED_ON = ("parked", "retrying")


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """One event at one consumer."""

    service: str
    consumer: str
    event_id: str
    title: str
    type: str
    case_number: str
    outcome: str
    reason: str
    means: Markup
    to_do: Markup
    attempts: int
    since: datetime
    due_at: datetime | None

    @property
    def tone(self) -> str:
        """How bad it is: `bad`, `warn`, `good` or `dim`."""
        return TONES.get(self.outcome, "dim")

    @property
    def can_be_acted_on(self) -> bool:
        """It may be tried again or given up."""
        return self.outcome in ACTED_ON

    @property
    def place(self) -> str:
        """Its own page."""
        return event_place(self.service, self.event_id)


def event_place(service: str, event_id: str, **more: str) -> str:
    """The page of one event of a service."""
    return f"/console/health?{urlencode({'service': service, 'event': event_id, **more})}"


def open_event(effect: health_pb2.OpenEffect, naming: Naming, words: Words) -> OpenEvent:
    """An effect in words."""
    outcome = OUTCOMES[effect.outcome]
    return OpenEvent(
        service=effect.service,
        consumer=effect.consumer,
        event_id=effect.event_id,
        title=naming.event(effect.type) if effect.type != "unknown" else str(words("open.unknown_type")),
        type=effect.type,
        case_number=effect.case_number,
        outcome=outcome,
        reason=effect.reason,
        means=_means(effect.reason, outcome, naming, words),
        to_do=_to_do(effect.reason, outcome, words),
        attempts=effect.attempts,
        since=moment(effect.decided_at),
        due_at=moment_in(effect, "due_at"),
    )


def _means(reason: str, outcome: str, naming: Naming, words: Words) -> Markup:
    """What a reason means: as the console has it, else as refusals have it, else what the outcome means by itself."""
    if f"open.reason.{reason}" in TABLE:
        return words(f"open.reason.{reason}")
    known = naming.reason(reason)
    return Markup.escape(known) if known else words.of("open.means", outcome)


def _to_do(reason: str, outcome: str, words: Words) -> Markup:
    if outcome in ACTED_ON and f"open.do.{reason}" in TABLE:
        return words(f"open.do.{reason}")
    return words.of("open.do", outcome)
