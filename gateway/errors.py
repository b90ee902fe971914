"""The gateway's own errors: when Envoy itself answers, and the `google.rpc.Status` that it answers with.

Whoever asks for a page, as a browser does at its address line, gets the same as a page in both languages.

A gRPC caller gets the same details in `grpc-status-details-bin`; they are fixed at rendering, so that the trace id
reaches a gRPC caller by the header `egov-trace-id` alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.kernel import texts

DOMAIN = "egov"
TRACE_ID = "%TRACE_ID%"
JSON_ROUTE = "json "  # how the names of JSON routes begin
TOLD_TRACE_ID = "%RESP(EGOV-TRACE-ID)%"  # Envoy formats the body without the span, but after the headers


@dataclass(frozen=True)
class GatewayError:
    """One class of answer that Envoy gives by itself.

    `when` is a CEL expression over Envoy's attributes; `grpc` differs from `code` where gRPC has its own custom.
    """

    reason: str
    http: int
    code: int
    zh: str
    en: str
    when: str = ""
    grpc: int | None = None
    retry_after: int = 0
    names_service: bool = False


def _details(starts: str) -> str:
    return f"response.code_details.startsWith('{starts}')"


def _refused(name: str) -> str:
    return f"xds.route_name == '{route_name(name)}'"


def route_name(reason: str) -> str:
    """Name of a route that answers with the error of this reason and goes nowhere."""
    return f"refuse {reason}"


def _error(
    reason: str, http: int, code: int, when: str, own: tuple[str, str] | None = None, **more: Any
) -> GatewayError:
    """An error in words of its own, or in those that the services use for the same reason."""
    zh, en = own or (texts.text(reason, "zh-CN"), texts.text(reason, "en"))
    return GatewayError(reason, http, code, zh, en, when, **more)


METHOD_NOT_ALLOWED = _error(
    "METHOD_NOT_ALLOWED", 405, code_pb2.UNIMPLEMENTED, _refused("METHOD_NOT_ALLOWED"),
    ("此地址不支持该 HTTP 方法，支持的方法见 Allow 头。",
     "The address does not take this HTTP method; header Allow names those that it takes."),
)  # fmt: skip
CONTENT_TYPE_UNSUPPORTED = _error(
    "CONTENT_TYPE_UNSUPPORTED", 415, code_pb2.INVALID_ARGUMENT, _refused("CONTENT_TYPE_UNSUPPORTED"),
    ("请求体必须是 application/json。", "The body must be application/json."),
)  # fmt: skip
SERVICE_NOT_NAMED = _error(
    "SERVICE_NOT_NAMED", 400, code_pb2.INVALID_ARGUMENT, _refused("SERVICE_NOT_NAMED"),
    ("请在元数据 egov-service 中写明现有的服务名，例如 grid。",
     "Name an existing service, such as grid, in metadata egov-service."),
)  # fmt: skip
NO_SUCH_ROUTE = _error(
    "NO_SUCH_ROUTE", 404, code_pb2.NOT_FOUND, f"{_refused('NO_SUCH_ROUTE')} || response.code == 404",
    ("没有这个地址。接口清单见 /docs。", "There is no such address. See /docs for those that there are."),
    grpc=code_pb2.UNIMPLEMENTED,
)  # fmt: skip
INVALID_FIELDS = _error("INVALID_ARGUMENT", 400, code_pb2.INVALID_ARGUMENT, "response.code_details == 'lua_response'")

_JWT = "jwt_authn_access_denied{"

# The first whose condition holds decides.
ERRORS: tuple[GatewayError, ...] = (
    _error("TOKEN_MISSING", 401, code_pb2.UNAUTHENTICATED, _details(f"{_JWT}Jwt_is_missing")),
    _error("TOKEN_EXPIRED", 401, code_pb2.UNAUTHENTICATED, _details(f"{_JWT}Jwt_is_expired")),
    _error(
        "KEYS_UNAVAILABLE", 503, code_pb2.UNAVAILABLE, _details(f"{_JWT}Jwks_remote_fetch"),
        ("暂时无法核验访问令牌，请稍后重试。", "Tokens cannot be checked at the moment. Try again shortly."),
        retry_after=2,
    ),
    _error("TOKEN_INVALID", 401, code_pb2.UNAUTHENTICATED, _details(_JWT)),
    CONTENT_TYPE_UNSUPPORTED,
    SERVICE_NOT_NAMED,
    METHOD_NOT_ALLOWED,
    NO_SUCH_ROUTE,
    _error(
        "BODY_TOO_LARGE", 413, code_pb2.INVALID_ARGUMENT, "response.code == 413",
        ("请求体过大。", "The body is too large."),
    ),
    _error(
        "HEADERS_TOO_LARGE", 431, code_pb2.INVALID_ARGUMENT, "response.code == 431",
        ("请求头过大或过多。", "The headers are too large or too many."),
    ),
    _error(
        "RATE_LIMITED", 429, code_pb2.RESOURCE_EXHAUSTED, "response.code == 429",
        ("调用过于频繁，请稍后重试。", "Too many calls. Try again shortly."),
        retry_after=1,
    ),
    _error(
        "OVERLOADED", 429, code_pb2.RESOURCE_EXHAUSTED,
        _details("upstream_reset_before_response_started{overflow"),
        retry_after=1, names_service=True,
    ),
    _error(
        "REQUEST_TOO_SLOW", 408, code_pb2.DEADLINE_EXCEEDED, "response.code == 408",
        ("请求未能在限定时间内传完。", "The request did not arrive in time."),
    ),
    _error("DEADLINE_PASSED", 504, code_pb2.DEADLINE_EXCEEDED, "response.code == 504", names_service=True),
    _error(
        "UNAVAILABLE", 503, code_pb2.UNAVAILABLE, "response.code == 503 || response.code == 502",
        retry_after=1, names_service=True,
    ),
    _error(
        "FORBIDDEN", 403, code_pb2.PERMISSION_DENIED, "response.code == 403",
        ("不允许的请求。", "The request is not allowed."),
    ),
    _error(
        "MALFORMED_REQUEST", 400, code_pb2.INVALID_ARGUMENT,
        # 501: a transfer coding that HTTP/1.1 does not have.
        "response.code >= 400 && response.code < 500 || response.code == 501",
        ("请求格式有误。", "The request is malformed."),
    ),
)  # fmt: skip
FALLBACK = _error("INTERNAL", 500, code_pb2.INTERNAL, "")

# What grpc itself refuses on a service's side comes without details; by gRPC status code.
BARE: Mapping[int, GatewayError] = {
    code_pb2.RESOURCE_EXHAUSTED: _error("OVERLOADED", 429, code_pb2.RESOURCE_EXHAUSTED, "", retry_after=1),
    code_pb2.UNAVAILABLE: _error("UNAVAILABLE", 503, code_pb2.UNAVAILABLE, "", retry_after=1),
    code_pb2.DEADLINE_EXCEEDED: _error("DEADLINE_PASSED", 504, code_pb2.DEADLINE_EXCEEDED, ""),
    code_pb2.UNIMPLEMENTED: _error("UNIMPLEMENTED", 501, code_pb2.UNIMPLEMENTED, ""),
    code_pb2.INTERNAL: FALLBACK,
}

_OWN_RULES = {
    "not_json": ("不是规范的 JSON，出错位置（字节）", "Not JSON; at byte"),
    "not_text": ("地址中的百分号编码不是有效的 UTF-8 文本。", "Percent codes in the address are not UTF-8 text."),
    "set_by_path": ("该字段已由地址路径给出。", "The path sets this field already."),
    "set_twice": ("该字段出现了两次。", "The field is there twice."),
    "too_many_values": ("值的数量过多。", "Too many values."),
    "wrong_type": ("值的类型不正确。", "The value is not of the field's type."),
}


def rules() -> dict[str, tuple[str, str]]:
    """Texts in zh-CN and en of the rules that a request's form can break, by rule."""
    shared = {rule: (texts.text(rule, "zh-CN"), texts.text(rule, "en")) for rule in ("unknown_field", "unknown_enum")}
    return {**shared, **_OWN_RULES}


def status_json(error: GatewayError, request_id: str = TOLD_TRACE_ID) -> dict[str, Any]:
    """The answer as JSON `google.rpc.Status`; texts may hold Envoy's `%...%` commands."""
    details: list[dict[str, Any]] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": error.reason,
            "domain": DOMAIN,
            "metadata": {"service": "%UPSTREAM_CLUSTER%"} if error.names_service else {},
        },
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "zh-CN", "message": error.zh},
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en", "message": error.en},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id, "servingData": ""},
    ]
    if error.retry_after:
        delay = f"{error.retry_after}s"
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return {"code": error.code, "message": error.en, "details": details}


def status_bytes(error: GatewayError) -> str:
    """The answer as `grpc-status-details-bin`: base64 without padding. Names no service: it cannot be formatted."""
    parts: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN),
        error_details_pb2.LocalizedMessage(locale="zh-CN", message=error.zh),
        error_details_pb2.LocalizedMessage(locale="en", message=error.en),
    ]
    if error.retry_after:
        delay = duration_pb2.Duration(seconds=error.retry_after)
        parts.append(error_details_pb2.RetryInfo(retry_delay=delay))
    status = status_pb2.Status(code=grpc_code(error), message=parts[2].message)  # type: ignore[attr-defined]
    for part in parts:
        packed = any_pb2.Any()
        packed.Pack(part)
        status.details.append(packed)
    return base64.b64encode(status.SerializeToString(deterministic=True)).decode().rstrip("=")


def grpc_code(error: GatewayError) -> int:
    """The gRPC status code of the answer."""
    return error.code if error.grpc is None else error.grpc


def json_text(error: GatewayError, request_id: str) -> str:
    """The answer as compact JSON text."""
    return json.dumps(status_json(error, request_id), ensure_ascii=False, separators=(",", ":"))
