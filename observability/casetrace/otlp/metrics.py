"""From OTLP metrics to reports: one for each process and request. Names that the registry lacks are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from observability.casetrace.domain.reports import OWN_QUESTIONS, Process, Report, is_fault
from observability.collector.otlp import service_of
from services.chassis import telemetry_registry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**53
_LONGEST_LABEL = 80
_MOST_CONSUMERS = 200
KNOWN = {**telemetry_registry.METRICS, **telemetry_registry.PROCESS_METRICS}
# How OTLP may tell a kind of metric that the registry names; what goes up and down is a sum to some.
KINDS = {"counter": ("sum",), "gauge": ("gauge", "sum"), "histogram": ("histogram",)}
CALL_SECONDS = "egov_call_seconds"
CALL_BOUNDS = telemetry_registry.METRICS[CALL_SECONDS].buckets

Points = Sequence[Any]


def reports(request: ExportMetricsServiceRequest) -> tuple[list[Report], int]:
    """What the processes of a request tell, and how many of its points are none that may be told."""
    told: list[Report] = []
    rejected = 0
    for resource_metrics in request.resource_metrics:
        by_name: dict[str, list[Any]] = {}
        for metric in (metric for scope in resource_metrics.scope_metrics for metric in scope.metrics):
            points, others = _fitting(metric)
            by_name.setdefault(metric.name, []).extend(points)
            rejected += others
        report = _report(service_of(resource_metrics.resource), _instance(resource_metrics), by_name)
        told += [report] if report is not None else []
    return told, rejected


def _fitting(metric: pb.Metric) -> tuple[list[Any], int]:
    """The points of a metric that the registry knows, told as counts since the start, and how many are others."""
    kind = metric.WhichOneof("data")
    if kind is None:
        return [], 0
    data = getattr(metric, kind)
    entry = KNOWN.get(metric.name)
    if entry is None or kind not in KINDS[entry.type] or _is_delta(data):
        return [], len(data.data_points)
    check = _is_histogram if kind == "histogram" else _is_number
    fitting = [point for point in data.data_points if check(point) and 0 < point.time_unix_nano < _LARGEST * 1000]
    return fitting, len(data.data_points) - len(fitting)


def _is_delta(data: Any) -> bool:
    temporality = getattr(data, "aggregation_temporality", pb.AGGREGATION_TEMPORALITY_CUMULATIVE)
    return bool(temporality != pb.AGGREGATION_TEMPORALITY_CUMULATIVE)


def _is_number(point: Any) -> bool:
    return -_LARGEST < _value(point) < _LARGEST


def _is_histogram(point: Any) -> bool:
    return tuple(point.explicit_bounds) == CALL_BOUNDS and len(point.bucket_counts) == len(CALL_BOUNDS) + 1


def _value(point: Any) -> float:
    kind = point.WhichOneof("value")
    return float(getattr(point, kind)) if kind else 0.0


def _report(service: str, instance: str, told: Mapping[str, Points]) -> Report | None:
    """What one process tells; None where it tells nothing that is kept."""
    kept = {name: points for name, points in told.items() if name in _KEPT and points}
    if not kept:
        return None
    starts = [point.start_time_unix_nano for points in told.values() for point in points if point.start_time_unix_nano]
    at = max(point.time_unix_nano for points in kept.values() for point in points)
    facts: dict[str, Any] = {}
    for name, points in kept.items():
        facts |= _KEPT[name](points)
    began_at = _moment(min(starts)) if starts else None
    return Report(Process(service, instance, began_at), _moment(at), **facts)


def _counts(points: Points) -> dict[str, Any]:
    answered = [(_label(point, "code"), int(_value(point))) for point in points if not _is_own(point)]
    failed = (count for code, count in answered if is_fault(code))
    return {"calls": _whole(sum(count for _, count in answered)), "failed": _whole(sum(failed))}


def _durations(points: Points) -> dict[str, Any]:
    counts = [point.bucket_counts for point in points if not _is_own(point)]
    none = [0] * (len(CALL_BOUNDS) + 1)
    return {"seconds": tuple(_whole(sum(each)) for each in zip(none, *counts, strict=True))}


def _whole(number: float) -> int:
    """A count that the database takes."""
    return min(max(int(number), 0), _LARGEST)


def _number(field: str, kind: Callable[[float], Any] = _whole) -> Callable[[Points], dict[str, Any]]:
    return lambda points: {field: kind(_value(points[-1]))}


def _by_consumer(field: str) -> Callable[[Points], dict[str, Any]]:
    def read(points: Points) -> dict[str, Any]:
        found: dict[str, int] = {}
        for point in points[:_MOST_CONSUMERS]:
            consumer = _label(point, "consumer")
            found[consumer] = found.get(consumer, 0) + _whole(_value(point))
        return {field: found}

    return read


_KEPT: Mapping[str, Callable[[Points], dict[str, Any]]] = {
    "egov_calls_total": _counts,
    CALL_SECONDS: _durations,
    "egov_outbox_depth": _number("outbox_depth"),
    "egov_outbox_age_seconds": _number("outbox_age", float),
    "egov_relay_leads": _number("leads", bool),
    "egov_ready": _number("ready", bool),
    "egov_restored": _number("restored", bool),
    "egov_pool_in_use": _number("pool_in_use"),
    "egov_pool_size": _number("pool_size"),
    "egov_consumer_lag": _by_consumer("lags"),
    "egov_parked": _by_consumer("parkeds"),
}


def _is_own(point: Any) -> bool:
    return _label(point, "method") == OWN_QUESTIONS


def _label(point: Any, name: str) -> str:
    return _text(point.attributes, name)[:_LONGEST_LABEL]


def _instance(resource_metrics: pb.ResourceMetrics) -> str:
    return _text(resource_metrics.resource.attributes, "service.instance.id")[:_LONGEST_LABEL]


def _text(pairs: Iterable[KeyValue], name: str) -> str:
    found: Iterator[str] = (pair.value.string_value for pair in pairs if pair.key == name)
    return next(found, "")


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
