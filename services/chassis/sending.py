"""An event that the producer has, and what its span says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from kafka.errors import InvalidRecordError, MessageSizeTooLargeError, RecordListTooLargeError

from services.chassis import telemetry
from services.chassis.contract import about_person
from services.chassis.outbox import Queued

# What is wrong with the event itself. Any other error is about Kafka, and everything waits.
REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)


class Sent(NamedTuple):
    """An event that the producer has, and its span, which lasts until Kafka has answered."""

    event: Queued
    span: telemetry.Span

    @classmethod
    def begin(cls, event: Queued, topic: str, now: datetime) -> Sent:
        """An event that is handed over now: its span is a child of its cause, or linked to it when that is long ago."""
        parent, links = telemetry.cause(event.traceparent, (now - event.logged_at).total_seconds())
        facts = _facts(event, topic)
        return cls(
            event, telemetry.span(f"send {topic}", kind="producer", parent=parent, links=links, attributes=facts)
        )

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """What Kafka keeps beside the body."""
        headers = {**self.event.headers, "traceparent": self.span.traceparent}
        return [(name, text.encode()) for name, text in headers.items()]

    def end(self, failure: str | None) -> None:
        """End the span; its time began when the event was handed over."""
        with self.span as span:
            if self.event.case_number:
                telemetry.set_case(self.event.case_number)
            if failure is not None:
                span.fail(failure)


def _facts(event: Queued, topic: str) -> dict[str, Any]:
    """What the span says of the event: the envelope's codes and ids, never its body."""
    texts = event.headers
    holder = texts.get("ce_holder", "")
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.message.id": str(event.event_id),
        "messaging.message.body.size": len(event.body),
        "egov.event.type": event.type,
        "egov.event.id": str(event.event_id),
        "egov.event.time": texts["ce_time"],
        "egov.event.source": texts["ce_source"],
        "egov.event.aggregate": None if about_person(event.type) else event.key,
        "egov.event.version": int(texts["ce_aggregateversion"]),
        "egov.event.phase": texts.get("ce_casephase"),
        "egov.event.holder": None if holder.startswith("person/") else holder or None,
        "egov.event.deadline": texts.get("ce_deadline"),
        "egov.region": texts.get("ce_region"),
    }
