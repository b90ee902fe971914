"""Spans of this process, and the trace and case that the current work belongs to.

    with telemetry.span("process egov.grid.v1", kind="consumer", parent=headers["traceparent"]) as span:
        telemetry.set_case("371102-20261123-2000427-X")
        span.set("egov.event.outcome", "taken")

One context variable holds the innermost span, so that a call, its client calls and its logs find it without being
handed it. A span that names a parent or links, or has none around it, begins a new *call*: a case number set inside is
forgotten when it ends. Names and attributes are those of `telemetry_registry.yaml`. A span that is not sampled still
carries the trace id onward, and costs a few microseconds. Nothing here raises because the collector is away.
"""

import contextlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Literal, Self

from opentelemetry import trace as otel
from opentelemetry.sdk import trace as sdk
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.trace.status import Status, StatusCode

from services.chassis import telemetry_export, telemetry_registry

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, telemetry_registry.Value]

_KINDS: Mapping[str, otel.SpanKind] = {kind.name.lower(): kind for kind in otel.SpanKind}
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_REASON = re.compile(r"[A-Z][A-Z0-9_]*")
_CASE = "egov.case.number"
_NEW_TRACE_AFTER_S = 300.0

_current: ContextVar["Span | None"] = ContextVar("egov_span", default=None)
_case: ContextVar[str | None] = ContextVar("egov_case", default=None)
_provider: sdk.TracerProvider | None = None
_tracer: otel.Tracer | None = None
_ratio = 0.0


def setup(
    service: str, version: str, ratio: float, endpoint: str | None, *, exporter: SpanExporter | None = None
) -> None:
    """Record spans from now on as `service`, replacing an earlier setup.

    `ratio` (0 to 1) is the share of traces sampled among those that begin here; a trace that comes with a parent keeps
    its parent's decision, which for the outside is Envoy's. `endpoint` is the collector's `http://` (this machine only)
    or `https://` (mutual TLS by EGOV_TLS_CERT, EGOV_TLS_KEY, EGOV_TLS_TRUST) address for OTLP over gRPC; None sends
    nothing. `exporter` takes the collector's place in tests. Raises ValueError for an address or ratio that cannot be.
    """
    global _provider, _tracer, _ratio
    shutdown()
    if not 0.0 <= ratio <= 1.0:
        raise ValueError("the trace ratio lies between 0 and 1")
    _ratio = ratio
    _provider = telemetry_export.provider(service, version, endpoint, exporter)
    _tracer = _provider.get_tracer("egov.chassis", version)


def shutdown() -> None:
    """Send what is buffered, within about three seconds, and record nothing further."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        telemetry_export.close(provider)


class Span:
    """One piece of work. Made by `span`; a context manager that is entered once, on the thread that works."""

    __slots__ = ("_case_token", "_failed", "_kind", "_name", "_otel", "_token", "_up", "context")

    def __init__(self, name: str, kind: str, up: "Span | None", recorded: otel.Span | None, context: otel.SpanContext):
        self._name, self._kind, self._up, self._otel = name, kind, up, recorded
        self._token: Token[Span | None] | None = None
        self._case_token: Token[str | None] | None = None
        self._failed = False
        self.context = context

    @property
    def traceparent(self) -> str:
        """W3C `traceparent` for what this work causes."""
        context = self.context
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"

    @property
    def trace_id(self) -> str:
        """Trace id, 32 hexadecimal digits."""
        return f"{self.context.trace_id:032x}"

    @property
    def sampled(self) -> bool:
        """Whether the span is recorded."""
        return self._otel is not None

    def set(self, key: str, value: object) -> None:
        """Add an attribute of the registry; another one is dropped and counted. None is left out."""
        if value is None or (self._otel is None and not telemetry_registry.STRICT):
            return
        fitting = telemetry_registry.attribute(key, value)
        if fitting is not None and self._otel is not None:
            self._otel.set_attribute(key, fitting)

    def fail(self, reason: str) -> None:
        """Mark the work as failed. `reason` is machine-readable: a reason of the contract or an exception's type."""
        self._failed = True
        if self._otel is not None:
            self._otel.set_status(Status(StatusCode.ERROR))
        self.set("egov.reason", reason)
        self.set("error.type", reason)

    def __enter__(self) -> Self:
        if self._up is None:
            self._case_token = _case.set(_case.get())
        self._token = _current.set(self)
        self._carry_case(_case.get())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None and not self._failed:
            self.fail(failure(error))
        self.end()
        self._leave()

    def end(self) -> None:
        """The work is over. For spans that were entered by `open`; leaving `with` ends others."""
        if self._otel is not None:
            self._otel.end()

    @contextlib.contextmanager
    def open(self) -> Iterator[Self]:
        """Enter and leave it, as `with` does, without ending it: what is done inside is to become true later."""
        self.__enter__()
        try:
            yield self
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if self._case_token is not None:
            _case.reset(self._case_token)

    def _carry_case(self, case_number: str | None) -> None:
        if case_number is None or self._otel is None:
            return
        family = telemetry_registry.span_name(self._name, self._kind)
        if family is not None and not family.case_exempt:
            self.set(_CASE, case_number)


def span(
    name: str,
    *,
    kind: Kind = "internal",
    parent: str | None = None,
    links: Sequence[str] = (),
    attributes: Attributes | None = None,
    recorded: bool = True,
) -> Span:
    """A span to enter with `with`. An exception that leaves it marks it failed with the exception's reason or type.

    `parent` is the `traceparent` of the cause, the span around this one if None; text that is none begins a new trace.
    `links` are traceparents of causes in other traces; with links and no parent a new trace begins. With `recorded`
    false it only carries the trace on.
    """
    around = _current.get()
    joins = parent is None and not links
    cause = around.context if joins and around is not None else _parsed(parent)
    made_of = _start(name, kind, cause, links) if recorded and _chosen(cause) else None
    context = made_of.get_span_context() if made_of is not None else cause or _unsampled()
    made = Span(name, kind, around if joins else None, made_of, context)
    if attributes and (made_of is not None or telemetry_registry.STRICT):
        for key, value in attributes.items():
            made.set(key, value)
    return made


def cause(traceparent: str | None, age_s: float) -> tuple[str | None, tuple[str, ...]]:
    """`(parent, links)` for work caused `age_s` seconds ago: a child within five minutes, then a new, linked trace."""
    if traceparent is None or age_s <= _NEW_TRACE_AFTER_S:
        return traceparent, ()
    return None, (traceparent,)


def failure(error: BaseException) -> str:
    """Why `error` happened in one word: its reason if it has a machine-readable one, its type otherwise."""
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else type(error).__name__


def current_traceparent() -> str | None:
    """`traceparent` of the innermost span, or None outside of any."""
    current = _current.get()
    return None if current is None else current.traceparent


def current_trace_id() -> str | None:
    """Trace id of the innermost span, or None outside of any."""
    current = _current.get()
    return None if current is None else current.trace_id


def current_span_id() -> str | None:
    """Span id of the innermost span, 16 hexadecimal digits, or None outside of any."""
    current = _current.get()
    return None if current is None else f"{current.context.span_id:016x}"


def current_context() -> otel.SpanContext:
    """Trace and span that the current work belongs to; an invalid context outside of any."""
    current = _current.get()
    return otel.INVALID_SPAN_CONTEXT if current is None else current.context


def current_case() -> str | None:
    """Case number of the current call, or None."""
    return _case.get()


def set_case(case_number: str) -> None:
    """Put the case number on this call's open spans, on its later ones and on its log records."""
    _case.set(case_number)
    current = _current.get()
    while current is not None:
        current._carry_case(case_number)
        current = current._up


def note(key: str, value: object) -> None:
    """Add an attribute to the innermost span, if there is one; as `Span.set`."""
    current = _current.get()
    if current is not None:
        current.set(key, value)


def clear_case() -> None:
    """Later spans and log records of this call carry no case number."""
    _case.set(None)


def _chosen(cause: otel.SpanContext | None) -> bool:
    """Whether a span is recorded: as its trace was decided, or by the ratio. To ask the SDK costs ten times as much."""
    return random.random() < _ratio if cause is None else bool(cause.trace_flags & 1)


def _start(name: str, kind: str, cause: otel.SpanContext | None, links: Sequence[str]) -> otel.Span | None:
    if _tracer is None:
        return None
    known = telemetry_registry.span_name(name, kind) is not None
    around = otel.set_span_in_context(otel.NonRecordingSpan(cause) if cause else otel.INVALID_SPAN)
    linked = [otel.Link(context) for context in map(_parsed, links) if context is not None]
    return _tracer.start_span(
        name if known else f"unregistered {kind}",
        context=around,
        kind=_KINDS[kind],
        links=linked,
        record_exception=False,
        set_status_on_exception=False,
    )


def _parsed(traceparent: str | None) -> otel.SpanContext | None:
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    context = otel.SpanContext(int(match[2], 16), int(match[3], 16), True, otel.TraceFlags(int(match[4], 16) & 1))
    return context if context.is_valid else None


def _unsampled() -> otel.SpanContext:
    return otel.SpanContext(random.getrandbits(128) | 1, random.getrandbits(64) | 1, False)
