"""What events are called: as the contract that is compiled in says. A type that it does not have keeps its name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import egov

from services.chassis.contract import event_kind


@cache
def titles() -> Mapping[str, tuple[str, str]]:
    """The titles of all events, in zh-CN and en, by the full name of the message."""
    files = [stub for folder in egov.__path__ for stub in sorted(Path(folder).glob("*/v1/events_pb2.py"))]
    modules = [import_module(f"egov.{stub.parent.parent.name}.v1.events_pb2") for stub in files]
    messages = [message for module in modules for message in module.DESCRIPTOR.message_types_by_name.values()]
    return {message.full_name: event_kind(message).titles for message in messages}


def title(event_type: str, language: str) -> str:
    """What happened, in words."""
    both = titles().get(event_type)
    if both is None:
        return event_type.rpartition(".")[2]
    return both[1] if language == "en" else both[0]
