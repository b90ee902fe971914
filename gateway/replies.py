"""The gateway's own errors as Envoy's answers: for gRPC callers, as a page and as JSON."""

from __future__ import annotations

import json
from typing import Any

from gateway.errors import (
    ERRORS,
    FALLBACK,
    INVALID_FIELDS,
    JSON_ROUTE,
    TOLD_TRACE_ID,
    TRACE_ID,
    GatewayError,
    grpc_code,
    status_bytes,
    status_json,
)


def local_replies() -> dict[str, Any]:
    """Envoy's `local_reply_config`: each error three times, for gRPC callers, as a page and as JSON."""
    mappers = [_fields_mapper()]
    for error in ERRORS:
        mappers += [_grpc_mapper(error), _page_mapper(error), _json_mapper(error)]
    return {"mappers": mappers, "body_format": {"json_format": status_json(FALLBACK)}}


def _json_mapper(error: GatewayError) -> dict[str, Any]:
    headers = {"egov-trace-id": TRACE_ID, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    if error.retry_after:
        headers["retry-after"] = str(error.retry_after)
    return {
        "filter": _cel(error.when),
        "status_code": error.http,
        "headers_to_add": _headers(headers),
        "body_format_override": {"json_format": status_json(error)},
    }


def _page_mapper(error: GatewayError) -> dict[str, Any]:
    mapper = _json_mapper(error)
    asked_for_page = {"name": "accept", "string_match": {"contains": "text/html"}}
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{error.reason}</title>'
        f'<h1>{error.zh}</h1><p lang="en">{error.en}</p><p><code>{error.reason} {TOLD_TRACE_ID}</code></p></html>'
    )
    return {
        **mapper,
        "filter": {"and_filter": {"filters": [{"header_filter": {"header": asked_for_page}}, mapper["filter"]]}},
        "headers_to_add": mapper["headers_to_add"] + _headers({"content-security-policy": "default-src 'none'"}),
        "body_format_override": {
            "text_format_source": {"inline_string": page},
            "content_type": "text/html; charset=utf-8",
        },
    }


def _fields_mapper() -> dict[str, Any]:
    """The Lua step refuses with a fragment, the fields at fault; it goes into the details as it is."""
    mapper = _json_mapper(INVALID_FIELDS)
    text = json.dumps(status_json(INVALID_FIELDS), ensure_ascii=False)
    whole = f"{text.removesuffix(']}')}, %LOCAL_REPLY_BODY%]}}"
    kind = "application/json"
    return {**mapper, "body_format_override": {"text_format_source": {"inline_string": whole}, "content_type": kind}}


def _grpc_mapper(error: GatewayError) -> dict[str, Any]:
    headers = {
        "egov-trace-id": TRACE_ID,
        "grpc-status": str(grpc_code(error)),
        "grpc-status-details-bin": status_bytes(error),
    }
    asked_for_grpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    # The transcoder has made a JSON request look like gRPC by then; its route tells them apart.
    filters = [{"header_filter": {"header": asked_for_grpc}}, _cel(f"!xds.route_name.startsWith('{JSON_ROUTE}')")]
    return {
        "filter": {"and_filter": {"filters": [*filters, _cel(error.when)]}},
        "headers_to_add": _headers(headers),
        "body_format_override": {"text_format_source": {"inline_string": error.en}},
    }


def _headers(values: dict[str, str]) -> list[dict[str, Any]]:
    action = "OVERWRITE_IF_EXISTS_OR_ADD"
    return [{"header": {"key": name, "value": value}, "append_action": action} for name, value in values.items()]


def _cel(expression: str) -> dict[str, Any]:
    kind = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    return {"extension_filter": {"name": "cel", "typed_config": {"@type": kind, "expression": expression}}}
