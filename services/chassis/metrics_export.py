"""The way of metrics to a collector: what `/metrics` shows, sent by OTLP over gRPC every so often.

Metrics are declared and counted in one place, `metrics`; a thread reads them there, so a call pays nothing for it. A
collector that is away costs one attempt each time, and nobody waits for it. One that takes no metrics says so once
(UNIMPLEMENTED) and is left alone.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

from services.chassis import logs, metrics, telemetry_export, telemetry_registry

log = logging.getLogger(__name__)

ATTEMPT_S = 5.0
LAST_ATTEMPT_S = 1.0
_BEGAN_NS = time.time_ns()
_CUMULATIVE = pb.AGGREGATION_TEMPORALITY_CUMULATIVE


class MetricsExport:
    """Sends the metrics of this process to `endpoint` every `every_s` seconds, and once more at the stop."""

    def __init__(
        self, service: str, endpoint: str, every_s: float, registry: CollectorRegistry | Collector = metrics.REGISTRY
    ) -> None:
        """Raises ValueError for an endpoint that cannot be, as `telemetry.setup` does."""
        self._resource = _attributes(telemetry_export.resource(service, "1").attributes.items())
        self._registry = registry
        self._every_s = every_s
        self._stopping = threading.Event()
        self._failure = ""
        credentials = telemetry_export.credentials(endpoint)
        target = urlsplit(endpoint).netloc
        self._channel = grpc.secure_channel(target, credentials) if credentials else grpc.insecure_channel(target)
        self._export = MetricsServiceStub(self._channel).Export  # type: ignore[no-untyped-call]
        self._thread = threading.Thread(target=self._run, name="metrics-export", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send once more, if that goes within a second."""
        self._stopping.set()
        self._thread.join(2 * LAST_ATTEMPT_S)
        self._channel.close()

    def _run(self) -> None:
        wanted = True
        while wanted:
            last = self._stopping.wait(self._every_s)
            wanted = self._send(LAST_ATTEMPT_S if last else ATTEMPT_S) and not last

    def _send(self, within_s: float) -> bool:
        """One attempt. False when the collector takes no metrics at all."""
        request = request_of(self._registry.collect(), self._resource, time.time_ns())
        try:
            self._export(request, timeout=within_s)
        except grpc.RpcError as error:
            failure = error.code().name
        else:
            failure = ""
        if failure == "UNIMPLEMENTED":
            logs.event(log, logging.INFO, "the collector takes no metrics; none are sent")
        elif failure and failure != self._failure:
            logs.event(log, logging.WARNING, "metrics could not be sent", reason=failure)
        self._failure = failure
        return failure != "UNIMPLEMENTED"


def request_of(families: Iterable[Metric], resource: list[KeyValue], now_ns: int) -> ExportMetricsServiceRequest:
    """Metrics as they stand, as one OTLP request. Names and labels stay; a gauge that is NaN is left out."""
    told = [made for family in families if (made := _metric(family, now_ns)) is not None]
    scope = pb.ScopeMetrics(metrics=told)
    scope.scope.name = "egov.chassis"
    whole = pb.ResourceMetrics(scope_metrics=[scope])
    whole.resource.attributes.extend(resource)
    return ExportMetricsServiceRequest(resource_metrics=[whole])


def _metric(family: Metric, now_ns: int) -> pb.Metric | None:
    """One metric with its points; None when it has none yet."""
    name = f"{family.name}_total" if family.type == "counter" else family.name
    entry = telemetry_registry.METRICS.get(name) or telemetry_registry.PROCESS_METRICS.get(name)
    made = pb.Metric(name=name, description=family.documentation, unit=entry.unit if entry else "")
    if family.type == "histogram":
        made.histogram.aggregation_temporality = _CUMULATIVE
        made.histogram.data_points.extend(_histograms(family.samples, now_ns))
        return made if made.histogram.data_points else None
    points = [_number(sample, now_ns) for sample in family.samples if not math.isnan(sample.value)]
    if family.type == "counter":
        made.sum.is_monotonic = True
        made.sum.aggregation_temporality = _CUMULATIVE
        for point in points:
            point.start_time_unix_nano = _BEGAN_NS
        made.sum.data_points.extend(points)
    else:
        made.gauge.data_points.extend(points)
    return made if points else None


def _number(sample: Sample, now_ns: int) -> pb.NumberDataPoint:
    return pb.NumberDataPoint(
        attributes=_attributes(sample.labels.items()), time_unix_nano=now_ns, as_double=sample.value
    )


def _histograms(samples: Iterable[Sample], now_ns: int) -> Iterable[pb.HistogramDataPoint]:
    """One point for each set of labels. Prometheus counts what is up to a bound, OTLP what lies between two."""
    by_labels: defaultdict[tuple[tuple[str, str], ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_labels[tuple((key, value) for key, value in sample.labels.items() if key != "le")].append(sample)
    for labels, found in by_labels.items():
        buckets = [sample for sample in found if sample.name.endswith("_bucket")]
        counts = [int(sample.value) for sample in buckets]
        (total,) = (sample.value for sample in found if sample.name.endswith("_sum"))
        yield pb.HistogramDataPoint(
            attributes=_attributes(labels),
            start_time_unix_nano=_BEGAN_NS,
            time_unix_nano=now_ns,
            count=counts[-1],
            sum=total,
            explicit_bounds=[float(sample.labels["le"]) for sample in buckets[:-1]],
            bucket_counts=[upper - lower for lower, upper in zip([0, *counts], counts, strict=False)],
        )


def _attributes(pairs: Iterable[tuple[str, object]]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=str(value))) for key, value in pairs]
