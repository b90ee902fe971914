from datetime import UTC, datetime, timedelta

from services.chassis import metrics, telemetry_registry


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
    metrics.pool_in_use(3)
    metrics.retried()
    assert _value("egov_calls_total", method=method, code="OK") == 1
    assert _value("egov_call_seconds_bucket", method=method, le="0.005") == 1
    assert _value("egov_events_out_total", type="egov.grid.v1.Tested") == 1
    assert _value("egov_events_in_total", consumer="tests", outcome="done") == 1
    assert _value("egov_events_skipped_total", consumer="tests") == 1
    assert _value("egov_consumer_lag", consumer="tests", topic="egov.grid.v1", partition="3") == 17
    assert (_value("egov_outbox_depth"), _value("egov_outbox_age_seconds")) == (4, 1.5)
    assert (_value("egov_parked", consumer="tests"), _value("egov_jobs", state="pending")) == (2, 6)
    assert (_value("egov_pool_in_use"), _value("egov_retries_total")) == (3, 1)


def test_a_partition_that_went_elsewhere_is_no_longer_told() -> None:
    metrics.consumer_lag("tests", "egov.grid.v1", 4, 1)
    metrics.forget_consumer_lag("tests", "egov.grid.v1", 4)
    metrics.forget_consumer_lag("tests", "egov.grid.v1", 4)
    assert b'partition="4"' not in metrics.render()


def test_the_time_a_tls_identity_has_left_is_worked_out_when_asked() -> None:
    metrics.tls_expiry(datetime.now(UTC) + timedelta(hours=1))
    assert 3590 < _value("egov_tls_expiry_seconds") <= 3600


def test_all_registered_metrics_of_a_service_are_told_with_their_meaning() -> None:
    text = metrics.render().decode()
    telemetry_registry.refused["tests"] += 1
    for name, entry in telemetry_registry.METRICS.items():
        if not name.startswith("egov_collector"):
            assert f"# HELP {name} {entry.meaning}" in text
