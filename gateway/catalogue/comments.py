"""Comments of the contract, from the source information that the descriptor set carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from google.protobuf import descriptor_pb2

Path: TypeAlias = tuple[int, ...]


def comments(files: descriptor_pb2.FileDescriptorSet) -> Mapping[str, str]:
    """Leading comments by full name of message, field, enum, value, service and method (`package.Service/Method`)."""
    found: dict[str, str] = {}
    for file in files.file:
        names = dict(_names(file))
        for location in file.source_code_info.location:
            path = tuple(location.path)
            if path in names and location.leading_comments:
                found[names[path]] = _tidy(location.leading_comments)
    return found


def _tidy(comment: str) -> str:
    return "\n".join(line.strip() for line in comment.strip().splitlines())


def _names(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[Path, str]]:
    """Full names by the path that `SourceCodeInfo` uses: field numbers of descriptor.proto and indexes."""
    for index, message in enumerate(file.message_type):
        yield from _message((4, index), file.package, message)
    for index, enum in enumerate(file.enum_type):
        yield from _enum((5, index), file.package, enum)
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (6, index), name
        yield from (((6, index, 2, place), f"{name}/{method.name}") for place, method in enumerate(service.method))


def _message(path: Path, scope: str, message: descriptor_pb2.DescriptorProto) -> Iterator[tuple[Path, str]]:
    name = f"{scope}.{message.name}"
    yield path, name
    yield from (((*path, 2, index), f"{name}.{field.name}") for index, field in enumerate(message.field))
    for index, nested in enumerate(message.nested_type):
        yield from _message((*path, 3, index), name, nested)
    for index, enum in enumerate(message.enum_type):
        yield from _enum((*path, 4, index), name, enum)


def _enum(path: Path, scope: str, enum: descriptor_pb2.EnumDescriptorProto) -> Iterator[tuple[Path, str]]:
    name = f"{scope}.{enum.name}"
    yield path, name
    yield from (((*path, 2, index), f"{name}.{value.name}") for index, value in enumerate(enum.value))
