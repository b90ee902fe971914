"""What the contract says about a method or an event, read once from its descriptors.

The options are those of `egov/common/v1/options.proto`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from egov.common.v1 import options_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

PHASES = {options_pb2.CASE_PHASE_OPENS: "opens", options_pb2.CASE_PHASE_CLOSES: "closes"}
LINKS = {
    options_pb2.ENVELOPE_PART_LINK_MERGED: "merged",
    options_pb2.ENVELOPE_PART_LINK_CAUSED: "caused",
    options_pb2.ENVELOPE_PART_LINK_CONCERNS: "concerns",
}


class ContractError(Exception):
    """The contract or a service class breaks a rule of the chassis; seen at start, never in a call."""


@dataclass(frozen=True)
class Method:
    """One RPC of the contract."""

    service: str
    name: str
    request: type[Message]
    request_descriptor: Descriptor
    response: type[Message]
    access: options_pb2.Access
    changing: bool
    cache_seconds: int

    @property
    def path(self) -> str:
        """The gRPC path, `/egov.grid.v1.GridService/FileIncident`."""
        return f"/{self.service}/{self.name}"

    @property
    def full_name(self) -> str:
        """The name in logs, spans and audit, `egov.grid.v1.GridService/FileIncident`."""
        return f"{self.service}/{self.name}"


@cache
def method_of(descriptor: MethodDescriptor) -> Method:
    """Read a method; ContractError when it says not who may call it, or asks for a stream."""
    options = descriptor.GetOptions()
    if descriptor.client_streaming or descriptor.server_streaming:
        raise ContractError(f"{descriptor.full_name} streams; services have no streams")
    access = options.Extensions[options_pb2.access]
    if access.WhichOneof("door") is None:
        raise ContractError(f"{descriptor.full_name} has no access rule")
    if access.WhichOneof("door") == "outward" and bool(access.outward.scope) == access.outward.anonymous:
        raise ContractError(f"{descriptor.full_name} must name a scope or be anonymous")
    return Method(
        service=descriptor.containing_service.full_name,
        name=descriptor.name,
        request=GetMessageClass(descriptor.input_type),
        request_descriptor=descriptor.input_type,
        response=GetMessageClass(descriptor.output_type),
        access=access,
        changing=options.idempotency_level != MethodOptions.NO_SIDE_EFFECTS,
        cache_seconds=options.Extensions[options_pb2.cache_seconds],
    )


def methods_of(service: ServiceDescriptor) -> dict[str, Method]:
    """The methods of a service by name."""
    return {descriptor.name: method_of(descriptor) for descriptor in service.methods}


@dataclass(frozen=True)
class EventKind:
    """One event of the contract: its message and which of its fields the envelope is rendered from.

    `titles` say what happened, for people: in zh-CN, in en.
    """

    name: str
    message: type[Message]
    aggregate_id: str
    aggregate_version: str
    parts: Mapping[int, str]
    links: tuple[tuple[str, str], ...]
    phase: str | None
    own_case_only: bool
    public: bool
    audience: str
    about_person: bool
    titles: tuple[str, str]

    @property
    def service(self) -> str:
        """The service whose fact it is: `grid` for `egov.grid.v1.IncidentFiled`."""
        return self.name.split(".")[1]


@cache
def event_kind(descriptor: Descriptor) -> EventKind:
    """Read an event; ContractError when the message is none or lacks what every event has."""
    if not descriptor.GetOptions().HasExtension(options_pb2.event):
        raise ContractError(f"{descriptor.full_name} is not an event")
    option = descriptor.GetOptions().Extensions[options_pb2.event]
    parts: dict[int, str] = {}
    links: list[tuple[str, str]] = []
    for field in descriptor.fields:
        part = field.GetOptions().Extensions[options_pb2.envelope]
        if part in LINKS:
            links.append((LINKS[part], field.name))
        elif part:
            parts[part] = field.name
    for required in (options_pb2.ENVELOPE_PART_AGGREGATE_ID, options_pb2.ENVELOPE_PART_AGGREGATE_VERSION):
        if required not in parts:
            raise ContractError(f"{descriptor.full_name} has no {options_pb2.EnvelopePart.Name(required)}")
    return EventKind(
        name=descriptor.full_name,
        message=GetMessageClass(descriptor),
        aggregate_id=parts[options_pb2.ENVELOPE_PART_AGGREGATE_ID],
        aggregate_version=parts[options_pb2.ENVELOPE_PART_AGGREGATE_VERSION],
        parts=parts,
        links=tuple(links),
        phase=PHASES.get(option.case_phase),
        own_case_only=option.own_case_only,
        public=option.public,
        audience=option.audience,
        about_person=option.about_person,
        titles=(option.title_zh, option.title_en),
    )


@cache
def about_person(event_type: str) -> bool:
    """Whether events of this type, one of this process's own, have a person as their aggregate."""
    return event_kind(descriptor_pool.Default().FindMessageTypeByName(event_type)).about_person


def aggregate_field(method: Method) -> str | None:
    """The field of a method's request that names one of its service's aggregates, as the service's events call it.

    None where there is no such field, or where the aggregate is a person.
    """
    names = _aggregate_ids(method.service.rpartition(".")[0])
    return next((field.name for field in method.request_descriptor.fields if field.name in names), None)


@cache
def _aggregate_ids(package: str) -> frozenset[str]:
    """What the events of a package call the ids of their aggregates, those of persons left out."""
    try:
        events = descriptor_pool.Default().FindFileByName(f"{package.replace('.', '/')}/events.proto")
    except KeyError:
        return frozenset()
    kinds = [event_kind(message) for message in events.message_types_by_name.values()]
    return frozenset(kind.aggregate_id for kind in kinds if not kind.about_person)


def topic_of(event_type: str) -> str:
    """The topic on which a service publishes its own events: `egov.grid.v1` for `egov.grid.v1.IncidentFiled`."""
    return event_type.rpartition(".")[0]


def field_value(message: Any, name: str) -> Any:
    """A field's value, or None where it is unset, empty or zero."""
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.message_type is not None and not message.HasField(name):
        return None
    return getattr(message, name) or None
