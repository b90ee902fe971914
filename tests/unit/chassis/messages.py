"""Messages that are made for a rule, and what is broken in one."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, cast

from egov.common.v1 import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.chassis.validation import compile_rules
from services.kernel.errors import Violation

Pairs = list[tuple[str, str]]
Field = descriptor_pb2.FieldDescriptorProto
Rules = Mapping[str, Any]
serial = itertools.count()


def field(
    name: str,
    kind: "Field.Type.ValueType",
    rules: Rules | None = None,
    *,
    repeated: bool = False,
    optional: bool = False,
    type_name: str | None = None,
) -> Field:
    made = Field(name=name, type=kind, label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL)
    if rules:
        made.options.Extensions[options_pb2.rules].CopyFrom(options_pb2.FieldRules(**rules))
    if type_name:
        made.type_name = type_name
    made.proto3_optional = optional
    return made


def message_class(*fields: Field) -> type[Message]:
    """A message type `Sample` of these fields; `Nested` has a text `code`, `State` knows 0 and 1."""
    package = f"validation_test{next(serial)}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.dependency.extend([options_pb2.DESCRIPTOR.name, duration_pb2.DESCRIPTOR.name])
    nested = file.message_type.add(name="Nested")
    nested.field.add().CopyFrom(field("code", Field.TYPE_STRING, {"required": True, "pattern": "[0-9]{5}"}))
    nested.field[0].number = 1
    state = file.enum_type.add(name="State")
    for number, name in enumerate(("STATE_UNSPECIFIED", "STATE_ONE")):
        state.value.add(name=name, number=number)
    sample = file.message_type.add(name="Sample")
    for number, each in enumerate(fields, start=1):
        each.number = number
        if each.type_name:
            each.type_name = each.type_name.replace("PACKAGE", package)
        if each.proto3_optional:
            each.oneof_index = len(sample.oneof_decl)
            sample.oneof_decl.add(name=f"_{each.name}")
        if each.type_name.endswith("Entry"):
            sample.nested_type.append(entry_type(each, package))
        sample.field.append(each)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Sample"))


def entry_type(each: Field, package: str) -> descriptor_pb2.DescriptorProto:
    """The entry of a map from text to `Nested`, as protoc makes it."""
    entry = descriptor_pb2.DescriptorProto(name=each.type_name.rpartition(".")[2])
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    value = entry.field.add(name="value", number=2, type=Field.TYPE_MESSAGE, label=Field.LABEL_OPTIONAL)
    value.type_name = f".{package}.Nested"
    return entry


def descriptor(sample: type[Message]) -> Descriptor:
    """The descriptor of a type made here: the stubs tell protobuf's own descriptors from those of its C library."""
    return cast(Descriptor, sample.DESCRIPTOR)


def check(sample: type[Message], **values: Any) -> Pairs:
    return broken(compile_rules(descriptor(sample))(sample(**values)))


def broken(violations: Iterable[Violation]) -> Pairs:
    return [(violation.field, violation.rule) for violation in violations]
