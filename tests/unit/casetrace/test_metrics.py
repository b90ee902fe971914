"""What is read from OTLP metrics: counts as they stand, of names that the registry has."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from observability.casetrace.domain.reports import OWN_QUESTIONS, Process, Report
from observability.casetrace.otlp.metrics import reports
from services.chassis import metrics
from services.chassis.metrics_export import request_of
from services.chassis.telemetry_registry import METRICS
from tests.unit.fakes import NOW

NOW_NS = int(NOW.timestamp()) * 1_000_000_000
FILE = "egov.grid.v1.GridService/FileIncident"
BOUNDS = METRICS["egov_call_seconds"].buckets


def said(**labels: str) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in labels.items()]


def resource(service: str = "grid", instance: str = "a") -> list[KeyValue]:
    pairs = {"service.name": service, "service.instance.id": instance}
    return [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in pairs.items()]


def point(value: float = 1, **labels: str) -> Any:
    return pb.NumberDataPoint(time_unix_nano=NOW_NS, as_double=value, attributes=said(**labels))


def request(*metrics: pb.Metric) -> ExportMetricsServiceRequest:
    made = pb.ResourceMetrics(scope_metrics=[pb.ScopeMetrics(metrics=metrics)])
    made.resource.attributes.extend(resource())
    return ExportMetricsServiceRequest(resource_metrics=[made])


def gauge(name: str, *points: Any) -> pb.Metric:
    return pb.Metric(name=name, gauge=pb.Gauge(data_points=points))


def counter(name: str, *points: Any, temporality: Any = pb.AGGREGATION_TEMPORALITY_CUMULATIVE) -> pb.Metric:
    return pb.Metric(name=name, sum=pb.Sum(data_points=points, is_monotonic=True, aggregation_temporality=temporality))


def read(*metrics: pb.Metric) -> tuple[Report | None, int]:
    told, rejected = reports(request(*metrics))
    return (told[0] if told else None), rejected


def of_a_service() -> CollectorRegistry:
    """Metrics as a service has them, after three calls of its own and one question of the case trace."""
    registry = CollectorRegistry()
    calls = Counter("egov_calls", "", ["method", "code"], registry=registry)
    durations = Histogram("egov_call_seconds", "", ["method"], registry=registry, buckets=BOUNDS)
    for method, code, seconds in ((FILE, "OK", 0.004), (FILE, "INVALID_ARGUMENT", 0.001), (FILE, "INTERNAL", 9)):
        calls.labels(method, code).inc()
        durations.labels(method).observe(seconds)
    calls.labels(OWN_QUESTIONS, "OK").inc()
    durations.labels(OWN_QUESTIONS).observe(0.004)
    Gauge("egov_outbox_age_seconds", "", registry=registry).set(1.5)
    Gauge("egov_ready", "", registry=registry).set(1)
    lag = Gauge("egov_consumer_lag", "", ["consumer", "topic", "partition"], registry=registry)
    lag.labels("notices", "egov.grid.v1", "0").set(2)
    lag.labels("notices", "egov.grid.v1", "1").set(3)
    Gauge("egov_parked", "", ["consumer"], registry=registry).labels("notices").set(1)
    return registry


def test_what_a_service_sends_becomes_one_report() -> None:
    (report,), rejected = reports(request_of(of_a_service().collect(), resource(), NOW_NS))
    assert rejected == 0 and report.process[:2] == ("grid", "a") and report.process.began_at is not None
    assert (report.at, report.calls, report.failed) == (NOW, 3, 1)
    assert report.seconds == (1, 1, *[0] * 9, 1)
    assert (report.outbox_age, report.ready, report.restored) == (1.5, True, None)
    assert (report.lags, report.parkeds) == ({"notices": 5}, {"notices": 1})


def test_names_that_the_registry_lacks_are_left_out_and_counted() -> None:
    report, rejected = read(gauge("citizen_age", point(), point()), gauge("egov_ready", point()))
    assert (report, rejected) == (Report(Process("grid", "a", None), NOW, ready=True), 2)
    assert read(gauge("citizen_age", point())) == (None, 1)


def test_registered_names_that_no_page_shows_are_neither_kept_nor_rejected() -> None:
    assert read(gauge("egov_jobs", point(state="FAILED"))) == (None, 0)


def test_counts_since_the_last_export_are_no_counts_since_the_start() -> None:
    delta = counter("egov_calls_total", point(), temporality=pb.AGGREGATION_TEMPORALITY_DELTA)
    assert read(delta) == (None, 1)


def test_a_metric_of_another_kind_than_the_registry_says_is_left_out() -> None:
    assert read(gauge("egov_call_seconds", point())) == (None, 1)
    assert read(gauge("egov_calls_total", point())) == (None, 1)


def test_all_that_a_process_of_ours_tells_is_taken() -> None:
    told, rejected = reports(request_of(metrics.REGISTRY.collect(), resource(), NOW_NS))
    assert (len(told), rejected) == (1, 0)


def test_a_histogram_with_other_bounds_is_left_out() -> None:
    other = pb.HistogramDataPoint(time_unix_nano=NOW_NS, explicit_bounds=[1], bucket_counts=[1, 2])
    data = pb.Histogram(data_points=[other], aggregation_temporality=pb.AGGREGATION_TEMPORALITY_CUMULATIVE)
    assert read(pb.Metric(name="egov_call_seconds", histogram=data)) == (None, 1)


def test_numbers_that_cannot_be_are_left_out() -> None:
    report, rejected = read(gauge("egov_outbox_depth", point(float("nan")), point(1e300), point(-4)))
    assert report is not None and (report.outbox_depth, rejected) == (0, 2)


def test_processes_of_one_request_are_kept_apart() -> None:
    both = request(gauge("egov_ready", point()))
    both.resource_metrics.add().CopyFrom(both.resource_metrics[0])
    del both.resource_metrics[1].resource.attributes[:]
    both.resource_metrics[1].resource.attributes.extend(resource(instance="b"))
    told, _ = reports(both)
    assert [report.process.instance for report in told] == ["a", "b"]
