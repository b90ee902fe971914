"""How a service stands, by what its processes told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from observability.casetrace.domain.health import Standing, State, alerts_of, standing_of
from observability.casetrace.domain.reports import Process, Report
from tests.unit.fakes import NOW

BOUNDS = (0.01, 0.1, 1.0)
UP = Standing(
    "grid", State.UP, NOW, NOW, calls=60.0, failed=0.0, p99=0.1, outbox_age=0.0, lags={}, parkeds={}, pool=0.1
)


def report(ago: float = 5, name: str = "a", **more: Any) -> Report:
    """A process that is ready and leads, seconds ago."""
    plain: dict[str, Any] = {"ready": True, "leads": True, "restored": False, "outbox_depth": 0}
    return Report(Process("grid", name, NOW - timedelta(hours=1)), NOW - timedelta(seconds=ago), **plain | more)


def standing(*reports: Report, heard_at: datetime | None = NOW) -> Standing:
    return standing_of("grid", reports, heard_at, NOW, NOW, BOUNDS)


def test_a_service_that_told_lately_that_it_is_ready_is_up() -> None:
    now = standing(report(80, calls=10), report(20, calls=16))
    assert (now.state, now.processes) == (State.UP, 1)
    assert now.calls == pytest.approx(3.6, abs=0.7)


def test_one_that_does_not_tell_any_more_is_silent_since_its_last_report() -> None:
    now = standing(report(80), heard_at=NOW - timedelta(seconds=80))
    assert (now.state, now.heard_at, now.calls) == (State.SILENT, NOW - timedelta(seconds=80), None)


def test_one_that_never_told_is_unheard_of() -> None:
    assert standing(heard_at=None).state is State.UNHEARD


def test_one_ready_process_is_enough() -> None:
    assert standing(report(), report(name="b", ready=False)).state is State.UP
    assert standing(report(ready=False)).state is State.NOT_READY


def test_the_last_words_of_a_process_that_stopped_do_not_count() -> None:
    now = standing(report(20, "old", ready=False, outbox_depth=9, lags={"c": 40}), report(2, "new", lags={"c": 1}))
    assert (now.state, now.processes, now.outbox_depth, now.lag) == (State.UP, 1, 0, 1)


def test_a_database_that_was_set_back_is_said_first() -> None:
    assert standing(report(restored=True)).state is State.RESTORED


def test_it_has_no_leader_when_something_waits_and_nobody_sends() -> None:
    assert standing(report(leads=False, outbox_depth=2)).state is State.NO_LEADER
    assert standing(report(leads=False, outbox_depth=2), report(name="b", outbox_depth=2)).state is State.UP
    assert standing(report(leads=False)).state is State.UP


def test_rows_of_one_database_are_counted_once_and_lags_are_added_up() -> None:
    now = standing(
        report(parkeds={"c": 2}, lags={"c": 1, "d": 4}, outbox_depth=3),
        report(name="b", parkeds={"c": 2}, lags={"c": 5}, outbox_depth=3),
    )
    assert (now.parked, now.lags, now.outbox_depth) == (2, {"c": 6, "d": 4}, 3)


def test_what_is_well_has_no_alert() -> None:
    assert alerts_of(UP) == []


@pytest.mark.parametrize(
    ("changes", "alert"),
    [
        ({"state": State.SILENT}, "ServiceNotReady"),
        ({"state": State.NOT_READY}, "ServiceNotReady"),
        ({"state": State.RESTORED}, "DatabaseRestored"),
        ({"state": State.NO_LEADER}, "RelayWithoutLease"),
        ({"failed": 4.0}, "CallsFailing"),
        ({"p99": 1.2}, "CallsSlow"),
        ({"outbox_age": 61.0}, "OutboxOld"),
        ({"lags": {"c": 1001}}, "ConsumerLagGrowing"),
        ({"parkeds": {"c": 1}}, "EventsParked"),
        ({"pool": 0.95}, "PoolExhausted"),
    ],
)
def test_beyond_a_bound_the_alert_is_named(changes: dict[str, Any], alert: str) -> None:
    assert alerts_of(replace(UP, **changes)) == [alert]


def test_a_single_call_is_no_share() -> None:
    assert alerts_of(replace(UP, calls=2.0, failed=2.0, p99=4.0)) == []
