"""JSON Schema of the contract's messages, with the field rules as constraints."""

from __future__ import annotations

from typing import Any, TypeAlias

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.catalogue.model import (
    DURATION,
    INTEGERS_32,
    INTEGERS_64,
    TIMESTAMP,
    Book,
    is_map,
    map_value,
    personal,
    rules,
)

Schema: TypeAlias = dict[str, Any]

LONGEST_TEXT, MOST_ITEMS = 1_000, 100  # what the chassis takes where the contract sets no limit
_CHECK_CHARACTERS = "[0-9A-Z]"
CODE_PATTERNS = {
    options_pb2.CODE_KIND_UUID: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    options_pb2.CODE_KIND_CASE_NUMBER: f"[0-9]{{6}}-[0-9]{{8}}-[0-9]{{7,}}-{_CHECK_CHARACTERS}",
    options_pb2.CODE_KIND_REGION: "[0-9]{6}([0-9]{3}([0-9]{3}([0-9]{3})?)?)?",
    options_pb2.CODE_KIND_CITIZEN_NUMBER: "[0-9]{17}[0-9X]",
    options_pb2.CODE_KIND_SOCIAL_CREDIT_CODE: "[0-9A-HJ-NP-RTUWXY]{18}",
    options_pb2.CODE_KIND_LANGUAGE: "(zh-CN|en)",
    options_pb2.CODE_KIND_DEPARTMENT: "[0-9]{6,15}-[A-Z]{2,8}",
}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def message_schema(
    book: Book, message: Descriptor, without: frozenset[str] = frozenset(), closed: bool = True
) -> Schema:
    """An object. `without`: fields that the path sets; `closed`: it is asked with, and unknown names are refused."""
    fields = [field for field in message.fields if field.name not in without]
    schema: Schema = {"type": "object", "description": book.comment(message.full_name)}
    schema["properties"] = {field.json_name: field_schema(book, field, closed) for field in fields}
    required = [field.json_name for field in fields if rules(field).required]
    if required:
        schema["required"] = required
    if unless := [_either(message, field) for field in fields if rules(field).required_unless]:
        schema["allOf"] = unless
    if closed:
        schema["additionalProperties"] = False
    return schema


def _either(message: Descriptor, field: FieldDescriptor) -> Schema:
    """The field or the one that it may be left out for; an empty text is none."""
    other = message.fields_by_name[rules(field).required_unless].json_name
    said = {"required": [field.json_name], "properties": {field.json_name: {"minLength": 1}}}
    return {"anyOf": [said, {"required": [other]}]}


def enum_schema(book: Book, enum: EnumDescriptor) -> Schema:
    """Names of an enum, each explained in the description."""
    lines = [f"- `{value.name}`: {book.comment(f'{enum.full_name}.{value.name}')}" for value in enum.values]
    description = "\n".join([book.comment(enum.full_name), "", *lines])
    return {"type": "string", "enum": [value.name for value in enum.values], "description": description}


def field_schema(book: Book, field: FieldDescriptor, asked: bool = True) -> Schema:
    """One field; a list's rules hold for its items. Not `asked` with: no limits but those that the contract sets."""
    described: Schema = {"description": book.field_comment(field)}
    if personal(field):
        described["x-egov-personal"] = True
    if is_map(field):
        value = field_schema(book, map_value(field), asked)
        return {**described, "type": "object", "additionalProperties": value}
    one = _one(field, asked)
    if not field.is_repeated:
        return {**one, **described}
    rule = rules(field)
    most = rule.max_items or (MOST_ITEMS if asked else 0)
    bounds = {"minItems": int(rule.required), "maxItems": most}
    return {**described, "type": "array", "items": one, **{name: bound for name, bound in bounds.items() if bound}}


def _one(field: FieldDescriptor, asked: bool) -> Schema:
    """A single value of the field."""
    if field.message_type is not None:
        return _message_value(field.message_type)
    if field.enum_type is not None:
        named = reference(field.enum_type.full_name)
        needed = rules(field).required and not field.is_repeated
        return {**named, "not": {"const": field.enum_type.values[0].name}} if needed else named
    if field.type in INTEGERS_64 or field.type in INTEGERS_32:
        return _integer(field)
    return {
        FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
        FieldDescriptor.TYPE_DOUBLE: {"type": "number", **_bounds(field)},
        FieldDescriptor.TYPE_FLOAT: {"type": "number", **_bounds(field)},
        FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    }.get(field.type) or _text(field, asked)


def _message_value(message: Descriptor) -> Schema:
    if message.full_name == TIMESTAMP:
        return {"type": ["string", "null"], "format": "date-time"}
    if message.full_name == DURATION:
        return {"type": ["string", "null"], "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$"}
    return reference(message.full_name)


def _integer(field: FieldDescriptor) -> Schema:
    rule = rules(field)
    if field.type in INTEGERS_64:
        # A 64-bit integer is text in JSON; bounds of text can only be said by a pattern.
        lowest = rule.minimum if rule.HasField("minimum") else None
        patterns = {0: "^[0-9]{1,19}$", 1: "^[1-9][0-9]{0,18}$"}
        return {"type": "string", "format": "int64", "pattern": patterns.get(lowest or -1, "^-?[0-9]{1,19}$")}
    return {"type": "integer", "format": "int32", **_bounds(field)}


def _bounds(field: FieldDescriptor) -> Schema:
    rule = rules(field)
    return {name: getattr(rule, name) for name in ("minimum", "maximum") if rule.HasField(name)}


def _text(field: FieldDescriptor, asked: bool) -> Schema:
    """Text. An empty one means unset, so that a pattern binds only what is there unless the field is required."""
    rule = rules(field)
    schema: Schema = {"type": "string"}
    if longest := rule.max_length or (LONGEST_TEXT if asked else 0):
        schema["maxLength"] = longest
    lowest = max(rule.min_length, 1 if rule.required else 0)
    if lowest:
        schema["minLength"] = lowest
    pattern = rule.pattern or CODE_PATTERNS.get(rule.code)
    if pattern:
        schema["pattern"] = f"^(?:{pattern})$" if rule.required else f"^(?:{pattern})?$"
    if rule.code == options_pb2.CODE_KIND_UUID:
        schema["format"] = "uuid"
    return schema
