"""Telemetry: a span, a count and a duration for every call; one bounded log record for each that failed or was slow."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from services.chassis import failures, logs, metrics
from services.chassis import telemetry as tracing
from services.chassis.contract import Method, aggregate_field
from services.chassis.interceptors.errors import CODES
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.kernel.errors import Kind

log = logging.getLogger(__name__)

SLOW_S = 1.0
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FAULTS = frozenset({Kind.INTERNAL, Kind.UNAVAILABLE, Kind.TIMED_OUT, Kind.EXHAUSTED})


def telemetry(method: Method, desk: Desk, proceed: Step) -> Step:
    """Outermost: it sees every outcome."""
    attributes = {"rpc.system.name": "grpc", "rpc.method": method.full_name}

    def step(exchange: Exchange) -> bytes:
        started = time.perf_counter()
        parent = exchange.metadata.get("traceparent")
        with tracing.span(method.full_name, kind="server", parent=parent, attributes=attributes) as span:
            exchange.trace_id = span.trace_id
            answer = proceed(exchange)
            refusal = exchange.refusal
            code = CODES[refusal.kind].name if refusal else "OK"
            span.set("rpc.response.status_code", code)
            caller = exchange.call.caller
            span.set("egov.caller.workload", caller.workload or None)
            span.set("egov.caller.client", caller.client_id)
            if exchange.replayed:
                span.set("egov.idempotency.outcome", "replayed")
            if refusal:
                # A refused request is not a failed span; a fault of ours is.
                span.fail(refusal.reason) if refusal.kind in FAULTS else span.set("egov.reason", refusal.reason)
            seconds = time.perf_counter() - started
            metrics.call(method.full_name, code, seconds)
            if refusal:
                metrics.call_error(method.full_name, refusal.reason)
            if refusal or seconds > SLOW_S:
                _report(exchange, method, code, seconds)
            return answer

    return step


def _id(request: Any, name: str) -> str | None:
    """The id in that field of a request; nothing where it is none: what somebody typed stays outside."""
    text = getattr(request, name, "")
    return text if UUID.fullmatch(text) else None


def _report(exchange: Exchange, method: Method, code: str, seconds: float) -> None:
    refusal, call = exchange.refusal, exchange.call
    reason, about = refusal.reason if refusal else None, aggregate_field(method)
    failures.tell(
        {
            "rpc.method": method.full_name,
            "rpc.response.status_code": code,
            "egov.reason": reason,
            "egov.duration_ms": round(seconds * 1000, 1),
            "egov.case.number": call.case_number,
            "egov.event.aggregate": _id(call.request, about) if about else None,
        }
    )
    logs.event(
        log,
        logging.WARNING if refusal is None or refusal.kind in FAULTS else logging.INFO,
        "call failed" if refusal else "call was slow",
        method=method.full_name,
        code=code,
        reason=reason,
        duration_ms=round(seconds * 1000, 1),
        workload=call.caller.workload or None,
        client=call.caller.client_id,
    )
