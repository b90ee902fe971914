"""The contract as its readers see it: services, methods, messages, fields and events, with comments and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.catalogue.comments import comments
from gateway.contract import EVERY_SERVICE, Contract, Method

TIMESTAMP, DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"


@dataclass(frozen=True)
class Book:
    """A contract, its descriptors and its comments."""

    contract: Contract
    pool: DescriptorPool
    comments: Mapping[str, str]

    @classmethod
    def of(cls, contract: Contract) -> Book:
        """Reads the whole contract once."""
        pool = DescriptorPool()
        for file in contract.files.file:
            pool.Add(file)
        return cls(contract, pool, comments(contract.files))

    @cached_property
    def services(self) -> Mapping[str, tuple[Method, ...]]:
        """Outward methods by the full name of their service, in the order of the contract; operations come last."""
        found: dict[str, list[Method]] = {}
        for method in sorted(self.contract.outward, key=lambda each: each.owner == EVERY_SERVICE):
            found.setdefault(f"{method.package}.{method.service}", []).append(method)
        return {name: tuple(methods) for name, methods in found.items()}

    def message(self, name: str) -> Descriptor:
        """A message type by full name."""
        return self.pool.FindMessageTypeByName(name)

    def comment(self, name: str) -> str:
        """The comment of anything by full name; empty if there is none."""
        return self.comments.get(name, "")

    def field_comment(self, field: FieldDescriptor) -> str:
        """The comment of a field."""
        return self.comment(f"{field.containing_type.full_name}.{field.name}" if field.containing_type else "")

    def events(self) -> Iterator[Descriptor]:
        """Messages that are events of the backbone, in the order of the contract."""
        for file in self.contract.files.file:
            for message in file.message_type:
                if message.options.HasExtension(options_pb2.event):
                    yield self.message(f"{file.package}.{message.name}")


def rules(field: FieldDescriptor) -> options_pb2.FieldRules:
    """The field's rules; empty where the contract sets none."""
    return field.GetOptions().Extensions[options_pb2.rules]


def personal(field: FieldDescriptor) -> bool:
    """Whether the field may hold a person's data."""
    return bool(field.GetOptions().Extensions[options_pb2.personal])


def is_map(field: FieldDescriptor) -> bool:
    """Whether the field is a map."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    """The value's field of a map's entry."""
    assert field.message_type is not None
    return field.message_type.fields_by_name["value"]


def type_name(field: FieldDescriptor) -> str:
    """The field's type in words that fit a table: `string`, `Report`, `list of Incident`, `map to int64`."""
    if is_map(field):
        return f"map to {type_name(map_value(field))}"
    named: Descriptor | EnumDescriptor | None = field.message_type or field.enum_type
    name = named.name if named is not None else _SCALARS[field.type]
    return f"list of {name}" if field.is_repeated else name


_SCALARS = {
    getattr(FieldDescriptor, f"TYPE_{name.upper()}"): name
    for name in (
        "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "bytes", "uint32",
        "sfixed32", "sfixed64", "sint32", "sint64",
    )
}  # fmt: skip
INTEGERS_64 = frozenset(kind for kind, name in _SCALARS.items() if name.endswith("64"))
INTEGERS_32 = frozenset(kind for kind, name in _SCALARS.items() if name.endswith("32"))


def closure(book: Book, roots: Iterator[str]) -> tuple[dict[str, Descriptor], dict[str, EnumDescriptor]]:
    """All messages and enums that the roots hold, by full name; texts such as timestamps are none."""
    messages: dict[str, Descriptor] = {}
    enums: dict[str, EnumDescriptor] = {}
    waiting = [book.message(name) for name in roots]
    while waiting:
        message = waiting.pop()
        if message.full_name in messages or message.full_name in (TIMESTAMP, DURATION):
            continue
        if not message.GetOptions().map_entry:
            messages[message.full_name] = message
        for field in message.fields:
            if field.message_type is not None:
                waiting.append(field.message_type)
            if field.enum_type is not None:
                enums[field.enum_type.full_name] = field.enum_type
    return messages, enums
