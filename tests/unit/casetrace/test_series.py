"""From plain numbers to lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from observability.casetrace.domain.reports import Process, Report
from observability.casetrace.domain.series import Series, Window, quantile, series_of, window_of
from tests.unit.fakes import NOW

BOUNDS = (0.01, 0.1, 1.0)
MINUTE = timedelta(minutes=1)
LAST_3 = Window(NOW, MINUTE, 3)


def after(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def report(
    minutes: float, calls: int | None = None, began: float | None = -600, name: str = "a", **more: Any
) -> Report:
    """What process `name` tells so many minutes into the window. It began at minute `began`."""
    began_at = None if began is None else after(began)
    return Report(Process("grid", name, began_at), after(minutes), calls=calls, **more)


def series(*reports: Report) -> Series:
    return series_of(reports, LAST_3, BOUNDS)


def test_a_count_becomes_a_rate() -> None:
    line = series(report(-1, 100), report(0, 100), report(1, 106), report(2, 106), report(3, 118)).calls
    assert line == (6, 0, 12)


def test_growth_between_two_reports_is_spread_over_the_time_between_them() -> None:
    assert series(report(0.5, 0), report(1.5, 10), report(2.99, 10)).calls[:2] == pytest.approx((5, 5))


def test_the_stretch_that_goes_on_counts_up_to_the_last_report() -> None:
    assert series(report(0, 0), report(1, 0), report(2, 0), report(2.5, 4)).calls[2] == pytest.approx(8)


def test_a_restart_begins_with_nothing_and_loses_nothing() -> None:
    line = series(report(0, 50), report(1, 56), report(2, 3, began=1.2, name="b"), report(3, 3, began=1.2, name="b"))
    assert line.calls == pytest.approx((6, 3, 0))


def test_a_count_that_falls_began_anew() -> None:
    told = [report(minutes, calls, began=None) for minutes, calls in ((0, 50), (1, 56), (2, 4), (3, 4))]
    assert series(*told).calls == pytest.approx((6, 4, 0))


def test_processes_of_one_service_are_added_up() -> None:
    both = [report(minutes, 2 * minutes, name=name) for name in "ab" for minutes in (0, 1, 2, 3)]
    assert series(*both).calls == pytest.approx((4, 4, 4))


def test_where_nobody_told_there_is_nothing_and_what_came_before_the_window_does_not_count() -> None:
    line = series(report(-1, 100), report(0.5, 100), report(2.5, 100)).calls
    assert line == (0, None, 0)


def test_late_reports_and_doubles_change_nothing() -> None:
    told = [report(minutes, 2 * minutes) for minutes in (0, 1, 2, 3)]
    assert series(*reversed(told)) == series(*told)


def test_durations_are_those_of_the_stretch() -> None:
    first, second = (0, 100, 0, 0), (98, 100, 2, 0)
    line = series(report(0, 0, seconds=first), report(0.99, 0, seconds=second))
    assert line.p50[0] == pytest.approx(0.0051, abs=1e-4)
    assert line.p99[0] == pytest.approx(0.55)
    assert line.p50[1:] == (None, None)


def test_quantiles_are_as_prometheus_has_them() -> None:
    assert quantile(0.5, (0, 4, 0, 0), BOUNDS) == pytest.approx(0.055)
    assert quantile(0.99, (0, 0, 0, 3), BOUNDS) == 1.0
    assert quantile(0.5, (0, 0, 0, 0), BOUNDS) is None


def test_of_what_stands_at_a_moment_the_most_is_shown() -> None:
    told = (
        report(0.2, outbox_depth=7, outbox_age=1.5, parkeds={"c": 1, "d": 2}),
        report(0.8, outbox_depth=3, outbox_age=0.0, parkeds={"c": 1}),
        report(0.8, outbox_depth=3, name="b", parkeds={"c": 1}),
    )
    line = series(*told)
    assert (line.outbox_depth[0], line.outbox_age[0], line.parked[0]) == (7, 1.5, 3)
    assert line.outbox_depth[1] is None


def test_lag_is_added_up_over_the_processes_that_are_there_at_the_end() -> None:
    window = Window(NOW, 60 * MINUTE, 1)
    told = (
        report(5, name="gone", lags={"c": 500}),
        report(59, name="a", lags={"c": 4}),
        report(59.2, name="b", lags={"c": 3}),
    )
    assert series_of(told, window, BOUNDS).lag == (7,)


@pytest.mark.parametrize(("hours", "stretch", "count"), [(1, 1, 60), (3, 3, 60), (12, 15, 48), (48, 60, 48)])
def test_a_window_ends_with_the_stretch_that_goes_on(hours: int, stretch: int, count: int) -> None:
    window = window_of(NOW + timedelta(seconds=61), hours)
    assert (window.stretch, window.stretches) == (timedelta(minutes=stretch), count)
    assert window.end - window.stretch <= NOW + timedelta(seconds=61) < window.end
    assert window.start.second == 0
