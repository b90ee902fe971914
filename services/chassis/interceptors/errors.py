"""Errors: one typed error inside, one table to gRPC status, one shape outside.

An answer that refuses carries ErrorInfo (the reason), BadRequest (every field at fault), a LocalizedMessage in each
language, RetryInfo where waiting helps, and RequestInfo (the trace id). Internals never leak.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.chassis import logs, telemetry
from services.chassis.contract import Method
from services.chassis.database import as_refusal
from services.chassis.idempotency import Replayed
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.kernel import texts
from services.kernel.errors import Kind, Refusal, Violation, internal

log = logging.getLogger(__name__)

DOMAIN = "egov"
# gRPC clients take 8 KB of trailers unless told otherwise, and base64 makes four bytes of three.
MOST_VIOLATIONS = 20
LARGEST_BAD_REQUEST = 4000

CODES: Mapping[Kind, grpc.StatusCode] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.FAILED_STATE: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.CONFLICT: grpc.StatusCode.ABORTED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.TIMED_OUT: grpc.StatusCode.DEADLINE_EXCEEDED,
    Kind.UNIMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}
KINDS: Mapping[grpc.StatusCode, Kind] = {code: kind for kind, code in CODES.items()}


def errors(method: Method, desk: Desk, proceed: Step) -> Step:
    """Turns whatever is raised into a refusal; a kept outcome into its answer."""

    def step(exchange: Exchange) -> bytes:
        try:
            return proceed(exchange)
        except Replayed as kept:
            exchange.replayed = True
            exchange.call.case_number = kept.case_number
            if kept.case_number:
                telemetry.set_case(kept.case_number)
            return kept.response
        except Refusal as refusal:
            exchange.refusal = refusal
        except Exception as error:
            exchange.refusal = as_refusal(error) or fault(error, method)
        return b""

    return step


def fault(error: Exception, method: Method) -> Refusal:
    """An error that nobody foresaw: its type and place go to the log, nothing of it to the caller."""
    reason = telemetry.failure(error)
    logs.event(log, logging.ERROR, "unforeseen error", exc_info=True, method=method.full_name, reason=reason)
    return internal()


def render(refusal: Refusal, language: str, trace_id: str | None) -> status_pb2.Status:
    """The refusal as google.rpc.Status; its message is in `language`.

    Violations that do not fit in are counted in ErrorInfo's metadata, `violations_left_out`.
    """
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=_texts(refusal))
    details: list[Message] = [info]
    if refusal.violations:
        bad = _bad_request(refusal.violations, language)
        details.append(bad)
        if left_out := len(refusal.violations) - len(bad.field_violations):
            info.metadata["violations_left_out"] = str(left_out)
    for each in texts.LANGUAGES:
        message = texts.text(refusal.reason, each, refusal.params)
        details.append(error_details_pb2.LocalizedMessage(locale=each, message=message))
    if refusal.retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(refusal.retry_after_s * 1000))
        details.append(retry)
    if trace_id:
        details.append(error_details_pb2.RequestInfo(request_id=trace_id))
    status = status_pb2.Status(
        code=CODES[refusal.kind].value[0], message=texts.text(refusal.reason, language, refusal.params)
    )
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _texts(refusal: Refusal) -> dict[str, str]:
    """The facts of a refusal; of a fault of ours none, since they speak of internals."""
    return {} if refusal.kind is Kind.INTERNAL else {name: str(value) for name, value in refusal.params.items()}


def _bad_request(violations: tuple[Violation, ...], language: str) -> error_details_pb2.BadRequest:
    """The first violations, as many as a gRPC trailer holds."""
    bad = error_details_pb2.BadRequest()
    for violation in violations[:MOST_VIOLATIONS]:
        if bad.ByteSize() > LARGEST_BAD_REQUEST:
            break
        bad.field_violations.add(
            field=violation.field,
            reason=violation.rule.upper(),
            description=texts.text(violation.rule, language, violation.params),
            localized_message=error_details_pb2.LocalizedMessage(
                locale=_other(language), message=texts.text(violation.rule, _other(language), violation.params)
            ),
        )
    return bad


def _other(language: str) -> str:
    """Description is in the caller's language, `localized_message` in the other: a violation has one place for each."""
    return "zh-CN" if language == "en" else "en"


def read_status(status: status_pb2.Status) -> Refusal:
    """A peer's refusal from its google.rpc.Status; the reason of one that gives none is its status name."""
    reason, params, retry_after_s = "", {}, None
    violations: list[Violation] = []
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason, params = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after_s = retry.retry_delay.ToMilliseconds() / 1000
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            violations += [Violation(each.field, each.reason.lower()) for each in bad.field_violations]
    code = next((each for each in grpc.StatusCode if each.value[0] == status.code), grpc.StatusCode.INTERNAL)
    kind = KINDS.get(code, Kind.INTERNAL)
    return Refusal(reason or code.name, kind, violations=violations, params=params, retry_after_s=retry_after_s)
