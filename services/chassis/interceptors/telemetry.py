"""Telemetry: a span, a count and a duration for every call; one bounded log record for each that failed or was slow."""

from __future__ import annotations

import logging
import time

from services.chassis import logs, metrics
from services.chassis import telemetry as tracing
from services.chassis.contract import Method
from services.chassis.interceptors.errors import CODES
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.kernel.errors import Kind

log = logging.getLogger(__name__)

SLOW_S = 1.0
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


def _report(exchange: Exchange, method: Method, code: str, seconds: float) -> None:
    refusal = exchange.refusal
    logs.event(
        log,
        logging.WARNING if refusal is None or refusal.kind in FAULTS else logging.INFO,
        "call failed" if refusal else "call was slow",
        method=method.full_name,
        code=code,
        reason=refusal.reason if refusal else None,
        duration_ms=round(seconds * 1000, 1),
        workload=exchange.call.caller.workload or None,
        client=exchange.call.caller.client_id,
    )
