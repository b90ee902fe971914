import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from services.chassis import telemetry
from tests.integration.gateway.pki import Root
from tests.integration.observability.collector import Collector, collector, wait_for
from tests.integration.observability.taking import Taking, serving

METHOD = "egov.grid.v1.GridService/FileIncident"
EXPORT = "/opentelemetry.proto.collector.{0}.v1.{1}Service/Export"

# A program that knows the OpenTelemetry SDK and nothing of ours.
STOCK = """
import sys
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "member"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1], insecure=True)))
tracer = provider.get_tracer("stock")
attributes = {"egov.case.number": "371102-20261123-2000427-X", "user.name": "x"}
with tracer.start_as_current_span("outer", attributes=attributes):
    for _ in range(1200):
        with tracer.start_as_current_span("inner", kind=trace.SpanKind.CLIENT):
            pass
assert provider.force_flush()
provider.shutdown()
"""


def _request(number: int, spans: int = 1) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for index in range(spans):
        span = scope.spans.add(name="commit", kind=1, start_time_unix_nano=5, end_time_unix_nano=9)
        span.trace_id, span.span_id = (number + 1).to_bytes(16, "big"), (index + 1).to_bytes(8, "big")
    return request.SerializeToString()


def _export(collected: Collector, request: bytes, method: str = EXPORT.format("trace", "Trace")) -> bytes:
    with grpc.insecure_channel(collected.endpoint.removeprefix("http://")) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method, None, None)
        return call(request, timeout=10, wait_for_ready=True)


def test_a_stock_sdk_in_another_process_is_heard(tmp_path: Path) -> None:
    with collector(tmp_path / "telemetry") as collected:
        subprocess.run([sys.executable, "-c", STOCK, collected.endpoint], check=True, timeout=60)
        spans = collected.spans()
        outer = next(span for span in spans if span.name == "outer")
        assert len(spans) == 1201
        assert (outer.service, outer.attributes) == ("member", {"egov.case.number": "371102-20261123-2000427-X"})
        assert all(span.parent == outer.span and span.kind == "client" for span in spans if span.name == "inner")
        assert json.loads(collected.get("/status"))["bytes"] > 0
        assert b'egov_collector_spans_total{outcome="stored"} 1201.0' in collected.get("/metrics")
        assert b'egov_telemetry_refused_total{kind="foreign_attribute"} 1.0' in collected.get("/metrics")
        assert json.loads(collected.get("/readyz")) == {"ready": True, "waiting_spans": 0}
        assert collected.stop() == 0


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    acknowledged = 0
    for _ in range(3):
        with collector(tmp_path / "telemetry", {"EGOV_TELEMETRY_FILE_MB": "1"}) as collected:
            for _ in range(20):
                _export(collected, _request(acknowledged, spans=50))
                acknowledged += 1
            collected.stop(signal.SIGKILL)
    with collector(tmp_path / "telemetry") as collected:
        assert {int(span.trace, 16) for span in collected.spans()} == set(range(1, acknowledged + 1))
        assert len(collected.spans()) == acknowledged * 50


def test_a_sender_rides_out_a_restart(tmp_path: Path) -> None:
    with collector(tmp_path / "telemetry") as first:
        port = int(first.endpoint.rpartition(":")[2])
        telemetry.setup("grid", "1.0", 1.0, first.endpoint)
        with telemetry.span(METHOD, kind="server"):
            pass
        wait_for(lambda: len(first.spans()) == 1, "the first span arrives")
        assert first.stop() == 0
    with telemetry.span(METHOD, kind="server"):
        pass
    with collector(tmp_path / "telemetry", port=port) as second:
        wait_for(lambda: len(second.spans()) == 2, "the second span arrives")
        telemetry.shutdown()


def test_over_tls_only_a_trusted_identity_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Root(tmp_path, "root")
    own, grid = root.issue("collector"), root.issue("grid")
    stranger = Root(tmp_path, "other").issue("stranger")
    identity = {"EGOV_TLS_TRUST": root.file, "EGOV_TLS_CERT": own.cert, "EGOV_TLS_KEY": own.key}
    with collector(tmp_path / "telemetry", {key: str(path) for key, path in identity.items()}) as collected:
        for sender in (stranger, grid):
            monkeypatch.setenv("EGOV_TLS_TRUST", str(root.file))
            monkeypatch.setenv("EGOV_TLS_CERT", str(sender.cert))
            monkeypatch.setenv("EGOV_TLS_KEY", str(sender.key))
            telemetry.setup(sender.cert.stem, "1.0", 1.0, collected.endpoint)
            with telemetry.span(METHOD, kind="server"):
                pass
            telemetry.shutdown()
        assert [span.service for span in collected.spans()] == ["grid"]


def test_logs_and_metrics_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with collector(tmp_path / "telemetry") as collected:
        for method in (EXPORT.format("logs", "Logs"), EXPORT.format("metrics", "Metrics")):
            with pytest.raises(grpc.RpcError) as refusal:
                _export(collected, b"", method)
            assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert "this collector takes no" in str(refusal.value.details())


def test_logs_and_metrics_are_taken_where_somebody_is_there_to_pass_them_on_to(tmp_path: Path) -> None:
    taking, sent = Taking(), ExportMetricsServiceRequest()
    sent.resource_metrics.add().resource.attributes.add(key="service.name").value.string_value = "grid"
    with serving(taking) as behind:
        forward = {"EGOV_COLLECTOR_FORWARD": behind.removeprefix("http://")}
        with collector(tmp_path / "telemetry", forward) as collected:
            for method in (EXPORT.format("logs", "Logs"), EXPORT.format("metrics", "Metrics")):
                assert _export(collected, sent.SerializeToString(), method) == b""
            assert taking.sent.get(timeout=10) == sent


def test_a_store_that_fails_is_told_to_senders_and_to_readiness(tmp_path: Path) -> None:
    with collector(tmp_path / "telemetry", {"EGOV_TELEMETRY_FILE_MB": "1"}) as collected:
        _export(collected, _request(0, spans=5000))
        _export(collected, _request(1))
        for path in (tmp_path / "telemetry").iterdir():
            path.unlink()
        (tmp_path / "telemetry").rmdir()
        with pytest.raises(grpc.RpcError) as refusal:
            for number in range(2, 10):
                _export(collected, _request(number, spans=5000))
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        trailing = {item.key: item.value for item in refusal.value.trailing_metadata()}
        status = Status.FromString(trailing["grpc-status-details-bin"])
        retry = RetryInfo()
        assert status.details[0].Unpack(retry) and retry.retry_delay.seconds == 1
        assert trailing["google.rpc.retryinfo-bin"] == retry.SerializeToString()


def test_settings_that_cannot_be_and_a_folder_in_use_end_it_with_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "telemetry"
    bad = collector(folder, {"EGOV_TELEMETRY_FILES": "x", "EGOV_COLLECTOR_QUEUE": "y"})
    with pytest.raises(AssertionError, match=r"EGOV_TELEMETRY_FILES .*; EGOV_COLLECTOR_QUEUE"), bad:
        pass
    second = collector(folder)
    refused = pytest.raises(AssertionError, match="collector: another collector writes")
    with collector(folder), refused, second:
        pass


@pytest.mark.parametrize("away", ["no collector", "a collector that hangs"])
def test_a_collector_that_is_away_does_not_slow_a_span(tmp_path: Path, away: str) -> None:
    with collector(tmp_path / "telemetry") as collected:
        collected.process.send_signal(signal.SIGSTOP if away == "a collector that hangs" else signal.SIGKILL)
        telemetry.setup("grid", "1.0", 1.0, collected.endpoint)
        each_took = []
        began = time.perf_counter()
        for _ in range(20_000):
            each = time.perf_counter()
            with telemetry.span(METHOD, kind="server"):
                pass
            each_took.append(time.perf_counter() - each)
        took = time.perf_counter() - began
        stopping = time.perf_counter()
        telemetry.shutdown()
        assert took < 10, "20,000 spans, far more than the buffer holds"
        assert sorted(each_took)[-20] < 0.1
        assert time.perf_counter() - stopping < 5
