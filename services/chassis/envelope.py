"""The envelope: CloudEvents 1.0 in Kafka's binary mode.

It is enough for routing, filtering and the case trace; what is in it is rendered from the contract's options. Bodies
hold ids and codes only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.contract import EventKind, event_kind, field_value
from services.chassis.moments import moment
from services.kernel import casenumber

# Longer than any id or type of ours, and short enough for a database index.
LONGEST_NEEDED = 200


class BadEnvelope(Exception):
    """A record on a topic is not an event of the backbone; `reason` says what is missing or wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an event says beside its body. `key` is the aggregate's id; `links` are (kind, id) pairs."""

    id: str
    type: str
    source: str
    time: datetime
    key: str
    version: int
    case_number: str | None = None
    case_phase: str | None = None
    holder: str | None = None
    deadline: datetime | None = None
    region: str | None = None
    subject_type: str | None = None
    audience: str | None = None
    actor: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """The Kafka headers, without those that are empty and without `traceparent`, which the relay adds."""
        texts = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_time": _rfc3339(self.time),
            "ce_subject": self.key,
            "ce_aggregateversion": str(self.version),
            "content-type": "application/protobuf",
            "ce_casenumber": self.case_number,
            "ce_casephase": self.case_phase,
            "ce_holder": self.holder,
            "ce_deadline": _rfc3339(self.deadline) if self.deadline else None,
            "ce_region": self.region,
            "ce_subjecttype": self.subject_type,
            "ce_audience": self.audience,
            "ce_actor": self.actor,
            "ce_links": ",".join(f"{kind}:{target}" for kind, target in self.links),
        }
        return {name: text for name, text in texts.items() if text}


def seal(
    event: Message, *, id: str, source: str, time: datetime, case_number: str | None, actor: str | None
) -> Envelope:
    """Render an event's envelope from its message and the call that recorded it.

    `case_number` is the call's, for events that do not carry one of their own. Raises ContractError when the message is
    no event, ValueError when its aggregate id or version is empty.
    """
    kind = event_kind(event.DESCRIPTOR)
    key, version = getattr(event, kind.aggregate_id), getattr(event, kind.aggregate_version)
    if not key or version < 1:
        raise ValueError(f"{kind.name}: aggregate id and version must be set")
    case_number = _part(event, kind, options_pb2.ENVELOPE_PART_CASE_NUMBER) or case_number
    return Envelope(
        id=id,
        type=kind.name,
        source=source,
        time=time,
        key=key,
        version=version,
        case_number=case_number,
        case_phase=_phase(kind, case_number),
        holder=_part(event, kind, options_pb2.ENVELOPE_PART_HOLDER),
        deadline=_moment(_part(event, kind, options_pb2.ENVELOPE_PART_DEADLINE)),
        region=_part(event, kind, options_pb2.ENVELOPE_PART_REGION),
        subject_type=_codes(_part(event, kind, options_pb2.ENVELOPE_PART_SUBJECT_TYPE)),
        audience=kind.audience or None,
        actor=actor,
        links=_rendered_links(event, kind),
    )


def open_envelope(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Read the envelope from Kafka headers. Raises BadEnvelope naming the first header that is missing or malformed."""
    texts = {name: text_of(value) for name, value in headers if value is not None}
    if texts.get("ce_specversion") != "1.0":
        raise BadEnvelope("ce_specversion")
    try:
        return Envelope(
            id=_needed(texts, "ce_id"),
            type=_needed(texts, "ce_type"),
            source=_needed(texts, "ce_source"),
            time=_parsed(_needed(texts, "ce_time")),
            key=_needed(texts, "ce_subject"),
            version=int(_needed(texts, "ce_aggregateversion")),
            case_number=texts.get("ce_casenumber"),
            case_phase=texts.get("ce_casephase"),
            holder=texts.get("ce_holder"),
            deadline=_parsed(texts["ce_deadline"]) if "ce_deadline" in texts else None,
            region=texts.get("ce_region"),
            subject_type=texts.get("ce_subjecttype"),
            audience=texts.get("ce_audience"),
            actor=texts.get("ce_actor"),
            links=_links(texts.get("ce_links", "")),
            traceparent=texts.get("traceparent"),
        )
    except ValueError as error:
        raise BadEnvelope("malformed header") from error


def belongs(envelope: Envelope, topic: str) -> bool:
    """Source and type belong to the topic: a service publishes its own events and the chassis's, on its topic."""
    service = topic.split(".")[1] if topic.count(".") == 2 else ""
    return envelope.source == f"/egov/{service}" and envelope.type.startswith((f"egov.{service}.", "egov.chassis."))


def text_of(raw: bytes | None) -> str:
    """A header or a key as text that a database takes: what is no UTF-8, and NUL, shows as U+FFFD."""
    return (raw or b"").decode("utf-8", "replace").replace("\0", "\ufffd")


def _needed(texts: Mapping[str, str], name: str) -> str:
    text = texts.get(name, "")
    if not text or len(text) > LONGEST_NEEDED:
        raise BadEnvelope(name)
    return text


def _links(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition(":") for part in text.split(",") if part)
    return tuple((kind, target) for kind, _, target in pairs)


def _phase(kind: EventKind, case_number: str | None) -> str | None:
    """What the event does to its case; nothing where another service opened it and the event speaks of its own only."""
    if kind.own_case_only and not casenumber.opened_by(case_number or "", kind.service):
        return None
    return kind.phase


def _part(event: Any, kind: EventKind, part: int) -> Any:
    name = kind.parts.get(part)
    return field_value(event, name) if name else None


def _rendered_links(event: Any, kind: EventKind) -> tuple[tuple[str, str], ...]:
    found = [(name, field_value(event, field)) for name, field in kind.links]
    return tuple((name, str(target)) for name, target in found if target is not None)


def _codes(value: Any) -> str | None:
    """A code, or the parts of a message of codes that are set, in the order of their numbers."""
    if not isinstance(value, Message):
        return str(value) if value else None
    return "/".join(_code(field, part) for field, part in value.ListFields()) or None


def _code(field: FieldDescriptor, value: Any) -> str:
    """One part: text as it is, an enum value as `event` for `INCIDENT_KIND_EVENT`."""
    if field.enum_type is None:
        return str(value)
    prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
    return field.enum_type.values_by_number[value].name.removeprefix(prefix).lower()


def _moment(value: Timestamp | None) -> datetime | None:
    return moment(value) if value is not None else None


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at
