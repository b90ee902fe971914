"""The export of metrics against real gRPC servers: one that takes them, one that does not, none at all."""

from __future__ import annotations

import logging
import time

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client import CollectorRegistry, Gauge

from deploy.local.ports import Ports
from services.chassis import metrics_export
from services.chassis.metrics_export import MetricsExport
from tests.integration.observability.taking import Taking, serving
from tests.waiting import wait_for


@pytest.fixture
def registry() -> CollectorRegistry:
    """One metric, whose value counts how often it was looked at."""
    made = CollectorRegistry()
    looks = iter(range(1, 1_000_000))
    Gauge("egov_outbox_depth", "Events that wait to be sent.", registry=made).set_function(lambda: next(looks))
    return made


def value(request: ExportMetricsServiceRequest) -> float:
    (metric,) = request.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.gauge.data_points
    return float(point.as_double)


def test_metrics_arrive_with_who_sent_them_every_so_often_and_at_the_stop(registry: CollectorRegistry) -> None:
    taking = Taking()
    with serving(taking) as endpoint:
        export = MetricsExport("grid", endpoint, 0.05, registry)
        export.start()
        first, second = taking.sent.get(timeout=10), taking.sent.get(timeout=10)
        export.stop()
        rest = [taking.sent.get_nowait() for _ in range(taking.sent.qsize())]
    said = {each.key: each.value.string_value for each in first.resource_metrics[0].resource.attributes}
    assert said["service.name"] == "grid" and said["service.instance.id"]
    assert [value(each) for each in (first, second, *rest)] == [float(n) for n in range(1, 3 + len(rest))]
    assert rest, "the last figures are sent at the stop"


def test_a_collector_that_takes_no_metrics_is_asked_once(
    registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serving(None) as endpoint:
        export = MetricsExport("grid", endpoint, 0.01, registry)
        export.start()
        wait_for("the thread ends by itself", lambda: not export._thread.is_alive())
        export.stop()
    assert [record.getMessage() for record in caplog.records] == ["the collector takes no metrics; none are sent"]
    assert registry.get_sample_value("egov_outbox_depth") == 2, "looked at once"


def test_a_collector_that_is_away_harms_nobody_is_said_once_and_is_found_when_it_comes(
    registry: CollectorRegistry, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_export, "ATTEMPT_S", 0.2)
    ports = Ports({}, free=True)
    address = ports.address("collector")
    export = MetricsExport("grid", f"http://{address}", 0.01, registry)
    export.start()
    wait_for("it tries again and again", lambda: (registry.get_sample_value("egov_outbox_depth") or 0) > 10)
    taking = Taking()
    ports.release()
    with serving(taking, address):
        taking.sent.get(timeout=30)
        export.stop()
    assert [record.getMessage() for record in caplog.records] == ["metrics could not be sent"]


def test_a_stop_does_not_wait_for_a_collector_that_is_away(registry: CollectorRegistry) -> None:
    ports = Ports({}, free=True)
    export = MetricsExport("grid", f"http://{ports.address('collector')}", 3600, registry)
    export.start()
    began = time.monotonic()
    export.stop()
    assert time.monotonic() - began < 2 * metrics_export.LAST_ATTEMPT_S + 0.5
    assert not export._thread.is_alive()
    ports.release()


def test_an_address_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="without TLS is for this machine only"):
        MetricsExport("grid", "http://collector.example:4317", 60)
