"""Moments: `datetime`, aware and in UTC, here; `google.protobuf.Timestamp` in the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def moment(stamp: Timestamp) -> datetime:
    """A moment, from the contract."""
    return stamp.ToDatetime(tzinfo=UTC)


def moment_in(message: Message, field: str) -> datetime | None:
    """The moment in a message's field; None where it is unset, which is not the same as 1970."""
    return moment(getattr(message, field)) if message.HasField(field) else None


def stamp(moment: datetime | None) -> Timestamp | None:
    """A moment for the contract; None stays unset."""
    if moment is None:
        return None
    made = Timestamp()
    made.FromDatetime(moment)
    return made
