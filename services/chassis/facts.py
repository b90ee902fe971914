"""The facts about the taking of events that a service publishes on its own topic."""

from __future__ import annotations

from typing import Any, TypeVar

from egov.chassis.v1 import events_pb2
from google.protobuf.message import Message

from services.kernel.ids import uuid7

M = TypeVar("M", bound=Message)


def parked(subject: Any, reason: str, attempts: int) -> events_pb2.EventParked:
    """A consumer keeps an event for a person. `subject`: an Arrival or a Kept event with its consumer."""
    return _fact(events_pb2.EventParked, subject, reason=reason, attempts=attempts)


def refused(subject: Any, reason: str) -> events_pb2.EventRefused:
    """A domain rule refused an event."""
    return _fact(events_pb2.EventRefused, subject, reason=reason)


def resumed(subject: Any) -> events_pb2.EventResumed:
    """A parked event was taken after all."""
    return _fact(events_pb2.EventResumed, subject)


def discarded(subject: Any) -> events_pb2.EventDiscarded:
    """An operator gave a parked event up."""
    return _fact(events_pb2.EventDiscarded, subject)


def _fact(kind: type[M], subject: Any, **more: Any) -> M:
    return kind(
        occurrence_id=str(uuid7()),
        version=1,
        case_number=subject.case_number or "",
        event_id=subject.event_id,
        event_type=subject.event_type,
        consumer=subject.consumer,
        **more,
    )
