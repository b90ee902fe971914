"""Every name of the contract is commented: buf asks that a comment is there, this asks that it says something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from tests.contract.system import contract_files

# Field numbers of descriptor.proto, by which comments name their place.
MESSAGE, ENUM, SERVICE = 4, 5, 6
FIELD, NESTED, NESTED_ENUM, VALUE, METHOD = 2, 3, 4, 2, 2

Place = tuple[int, ...]


def named_places(file: FileDescriptorProto) -> Iterator[tuple[str, Place]]:
    """Everything in a file that has a name: where it stands, by the numbering of descriptor.proto."""
    for at, message in enumerate(file.message_type):
        yield from in_message(message, message.name, (MESSAGE, at))
    for at, enum in enumerate(file.enum_type):
        yield from with_parts(enum.name, (ENUM, at), VALUE, enum.value)
    for at, service in enumerate(file.service):
        yield from with_parts(service.name, (SERVICE, at), METHOD, service.method)


def in_message(message: Any, name: str, place: Place) -> Iterator[tuple[str, Place]]:
    yield from with_parts(name, place, FIELD, message.field)
    for at, enum in enumerate(message.enum_type):
        yield from with_parts(f"{name}.{enum.name}", (*place, NESTED_ENUM, at), VALUE, enum.value)
    for at, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from in_message(nested, f"{name}.{nested.name}", (*place, NESTED, at))


def with_parts(name: str, place: Place, number: int, parts: Any) -> Iterator[tuple[str, Place]]:
    yield name, place
    for at, part in enumerate(parts):
        yield f"{name}.{part.name}", (*place, number, at)


@pytest.mark.parametrize("file", contract_files().values(), ids=lambda file: file.name)
def test_every_name_has_a_sentence(file: FileDescriptorProto) -> None:
    comments = {tuple(each.path): each.leading_comments.strip() for each in file.source_code_info.location}
    silent = [name for name, place in named_places(file) if not comments.get(place, "").endswith((".", "`", ")"))]
    assert not silent, f"{file.name}: no sentence stands above {', '.join(silent)}"
