"""Cases, and the one event of a unit of work."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from tests.unit.certificates.samples import (
    case_number,
)
from tests.unit.fakes import FakeUnitOfWork

CASE, OTHER = case_number(), case_number()


def only(uow: FakeUnitOfWork, kind: type[Message]) -> Any:
    [event] = uow.events
    assert isinstance(event, kind)
    return event
