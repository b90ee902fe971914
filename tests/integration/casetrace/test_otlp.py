"""The OTLP door: a stock SDK can send to it, what was acknowledged is stored, and a full queue makes senders wait."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from google.protobuf.json_format import Parse
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from deploy.local.stack import Stack
from observability.casetrace.domain.reports import Report
from observability.casetrace.otlp.door import OtlpDoor
from observability.casetrace.otlp.export import otlp_json, traces_data
from observability.casetrace.store.housekeeping import keep_days
from observability.casetrace.store.metrics import MetricStore
from observability.casetrace.store.spans import FailureStore, SpanStore
from observability.collector.otlp import LOGS, METRICS, TRACES
from observability.records import SpanRecord
from services.chassis import failures, telemetry
from services.chassis.settings import Address
from tests.integration.conftest import Engine
from tests.unit.casetrace.samples import CASE, INCIDENT

ANSWERS = {
    TRACES: trace_pb.ExportTraceServiceResponse,
    LOGS: logs_pb.ExportLogsServiceResponse,
    METRICS: metrics_pb.ExportMetricsServiceResponse,
}
DAY_NS = 86_400 * 1_000_000_000
# What any program does that exports with the SDK as it comes.
STOCK = """
import sys
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource({"service.name": "stock"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1], insecure=True)))
tracer = provider.get_tracer("stock")
with tracer.start_as_current_span("outer", attributes={"egov.case.number": sys.argv[2]}) as outer:
    with tracer.start_as_current_span("inner", attributes={"citizen.name": "nobody's business"}):
        pass
provider.shutdown()
print(format(outer.get_span_context().trace_id, "032x"))
"""


@pytest.fixture
def engine(engine_of: Engine) -> Iterator[sa.Engine]:
    opened = engine_of("casetrace")
    yield opened
    with opened.begin() as connection:
        connection.exec_driver_sql("DELETE FROM span; DELETE FROM failure; DELETE FROM metric")


@contextmanager
def door(engine: sa.Engine, queue: int = 8192) -> Iterator[str]:
    """The door on a free port of this machine; its endpoint."""
    settings = SimpleNamespace(
        span_days=7, metric_days=3, otlp_listen=Address("127.0.0.1", 0), otlp_tls="off", otlp_queue=queue
    )
    runtime: Any = SimpleNamespace(engine=engine, tls=None, service_settings=settings)
    opened = OtlpDoor(runtime)
    opened.start()
    try:
        yield f"http://{opened.address}"
    finally:
        opened.stop()


def spans_of(engine: sa.Engine, trace_id: str) -> list[SpanRecord]:
    with engine.connect() as connection:
        return SpanStore(connection).of_trace(trace_id)


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


def export(endpoint: str, message: Any, service: str = TRACES) -> Any:
    answer: Any = ANSWERS[service]
    with grpc.insecure_channel(endpoint.removeprefix("http://")) as channel:
        call: Any = channel.unary_unary(f"/{service}/Export", response_deserializer=answer.FromString)
        return call(message.SerializeToString(), timeout=20)


def test_a_stock_sdk_in_another_process_exports_to_it(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        ran = subprocess.run(
            [sys.executable, "-c", STOCK, endpoint, CASE], capture_output=True, text=True, timeout=60, check=True
        )
        spans = spans_of(engine, ran.stdout.strip())
    assert {(span.name, span.service) for span in spans} == {("outer", "stock"), ("inner", "stock")}
    assert {span.case_number for span in spans} == {CASE, None}
    # What the registry does not know stays outside.
    assert not [span for span in spans if "citizen.name" in span.attributes]
    document = Parse(_in_base64(otlp_json(spans)), TracesData())
    assert document == traces_data(spans)


def _in_base64(document: str) -> str:
    """OTLP's JSON as protobuf's own reader takes it: ids in base64 instead of hexadecimal."""
    ids = r'"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"'
    return re.sub(ids, lambda m: f'"{m[1]}":"{base64.b64encode(bytes.fromhex(m[2])).decode()}"', document)


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


# What any program does that measures with the SDK as it comes.
MEASURING = """
import sys
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=sys.argv[1], insecure=True))
provider = MeterProvider([reader], Resource({"service.name": "stock", "service.instance.id": "1"}))
meter = provider.get_meter("stock")
meter.create_counter("egov_calls_total").add(3, {"method": "work", "code": "OK"})
meter.create_gauge("egov_ready").set(1)
meter.create_counter("citizen.age").add(42)
provider.shutdown()
"""


def reports_of(engine: sa.Engine, since: timedelta = timedelta(days=4)) -> list[Report]:
    with engine.connect() as connection:
        return MetricStore(connection).lately(datetime.now(UTC) - since)


def test_a_stock_sdk_sends_metrics_and_what_the_registry_lacks_stays_outside(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        subprocess.run([sys.executable, "-c", MEASURING, endpoint], timeout=60, check=True)
    (report,) = reports_of(engine)
    assert (report.process.service, report.calls, report.failed, report.ready) == ("stock", 3, 0, True)


def told(ago_ns: int = 0, moment_ns: int = 0, **gauges: float) -> metrics_pb.ExportMetricsServiceRequest:
    """Gauges of a process as they were so long ago."""
    made, at_ns = metrics_pb.ExportMetricsServiceRequest(), (moment_ns or time.time_ns()) - ago_ns
    resource_metrics = made.resource_metrics.add()
    resource_metrics.resource.attributes.add(key="service.name").value.string_value = "grid"
    metrics = resource_metrics.scope_metrics.add().metrics
    for name, value in gauges.items():
        metrics.add(name=name).gauge.data_points.add(time_unix_nano=at_ns, as_double=value)
    return made


def test_a_moment_that_is_told_twice_or_in_parts_is_one_row(engine: sa.Engine) -> None:
    now_ns = time.time_ns()
    with door(engine) as endpoint:
        for message in (
            told(moment_ns=now_ns, egov_ready=1), told(moment_ns=now_ns, egov_ready=1),
            told(moment_ns=now_ns, egov_outbox_depth=4), told(DAY_NS, now_ns, egov_ready=0),
        ):  # fmt: skip
            export(endpoint, message, METRICS)
    late, now = reports_of(engine)
    assert (late.ready, now.ready, now.outbox_depth) == (False, True, 4)


def test_metrics_that_have_no_day_and_names_that_are_none_of_ours_are_counted(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        for message in (told(5 * DAY_NS, egov_ready=1), told(-3 * DAY_NS, egov_ready=1), told(citizen_age=42)):
            assert export(endpoint, message, METRICS).partial_success.rejected_data_points == 1
    assert reports_of(engine) == []


def test_days_of_metrics_are_dropped(engine: sa.Engine, postgres: Stack) -> None:
    day = "metric_20200101"
    made = f"CREATE TABLE {day} PARTITION OF metric FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
    with postgres.database("casetrace", owner=True) as owner:
        owner.execute(made.encode())
    with engine.begin() as connection:
        keep_days(connection, ["metric"], 3)
        assert connection.exec_driver_sql("SELECT to_regclass(%s)", (day,)).scalar_one() is None
        with pytest.raises(sa.exc.DBAPIError, match="only"):
            keep_days(connection, ["case_event"], 3)


def test_bytes_that_are_no_request_are_refused(engine: sa.Engine) -> None:
    with door(engine) as endpoint, pytest.raises(grpc.RpcError) as refused:
        export(endpoint, SimpleNamespace(SerializeToString=lambda: b"\xff\xff\xff"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
