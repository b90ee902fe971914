import math

from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.chassis import metrics
from services.chassis.metrics_export import request_of
from services.chassis.telemetry_registry import METRICS, PROCESS_METRICS

NOW = 1_764_000_000_000_000_000


def _sent(registry: CollectorRegistry) -> dict[str, pb.Metric]:
    request = request_of(registry.collect(), [], NOW)
    (scope,) = request.resource_metrics[0].scope_metrics
    return {metric.name: metric for metric in scope.metrics}


def _labels(point: pb.NumberDataPoint | pb.HistogramDataPoint) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in point.attributes}


def test_counters_are_cumulative_sums_under_their_own_names() -> None:
    registry = CollectorRegistry()
    calls = Counter("egov_calls_total", "Calls.", ("method", "code"), registry=registry)
    calls.labels("egov.grid.v1.GridService/X", "OK").inc(3)
    calls.labels("egov.grid.v1.GridService/X", "NOT_FOUND").inc()
    told = _sent(registry)["egov_calls_total"]
    assert told.sum.is_monotonic
    assert told.sum.aggregation_temporality == pb.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert {_labels(point)["code"]: point.as_double for point in told.sum.data_points} == {"OK": 3, "NOT_FOUND": 1}
    assert {point.time_unix_nano for point in told.sum.data_points} == {NOW}
    assert all(point.start_time_unix_nano > 0 for point in told.sum.data_points)


def test_a_histogram_counts_between_its_bounds() -> None:
    registry = CollectorRegistry()
    seconds = Histogram("egov_call_seconds", "Time.", ("method",), registry=registry, buckets=(0.01, 0.1, 1))
    for value in (0.005, 0.02, 0.03, 5.0):
        seconds.labels("a").observe(value)
    seconds.labels("b").observe(0.5)
    told = _sent(registry)["egov_call_seconds"]
    points = {_labels(point)["method"]: point for point in told.histogram.data_points}
    assert list(points["a"].explicit_bounds) == [0.01, 0.1, 1]
    assert list(points["a"].bucket_counts) == [1, 2, 0, 1]
    assert (points["a"].count, round(points["a"].sum, 3)) == (4, 5.055)
    assert list(points["b"].bucket_counts) == [0, 0, 1, 0]
    assert told.unit == "s"


def test_what_nobody_knows_is_not_told() -> None:
    registry = CollectorRegistry()
    Gauge("egov_ready", "Ready.", registry=registry).set(math.nan)
    Counter("egov_events_out_total", "Events.", ("type",), registry=registry)
    Gauge("egov_outbox_depth", "Depth.", registry=registry).set(7)
    told = _sent(registry)
    assert set(told) == {"egov_outbox_depth"}
    (point,) = told["egov_outbox_depth"].gauge.data_points
    assert point.as_double == 7


def test_what_a_process_sends_is_what_it_shows() -> None:
    metrics.event_out("egov.grid.v1.Tested")
    told = _sent(metrics.REGISTRY)
    assert set(told) <= set(METRICS) | set(PROCESS_METRICS)
    assert {"egov_events_out_total", "egov_outbox_depth", "process_cpu_seconds_total"} <= set(told)
    assert told["egov_events_out_total"].description == METRICS["egov_events_out_total"].meaning
