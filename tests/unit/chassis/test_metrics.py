import subprocess
import sys
from datetime import UTC, datetime, timedelta

from services.chassis import metrics, telemetry_registry
from tests.contract.system import ROOT

ALONE = "from services.chassis import metrics; print(metrics.render().decode())"


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_every_function_moves_its_metric() -> None:
    method = "egov.grid.v1.GridService/Test"
    metrics.call(method, "OK", 0.004)
    metrics.event_out("egov.grid.v1.Tested")
    metrics.event_in("tests", "done")
    metrics.event_skipped("tests")
    metrics.consumer_lag("tests", "egov.grid.v1", 3, 17)
    metrics.outbox(4, 1.5)
    metrics.parked("tests", 2)
    metrics.jobs("pending", 6)
    metrics.pool(lambda: 3, 16)
    metrics.relay_leads(lambda: True)
    metrics.ready(True)
    metrics.restored(lambda: True)
    metrics.retried()
    metrics.job_run("tests", "done")
    metrics.job_run("tests", "retried")
    metrics.call_error(method, "STALE_VERSION")
    assert _value("egov_calls_total", method=method, code="OK") == 1
    assert _value("egov_call_seconds_bucket", method=method, le="0.005") == 1
    assert _value("egov_events_out_total", type="egov.grid.v1.Tested") == 1
    assert _value("egov_events_in_total", consumer="tests", outcome="done") == 1
    assert _value("egov_events_skipped_total", consumer="tests") == 1
    assert _value("egov_consumer_lag", consumer="tests", topic="egov.grid.v1", partition="3") == 17
    assert (_value("egov_outbox_depth"), _value("egov_outbox_age_seconds")) == (4, 1.5)
    assert (_value("egov_parked", consumer="tests"), _value("egov_jobs", state="pending")) == (2, 6)
    assert (_value("egov_pool_in_use"), _value("egov_pool_size")) == (3, 16)
    assert (_value("egov_relay_leads"), _value("egov_ready"), _value("egov_restored")) == (1, 1, 1)
    assert _value("egov_job_runs_total", job_name="tests", outcome="done") == 1
    assert _value("egov_retries_total") == 2
    assert _value("egov_call_errors_total", method=method, reason="STALE_VERSION") == 1


def test_a_partition_that_went_elsewhere_is_no_longer_told() -> None:
    metrics.consumer_lag("tests", "egov.grid.v1", 4, 1)
    metrics.forget_consumer_lag("tests", "egov.grid.v1", 4)
    metrics.forget_consumer_lag("tests", "egov.grid.v1", 4)
    assert b'partition="4"' not in metrics.render()


def test_a_process_that_is_no_service_looks_neither_unready_nor_expired() -> None:
    told = subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "egov_tls_expiry_seconds NaN" in told and "egov_ready NaN" in told


def test_the_time_a_tls_identity_has_left_is_worked_out_when_asked() -> None:
    metrics.tls_expiry(datetime.now(UTC) + timedelta(hours=1))
    assert 3590 < _value("egov_tls_expiry_seconds") <= 3600


def test_all_registered_metrics_of_a_service_are_told_with_their_meaning() -> None:
    text = metrics.render().decode()
    telemetry_registry.refused["tests"] += 1
    for name, entry in telemetry_registry.METRICS.items():
        if not name.startswith("egov_collector"):
            assert f"# HELP {name} {entry.meaning}" in text
