"""What comes by OTLP of metrics."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb

from deploy.local.stack import Stack
from observability.casetrace.domain.reports import Report
from observability.casetrace.store.housekeeping import keep_days
from observability.casetrace.store.metrics import MetricStore
from observability.collector.otlp import METRICS
from tests.integration.casetrace.doors import door, export
from tests.integration.casetrace.test_otlp import DAY_NS

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
