"""Protobuf messages that are wrong in every way: fields at their limits and beyond, and bytes that were damaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from hypothesis import strategies as st

from gateway.catalogue.samples import sample

DEEPEST = 3
_I32, _I64 = 2**31, 2**63
_LIMITS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.sampled_from([-_I32, -1, 0, 1, 2, _I32 - 1]),
    FieldDescriptor.CPPTYPE_INT64: st.sampled_from([-_I64, -1, 0, 1, 2, 253_402_300_800, _I64 - 1]),
    FieldDescriptor.CPPTYPE_UINT32: st.sampled_from([0, 1, 2 * _I32 - 1]),
    FieldDescriptor.CPPTYPE_UINT64: st.sampled_from([0, 1, 2 * _I64 - 1]),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(-2, 12),
}
_TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "日照",
    "\U0001f469‍\U0001f4bb",
    "' OR 1=1 --",
    "%",
    "../..",
    "x" * 1_200,
    "\ufeff",
    "\u202e",
]

Fill = Callable[[Message, Any], None]


def requests(message: Descriptor, known: list[str]) -> st.SearchStrategy[bytes]:
    """Requests as bytes: some that keep the rules, some with odd values, some damaged. `known`: ids that exist."""
    texts = st.one_of(st.sampled_from(known), st.sampled_from(_TEXTS), st.text(max_size=40))
    plain = ParseDict(sample(message), message_factory.GetMessageClass(message)()).SerializeToString()
    odd = _fields(message, texts, 0).map(lambda said: plain + said.SerializeToString())
    alone = _fields(message, texts, 0).map(lambda said: said.SerializeToString())
    return st.one_of(odd, alone, odd.flatmap(_damaged), st.binary(max_size=60))


@st.composite
def _fields(draw: st.DrawFn, message: Descriptor, texts: st.SearchStrategy[str], depth: int) -> Message:
    """A message with some of its fields set to odd values."""
    made = message_factory.GetMessageClass(message)()
    for field in message.fields:
        if draw(st.booleans()):
            for _ in range(draw(st.sampled_from([0, 1, 3])) if field.is_repeated else 1):
                _put(draw, made, field, texts, depth)
    return made


def _put(draw: st.DrawFn, made: Message, field: FieldDescriptor, texts: st.SearchStrategy[str], depth: int) -> None:
    holder: Any = getattr(made, field.name)
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry or depth == DEEPEST:
            return
        inner = draw(_fields(field.message_type, texts, depth + 1))
        (holder.add() if field.is_repeated else holder).MergeFrom(inner)
        return
    value = draw(_values(field, texts))
    if field.is_repeated:
        holder.extend([value] * draw(st.sampled_from([1, 1, 120])))
    else:
        setattr(made, field.name, value)


def _values(field: FieldDescriptor, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=40)
    return texts if field.cpp_type == FieldDescriptor.CPPTYPE_STRING else _LIMITS[field.cpp_type]


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with a cut, another byte somewhere, or bytes put in."""
    at = draw(st.integers(0, len(whole)))
    return whole[:at] + draw(st.binary(max_size=4)) + whole[at + draw(st.integers(0, 2)) :]
