"""Reads the chain: every event with its publisher and whoever takes it, every read with who asks and who answers.

Nothing of it is written down twice. Events, access rules and sentences come from the contract, consumers from the
declarations of the service classes.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from deploy.local import parts
from gateway.catalogue.comments import comments
from services.chassis.contract import event_kind, method_of
from services.chassis.denials import Denials
from services.chassis.entrypoints import On
from services.chassis.run import service_class

ROOT = Path(__file__).resolve().parents[2]
CHASSIS = "chassis"
ANY_SERVICE = "*"


@dataclass(frozen=True)
class Taking:
    """A method that takes an event. `shared`: every service has it from the chassis. `sentence` says what it does."""

    service: str
    consumer: str
    method: str
    sentence: str
    shared: bool


@dataclass(frozen=True)
class Event:
    """An event as one service publishes it. `audience` is a scope.

    `phase`, what it does to any case it is in: `opens`, `closes` or nothing; `own_phase` only to its service's own.
    """

    name: str
    publisher: str
    sentence: str
    phase: str | None
    own_phase: str | None
    audience: str
    takings: tuple[Taking, ...]

    @property
    def short(self) -> str:
        """The name without its package."""
        return self.name.rpartition(".")[2]

    @property
    def of_chassis(self) -> bool:
        """Every service publishes such events, on its own topic; one is listed for each topic it is taken from."""
        return self.name.split(".")[1] == CHASSIS


@dataclass(frozen=True)
class Read:
    """A method that services ask one another by."""

    method: str
    asked: str
    askers: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Chain:
    """All of it. `services` has the names that people know them by."""

    services: Mapping[str, str]
    events: tuple[Event, ...]
    reads: tuple[Read, ...]


def read_chain() -> Chain:
    """The chain of this backbone."""
    names = parts.acting()
    files = FileDescriptorSet.FromString((ROOT / "protos/gen/contract.binpb").read_bytes())
    return assemble(
        {name: _known_as(name) for name in names},
        {name: service_class(name) for name in names},
        [event for name in (*names, CHASSIS) for event in _events_of(name)],
        comments(files),
        shared=Denials,
    )


def assemble(
    services: Mapping[str, str],
    classes: Mapping[str, Any],
    events: Sequence[Descriptor],
    said: Mapping[str, str],
    *,
    shared: type,
) -> Chain:
    """The chain of these service classes and events. `said` are the contract's comments by full name."""
    taken: dict[tuple[str, str], list[Taking]] = {}
    for service, cls in classes.items():
        for publisher, name, taking in (*_takings(service, cls), *_takings(service, shared, shared=True)):
            taken.setdefault((publisher, name), []).append(taking)
    return Chain(services, tuple(_published(events, taken, said)), tuple(_reads(classes, said)))


def first_sentence(text: str) -> str:
    """The first sentence of a comment or docstring, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def _published(
    events: Sequence[Descriptor], taken: Mapping[tuple[str, str], list[Taking]], said: Mapping[str, str]
) -> Iterator[Event]:
    for event in events:
        kind, own = event_kind(event), event.full_name.split(".")[1]
        publishers = [publisher for publisher, name in taken if name == kind.name] or [own]
        for publisher in dict.fromkeys(publishers):
            takings = tuple(taken.get((publisher, kind.name), ()))
            sentence = first_sentence(said.get(kind.name, ""))
            phase, own_phase = (None, kind.phase) if kind.own_case_only else (kind.phase, None)
            yield Event(kind.name, publisher, sentence, phase, own_phase, kind.audience, takings)


def _takings(service: str, cls: type, *, shared: bool = False) -> Iterator[tuple[str, str, Taking]]:
    """What a class takes, in the order of its lines: publisher, event, and the method."""
    methods = [member for _, member in inspect.getmembers(cls, inspect.isfunction)]
    for method in sorted(methods, key=lambda method: method.__code__.co_firstlineno):
        about = sys.modules[cls.__module__].__doc__ if shared else method.__doc__
        for entrypoint in getattr(method, "nameko_entrypoints", ()):
            if isinstance(entrypoint, On):
                taking = Taking(service, entrypoint.id, method.__name__, first_sentence(about or ""), shared)
                yield entrypoint.topic.split(".")[1], entrypoint.kind.name, taking


def _reads(classes: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[Read]:
    for asked, cls in classes.items():
        for method in cls.contract.methods:
            askers = _askers(method, asked, list(classes))
            if askers:
                sentence = first_sentence(said.get(f"{method.containing_service.full_name}/{method.name}", ""))
                yield Read(method.name, asked, askers, sentence)


def _askers(method: MethodDescriptor, asked: str, names: list[str]) -> tuple[str, ...]:
    allowed = method_of(method).access.inward.services
    return tuple(name for name in names if name != asked and (name in allowed or ANY_SERVICE in allowed))


def _events_of(name: str) -> list[Descriptor]:
    module = importlib.import_module(f"egov.{name}.v1.events_pb2")
    return list(module.DESCRIPTOR.message_types_by_name.values())


def _known_as(name: str) -> str:
    """The name in brackets in the first line of the service's README: `# grid (网格)`."""
    heading = (ROOT / "services" / name / "README.md").read_text("utf-8").splitlines()[0]
    return heading.partition("(")[2].rstrip(")")
