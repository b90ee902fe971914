"""OpenAPI 3.1 of the JSON side of the gateway, generated from the contract."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.catalogue.answers import ERRORS, error_response, status_schema
from gateway.catalogue.model import DURATION, TIMESTAMP, Book, closure, is_map, rules
from gateway.catalogue.samples import sample, value_sample
from gateway.catalogue.schemas import Schema, enum_schema, field_schema, message_schema, reference
from gateway.contract import Binding, Method

Operation: TypeAlias = dict[str, Any]

_ABOUT = (
    "The city's backbone as JSON over HTTPS. Generated from the contract, which holds exactly what is implemented. "
    "Names are lowerCamelCase, enums are names, 64-bit integers are text, unknown fields are refused by name. "
    "A call that changes something carries an Idempotency-Key: the same key brings the same answer, never a second "
    "effect. Every error is a google.rpc.Status with a machine-readable reason, zh-CN and en text and the trace id."
)


def document(book: Book) -> dict[str, Any]:
    """The whole document, ready for `json.dumps`."""
    paths: dict[str, dict[str, Operation]] = {}
    for method in book.contract.outward:
        for place, binding in enumerate(method.bindings):
            template = _template(book, method, binding)
            paths.setdefault(template, {})[binding.verb.lower()] = _operation(book, method, binding, place)
    return {
        "openapi": "3.1.0",
        "info": {"title": "egov gateway", "version": "v1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": _tag(name), "description": book.comment(name)} for name in book.services],
        "paths": paths,
        "components": _components(book),
    }


def text(book: Book) -> str:
    """The document as JSON text."""
    return json.dumps(document(book), ensure_ascii=False, indent=1)


def _tag(service: str) -> str:
    return service.rpartition(".")[2]


def _template(book: Book, method: Method, binding: Binding) -> str:
    """The path with its variables' JSON names."""
    template = binding.template
    fields = book.message(method.input_type).fields_by_name
    for name in binding.variables:
        template = template.replace(f"{{{name}}}", f"{{{fields[name].json_name}}}")
    return template


def _operation(book: Book, method: Method, binding: Binding, place: int) -> Operation:
    comment = book.comment(method.full_name)
    operation: Operation = {
        "operationId": f"{method.service}_{method.name}" + (f"_{place}" if place else ""),
        "tags": [method.service],
        "summary": comment.partition("\n")[0],
        "description": f"{comment}\n\n{access_text(method)}",
        "parameters": _parameters(book, method, binding),
        "responses": _responses(book, method),
        "security": [{}] if method.anonymous else [{"token": [method.access.outward.scope]}],
        "x-egov-rpc": method.full_name,
        "x-egov-region-bound": method.access.region_bound,
    }
    if binding.body:
        operation["requestBody"] = _body(book, method, binding)
    return operation


def access_text(method: Method) -> str:
    """Who may call, in one or two sentences."""
    if method.anonymous:
        return "Anyone may call; no token is needed."
    outward = method.access.outward
    sentences = [f"Needs scope `{outward.scope}`."]
    if outward.lowest_level:
        level = options_pb2.AssuranceLevel.Name(outward.lowest_level).removeprefix("ASSURANCE_LEVEL_")
        sentences.append(f"The person must be recognised at level {level} or higher.")
    if method.access.region_bound:
        sentences.append("Works in the caller's region only.")
    return " ".join(sentences)


def _parameters(book: Book, method: Method, binding: Binding) -> list[Operation]:
    message = book.message(method.input_type)
    found = [_path_parameter(book, message.fields_by_name[name]) for name in binding.variables]
    if not binding.body:
        found += _query_parameters(book, message, frozenset(binding.variables), "")
    if not method.read_only:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return [*found, {"$ref": "#/components/parameters/AcceptLanguage"}]


def _path_parameter(book: Book, field: FieldDescriptor) -> Operation:
    schema = field_schema(book, field)
    description = schema.pop("description", "")
    return {"name": field.json_name, "in": "path", "required": True, "description": description, "schema": schema}


def _query_parameters(book: Book, message: Descriptor, without: frozenset[str], prefix: str) -> list[Operation]:
    """Fields that the path does not set; those of inner messages by dotted names."""
    found: list[Operation] = []
    for field in message.fields:
        if field.name in without or is_map(field):
            continue
        inner = field.message_type
        if inner is not None and inner.full_name not in (TIMESTAMP, DURATION):
            found += [] if field.is_repeated else _query_parameters(book, inner, frozenset(), f"{field.json_name}.")
            continue
        schema = field_schema(book, field)
        parameter = {"name": f"{prefix}{field.json_name}", "in": "query", "description": schema.pop("description", "")}
        found.append({**parameter, "required": rules(field).required, "schema": schema})
    return found


def _body(book: Book, method: Method, binding: Binding) -> Operation:
    message = book.message(method.input_type)
    bound = frozenset(binding.variables)
    content: Operation = {"schema": reference(method.input_type), "example": sample(message, bound)}
    if binding.body != "*":
        field = message.fields_by_name[binding.body]
        content = {"schema": field_schema(book, field), "example": value_sample(field)}
    needed = any(rules(field).required for field in message.fields if field.name not in bound)
    return {"required": needed, "content": {"application/json": content}}


def _responses(book: Book, method: Method) -> Operation:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("egov-trace-id", "egov-case-number")}
    answer = {
        "description": book.comment(method.output_type),
        "headers": headers,
        "content": {"application/json": {"schema": reference(method.output_type)}},
    }
    skipped = {"401", "403"} if method.anonymous else set()
    refused = {code: {"$ref": f"#/components/responses/{code}"} for code in ERRORS if code not in skipped}
    return {"200": answer, **refused}


def _components(book: Book) -> Operation:
    bound = {method.input_type: _bound(method) for method in book.contract.outward}
    asked, enums = closure(book, iter(bound))
    answered, more = closure(book, iter({method.output_type for method in book.contract.outward}))
    schemas: dict[str, Schema] = {}
    for name, message in sorted({**answered, **asked}.items()):
        schemas[name] = message_schema(book, message, bound.get(name, frozenset()), closed=name in asked)
    schemas |= {name: enum_schema(book, enum) for name, enum in sorted({**enums, **more}.items())}
    return {
        "schemas": {**schemas, "google.rpc.Status": status_schema()},
        "responses": {code: error_response(code, description) for code, description in ERRORS.items()},
        "parameters": _common_parameters(),
        "headers": _headers(),
        "securitySchemes": _security(book),
    }


def _bound(method: Method) -> frozenset[str]:
    """Fields that the path sets in every binding with a body, so that no body holds them."""
    return frozenset(name for binding in method.bindings if binding.body for name in binding.variables)


def _common_parameters() -> Operation:
    return {
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "One fresh key for each intended change; a retry repeats it. Kept for 7 days.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
            "example": "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
        },
        "AcceptLanguage": {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "description": "Language of texts: `zh-CN` (when nothing is said) or `en`.",
            "schema": {"type": "string", "maxLength": 100},
        },
    }


def _headers() -> Operation:
    return {
        "egov-trace-id": {"description": "Trace id of the call, 32 hexadecimal digits.", "schema": {"type": "string"}},
        "egov-case-number": {
            "description": "Case that the call belongs to; absent if none.",
            "schema": {"type": "string"},
        },
        "retry-after": {"description": "Seconds to wait before the next try.", "schema": {"type": "string"}},
    }


def _security(book: Book) -> Operation:
    scopes = {method.access.outward.scope: f"{method.service}.{method.name}" for method in book.contract.outward}
    named = {scope: f"Such as {name}." for scope, name in sorted(scopes.items()) if scope}
    flow = {"tokenUrl": "/oauth2/token", "scopes": named}
    about = "Access token (RFC 9068) of identity, at most 5 minutes old, as Bearer in header Authorization."
    return {"token": {"type": "oauth2", "description": about, "flows": {"clientCredentials": flow}}}
