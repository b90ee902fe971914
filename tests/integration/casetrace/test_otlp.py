"""The OTLP door: what was acknowledged is stored, and a full queue makes senders wait."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from observability.casetrace.domain.traces import trace_of_case
from observability.casetrace.otlp.export import otlp_json
from observability.casetrace.store.spans import FailureStore
from observability.casetrace.wire.traces import failed_calls, span_messages
from observability.collector.otlp import LOGS, TRACES
from services.chassis import failures, telemetry
from tests import foreign
from tests.integration.casetrace.doors import door, export, spans_of
from tests.unit.casetrace.samples import CASE, INCIDENT

DAY_NS = 86_400 * 1_000_000_000


def attribute(key: str, **value: Any) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(**value))


def request(trace: int, spans: int = 1, ago_ns: int = 0) -> trace_pb.ExportTraceServiceRequest:
    """Spans that began so long ago."""
    made, start = trace_pb.ExportTraceServiceRequest(), time.time_ns() - ago_ns
    scope = made.resource_spans.add().scope_spans.add()
    for number in range(1, spans + 1):
        scope.spans.add(
            trace_id=trace.to_bytes(16, "big"), span_id=number.to_bytes(8, "big"), name="work",
            start_time_unix_nano=start, end_time_unix_nano=start + 1000,
        )  # fmt: skip
    return made


def test_doubles_are_read_once_and_late_ones_are_welcome(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        for _ in range(2):
            export(endpoint, request(7, spans=3, ago_ns=3 * DAY_NS))
        export(endpoint, request(7, spans=5, ago_ns=2 * DAY_NS))
    assert len(spans_of(engine, f"{7:032x}")) == 5


def test_what_is_past_its_keeping_or_from_the_future_is_left_out_and_counted(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        for ago_ns in (9 * DAY_NS, -3 * DAY_NS):
            assert export(endpoint, request(8, ago_ns=ago_ns)).partial_success.rejected_spans == 1
    assert spans_of(engine, f"{8:032x}") == []


def test_a_full_queue_makes_senders_wait_and_nothing_that_was_acknowledged_is_lost(engine: sa.Engine) -> None:
    with door(engine, queue=1) as endpoint, grpc.insecure_channel(endpoint.removeprefix("http://")) as channel:
        export: Any = channel.unary_unary(f"/{TRACES}/Export")
        with engine.connect() as held:
            held.exec_driver_sql("LOCK TABLE span IN ACCESS EXCLUSIVE MODE")
            calls = [export.future(request(trace).SerializeToString(), timeout=20) for trace in range(20, 28)]
            codes = {call.code() for call in calls}
        # One was in hand, and was told that the database did not take it; those behind it found no room.
        assert codes == {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
        for call in calls:
            details = dict(call.trailing_metadata())["grpc-status-details-bin"]
            told = status_pb2.Status.FromString(details).details
            assert [detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in told] == [True]
        for trace in range(20, 28):
            export(request(trace).SerializeToString(), timeout=20)
    assert all(len(spans_of(engine, f"{trace:032x}")) == 1 for trace in range(20, 28))


def test_failed_calls_arrive_with_case_and_trace_whatever_is_sampled(engine: sa.Engine) -> None:
    said = {"rpc.method": "egov.grid.v1.GridService/CloseIncident", "egov.reason": "STALE_VERSION"}
    with door(engine) as endpoint:
        telemetry.setup("grid", "1", 0.0, None)
        failures.setup("grid", "1", endpoint)
        with telemetry.span("egov.grid.v1.GridService/CloseIncident", kind="server") as span:
            failures.tell(said | {"egov.case.number": CASE, "egov.duration_ms": 12.5, "egov.region": None})
        failures.shutdown()
        telemetry.shutdown()
    with engine.connect() as connection:
        (failure,) = FailureStore(connection).of_case(CASE)
    assert (failure.service, failure.reason, failure.duration_ms) == ("grid", "STALE_VERSION", 12.5)
    assert (failure.trace_id, span.sampled) == (span.trace_id, False)


def test_a_call_that_was_refused_before_its_case_was_known_is_found_by_what_it_was_about(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        failures.setup("grid", "1", endpoint)
        with telemetry.span("egov.grid.v1.GridService/CloseIncident", kind="server"):
            failures.tell({"egov.reason": "WRONG_STATE", "egov.event.aggregate": INCIDENT})
        failures.shutdown()
    with engine.connect() as connection:
        store = FailureStore(connection)
        assert [each.reason for each in store.of_case(CASE, [INCIDENT])] == ["WRONG_STATE"]
        assert store.of_case(CASE) == []


def test_log_records_that_are_no_failed_calls_are_not_taken(engine: sa.Engine) -> None:
    message = logs_pb.ExportLogsServiceRequest()
    message.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=time.time_ns()).body.string_value = "x"
    with door(engine) as endpoint:
        answer = export(endpoint, message, LOGS)
    assert answer.partial_success.rejected_log_records == 1


def test_bytes_that_are_no_request_are_refused(engine: sa.Engine) -> None:
    with door(engine) as endpoint, pytest.raises(grpc.RpcError) as refused:
        export(endpoint, SimpleNamespace(SerializeToString=lambda: b"\xff\xff\xff"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "said",
    [
        {"end_time_unix_nano": 2**64 - 1},
        {"start_time_unix_nano": 2**64 - 2, "end_time_unix_nano": 2**64 - 1},
        {"parent_span_id": b"short"},
        {"links": [Span.Link(trace_id=b"short", span_id=b"short")]},
        {"kind": 99},
        {"name": "a\0b"},
        {"attributes": [attribute("egov.wait_ms", double_value=math.nan)]},
        {"attributes": [attribute("egov.wait_ms", double_value=1e300)]},
        {"attributes": [attribute("egov.wait_ms", string_value="long")]},
        {"attributes": [attribute("egov.reason", int_value=7)]},
        {"attributes": [attribute("egov.reason", array_value=ArrayValue(values=[AnyValue(int_value=7)]))]},
        {"attributes": [attribute("upstream_cluster", string_value="a\0b")]},
    ],
    ids=str,
)
def test_what_cannot_be_harms_nobody_elses_spans(engine: sa.Engine, said: dict[str, Any]) -> None:
    odd, good = request(30), request(31)
    span = odd.resource_spans[0].scope_spans[0].spans[0]
    span.MergeFrom(Span(attributes=[attribute("egov.case.number", string_value=CASE)]))
    span.MergeFrom(Span(**said))
    odd.MergeFrom(good)
    with door(engine) as endpoint:
        export(endpoint, odd)
    assert len(spans_of(engine, f"{31:032x}")) == 1
    # Where it is kept all the same, it can be shown.
    kept = spans_of(engine, f"{30:032x}")
    for trace in [trace_of_case(kept, CASE)] if kept else []:
        assert len(list(span_messages(trace))) == 1
        (back,) = foreign.read(otlp_json(kept)).resource_spans
        assert back.scope_spans[0].spans[0].trace_id.hex() == kept[0].trace


@pytest.mark.parametrize("duration", [math.nan, math.inf, -1.0, 1e300])
def test_a_failed_call_that_took_no_time_that_can_be_is_told_without_it(engine: sa.Engine, duration: float) -> None:
    message = logs_pb.ExportLogsServiceRequest()
    record = (
        message.resource_logs.add()
        .scope_logs.add()
        .log_records.add(time_unix_nano=time.time_ns(), event_name=failures.EVENT, trace_id=bytes(range(16)))
    )
    record.attributes.append(attribute("egov.case.number", string_value=CASE))
    record.attributes.append(attribute("egov.duration_ms", double_value=duration))
    with door(engine) as endpoint:
        export(endpoint, message, LOGS)
    with engine.connect() as connection:
        (call,) = failed_calls(FailureStore(connection).of_case(CASE))
    assert call.time.ToNanoseconds() == 0
