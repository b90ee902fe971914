"""The Lua step on JSON routes: what Envoy has no other way for.

Its transcoder takes unknown names, single quotes and trailing commas without a word, repeats refused values in its
texts, lets a query parameter overwrite a path variable, and knows no Retry-After. Tables of the contract's shapes are
put before the hand-written Lua files, so that nothing is listed twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from gateway import errors
from gateway.contract import EVERY_SERVICE, Contract, Method

_FOLDER = Path(__file__).parent
_FILES = ("values", "reader", "request", "answer")
_KINDS = {
    **dict.fromkeys((FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32), "int32"),
    **dict.fromkeys((FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64), "int64"),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32), "uint32"),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), "uint64"),
    **dict.fromkeys((FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT), "double"),
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_ENUM: "enum",
}
_TEXT_FORMS = {"google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}


def script(contract: Contract, routes: Mapping[str, Method]) -> str:
    """The whole script. `routes`: the method behind each JSON route, by route name."""
    pool = DescriptorPool()
    for file in contract.files.file:
        pool.Add(file)
    tables = {
        "SHAPES": _shapes(pool, {method.input_type for method in routes.values()}),
        "ROUTES": {name: _route(method) for name, method in sorted(routes.items())},
        "RULES": {rule: {"zh-CN": zh, "en": en} for rule, (zh, en) in errors.rules().items()},
        "STATUSES": {str(code): errors.json_text(error, "@TRACE@") for code, error in errors.BARE.items()},
    }
    head = [f"local {name} = {_lua(table)}\n" for name, table in tables.items()]
    return "".join(head) + "\n".join((_FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in _FILES)


def _route(method: Method) -> dict[str, Any]:
    # All bindings of a method take their body the same way; the contract's tests hold that.
    binding = method.bindings[0]
    return {
        "message": method.input_type,
        "body": binding.body or False,
        "service": False if method.owner == EVERY_SERVICE else method.owner,
        "bound": {name: True for one in method.bindings for name in one.variables},
    }


def _shapes(pool: DescriptorPool, roots: Iterable[str]) -> dict[str, Any]:
    """Fields by JSON name and by contract name, for the messages and all that they hold."""
    shapes: dict[str, Any] = {}
    waiting = [pool.FindMessageTypeByName(name) for name in sorted(roots)]
    while waiting:
        message = waiting.pop()
        if message.full_name in shapes or message.full_name in _TEXT_FORMS:
            continue
        shapes[message.full_name] = shape = {}
        for field in message.fields:
            entry = {"name": field.name, **_field(field)}
            shape[field.name] = shape[field.json_name] = entry
            waiting += _held(field)
    return shapes


def _held(field: FieldDescriptor) -> list[Descriptor]:
    message = field.message_type
    if message is None:
        return []
    return _held(message.fields_by_name["value"]) if message.GetOptions().map_entry else [message]


def _field(field: FieldDescriptor) -> dict[str, Any]:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return {"kind": "map", "value": _field(message.fields_by_name["value"])}
    entry: dict[str, Any] = {"list": True} if field.is_repeated else {}
    if message is not None:
        text_form = _TEXT_FORMS.get(message.full_name)
        return {**entry, **({"kind": text_form} if text_form else {"kind": "message", "ref": message.full_name})}
    entry["kind"] = _KINDS[field.type]
    if field.enum_type is not None:
        entry["names"] = _names(field.enum_type)
    return entry


def _names(enum: EnumDescriptor) -> dict[str, bool]:
    return {value.name: True for value in enum.values}


def _lua(value: Any) -> str:
    """A Lua literal. Texts are escaped byte by byte, so that none of them can end its literal."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[{_lua(key)}]={_lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = value.isascii() and json.dumps(value) == f'"{value}"'
        return f'"{value}"' if plain else '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'
    raise TypeError(type(value).__name__)
