"""The events of a case, as its spans tell them.

A `send` span says that the relay handed the event to the broker, with the envelope's facts as `egov.event.*`; a
`process` span says what a consumer did with it. An event whose `send` span is not stored is still listed from the
spans of its consumers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from observability.records import SpanRecord


@dataclass
class Taking:
    """One try of a consumer. `outcome` is that of attribute `egov.event.outcome`, `failed` if it says none."""

    consumer: str
    outcome: str
    reason: str
    at_ns: int
    wait_ms: float | None
    """From the fact to the taking, if the event's time is known."""


@dataclass
class CaseEvent:
    """One event. Texts are empty where no span told them; `time` is RFC 3339 as the envelope has it."""

    id: str
    type: str = ""
    time: str = ""
    source: str = ""
    phase: str = ""
    holder: str = ""
    deadline: str = ""
    sent_ns: int | None = None
    takings: list[Taking] = field(default_factory=list)

    @property
    def order(self) -> tuple[str, str]:
        """Event ids are UUIDv7: they sort by the time of the fact, whichever clock the spans went by."""
        return self.id, self.type


def events(spans: Iterable[SpanRecord], case_number: str) -> list[CaseEvent]:
    """The events of the case, in order of their facts."""
    found: dict[str, CaseEvent] = {}
    for span in sorted(spans, key=lambda span: span.start_ns):
        event_id = _text(span, "egov.event.id") or _text(span, "messaging.message.id")
        if not event_id or span.case_number != case_number or span.kind not in ("producer", "consumer"):
            continue
        event = found.setdefault(event_id, CaseEvent(event_id))
        _learn(event, span)
        if span.kind == "producer" and not span.failed:
            event.sent_ns = span.end_ns
        elif span.kind == "consumer":
            event.takings.append(_taking(span))
    return sorted(found.values(), key=lambda event: event.order)


def _learn(event: CaseEvent, span: SpanRecord) -> None:
    for part in ("type", "time", "source", "phase", "holder", "deadline"):
        if told := _text(span, f"egov.event.{part}"):
            setattr(event, part, told)


def _taking(span: SpanRecord) -> Taking:
    wait = span.attributes.get("egov.wait_ms")
    return Taking(
        consumer=f"{span.service}.{_text(span, 'egov.consumer') or '?'}",
        outcome=_text(span, "egov.event.outcome") or ("failed" if span.failed else "taken"),
        reason=_text(span, "egov.reason"),
        at_ns=span.start_ns,
        wait_ms=float(wait) if isinstance(wait, int | float) else None,
    )


def _text(span: SpanRecord, attribute: str) -> str:
    value = span.attributes.get(attribute, "")
    return value if isinstance(value, str) else ""
