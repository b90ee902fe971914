"""What went wrong with a case, and what there is to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from egov.casetrace.v1 import cases_pb2
from egov.chassis.v1 import operations_service_pb2 as operations

from observability.casetrace.console.naming import Naming
from services.chassis.moments import moment, moment_in

OUTCOMES = {
    number: name.removeprefix("EFFECT_OUTCOME_").lower() for name, number in operations.EffectOutcome.items()
}  # fmt: skip
TOLD = ("parked", "waiting", "retrying", "refused", "discarded")
"""The outcomes that are worth a word, the worst first."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One event that one consumer has not simply taken. `kind`: one of `TOLD`, or `not_met`."""

    kind: str
    event_id: str
    event: str
    service: str
    consumer: str
    reason: str = ""
    reason_words: str = ""
    attempts: int = 0
    at: datetime | None = None
    due_at: datetime | None = None

    @property
    def health(self) -> str:
        """Where a parked event is retried or discarded."""
        return f"/console/health?{urlencode({'service': self.service, 'event': self.event_id})}#parked"


def troubles(events: Sequence[cases_pb2.CaseEvent], naming: Naming) -> list[Trouble]:
    """All troubles of a case, the worst first, and of one kind in order of the events."""
    order = (*TOLD, "not_met")
    found = [trouble for event in events for trouble in _of_event(event, naming)]
    return sorted(found, key=lambda trouble: order.index(trouble.kind))


def _of_event(event: cases_pb2.CaseEvent, naming: Naming) -> Iterator[Trouble]:
    title = naming.event(event.type)
    for effect in event.effects:
        if (kind := OUTCOMES[effect.outcome]) in TOLD:
            yield Trouble(
                kind=kind,
                event_id=event.event_id,
                event=title,
                service=effect.service,
                consumer=effect.consumer,
                reason=effect.reason,
                reason_words=naming.reason(effect.reason),
                attempts=effect.attempts,
                at=moment(effect.decided_at),
                due_at=moment_in(effect, "due_at"),
            )
    for each in event.not_met:
        yield Trouble("not_met", event.event_id, title, each.service, each.consumer, at=moment(event.at))
