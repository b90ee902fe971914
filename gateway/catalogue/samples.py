"""Sample values for a message: what a first call may look like. Right in form, not in what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.catalogue.model import DURATION, INTEGERS_32, INTEGERS_64, TIMESTAMP, is_map, rules

_CODES = {
    options_pb2.CODE_KIND_UUID: "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
    options_pb2.CODE_KIND_CASE_NUMBER: "371102-20261123-2000427-X",
    options_pb2.CODE_KIND_REGION: "371102",
    options_pb2.CODE_KIND_SOCIAL_CREDIT_CODE: "91371100MA3C000000",
    options_pb2.CODE_KIND_LANGUAGE: "zh-CN",
    options_pb2.CODE_KIND_DEPARTMENT: "371102-SCJG",
}
_TOKEN = re.compile(r"(?P<one>\[[^\]]+\]|\\.|\(|\)|\||[^{}*+?])(?:(?P<many>[*+?])|\{(?P<least>\d+)(?:,\d*)?\})?")


def sample(message: Descriptor, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A sample of the message's required fields, and of the rest where nothing is required."""
    fields = [field for field in message.fields if field.name not in without]
    needed = [field for field in fields if _is_needed(rules(field))]
    return {field.json_name: value_sample(field) for field in needed or fields[:3]}


def _is_needed(rule: options_pb2.FieldRules) -> bool:
    return bool(rule.required or rule.required_unless or rule.minimum > 0)


def value_sample(field: FieldDescriptor) -> Any:
    """A sample of one field."""
    if is_map(field):
        return {}
    return [_one(field)] if field.is_repeated else _one(field)


def _one(field: FieldDescriptor) -> Any:
    """A single sample value of the field."""
    if field.message_type is not None:
        texts = {TIMESTAMP: "2026-11-23T08:30:00Z", DURATION: "1.5s"}
        return texts.get(field.message_type.full_name) or sample(field.message_type)
    if field.enum_type is not None:
        return field.enum_type.values[min(1, len(field.enum_type.values) - 1)].name
    if field.type in INTEGERS_64:
        return str(rules(field).minimum or 1)
    if field.type in INTEGERS_32:
        return rules(field).minimum or 1
    plain: dict[int, Any] = {
        FieldDescriptor.TYPE_BOOL: True,
        FieldDescriptor.TYPE_BYTES: "AA==",
        FieldDescriptor.TYPE_DOUBLE: 1.5,
        FieldDescriptor.TYPE_FLOAT: 1.5,
    }
    return plain.get(field.type) or text_sample(field)


def text_sample(field: FieldDescriptor) -> str:
    """A text that keeps the field's rules of form."""
    rule = rules(field)
    if rule.pattern:
        found = matching(rule.pattern)
        return found if re.fullmatch(rule.pattern, found) else ""
    return _CODES.get(rule.code) or ("示例" * max(1, rule.min_length))[: rule.max_length or 100]


def matching(pattern: str) -> str:
    """A short text for the plain patterns that contracts use: classes, literals, groups, counts."""
    tokens = iter(list(_TOKEN.finditer(pattern)))
    return _branch(tokens)[0]


def _branch(tokens: Iterator[re.Match[str]]) -> tuple[str, re.Match[str] | None]:
    """The text up to the end of the group, and the token that closed it. Of alternatives the first counts."""
    text, taking = "", True
    for token in tokens:
        one = token["one"]
        if one == ")":
            return text, token
        if one == "|":
            taking = False
            continue
        closing: re.Match[str] | None = token
        if one == "(":
            piece, closing = _branch(tokens)
        else:
            piece = _character(one)
        text += piece * _times(closing) if taking else ""
    return text, None


def _times(token: re.Match[str] | None) -> int:
    if token is None or token["many"] == "+":
        return 1
    return 0 if token["many"] else int(token["least"] or 1)


def _character(one: str) -> str:
    """The first character of a class, the character itself otherwise; digits begin at 1, zeros read as nothing."""
    if one.startswith("["):
        return "1" if one.startswith("[0") else one[1]
    return one.removeprefix("\\")
