"""What the health page asks of the tables: reports over time, and events that nobody has taken yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from observability.casetrace.domain.effects import Effect
from observability.casetrace.domain.reports import Process, Report
from observability.casetrace.domain.series import Window, series_of
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.store.metrics import MetricStore
from observability.casetrace.store.open_effects import OpenEffectStore
from observability.casetrace.usecases import take_events
from services.kernel.ids import uuid7
from tests.integration.conftest import Engine
from tests.unit.casetrace.samples import CASE, course, effect, event_id
from tests.unit.casetrace.test_series import BOUNDS

MINUTE = timedelta(minutes=1)
ELSEWHERE = "371103-20261123-2000429-T"


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    with engine_of("casetrace").connect() as opened:
        opened.exec_driver_sql("SELECT set_config('timezone', 'Asia/Shanghai', true)")
        yield opened
        opened.rollback()


@pytest.fixture
def today(connection: sa.Connection) -> Window:
    """Three stretches of a minute, an hour ago."""
    now = connection.exec_driver_sql("SELECT date_trunc('minute', now()) - interval '1 hour'").scalar_one()
    return Window(now, MINUTE, 3)


def told(window: Window) -> list[Report]:
    """A process that restarts in the second minute, every 15 s, one of them twice."""
    first, second = Process("grid", "a", window.start - MINUTE), Process("grid", "b", window.start + 1.3 * MINUTE)
    lives = [(first, -1.0, 1.2), (second, 1.4, 3.0)]
    found = []
    for process, start, end in lives:
        for step in range(int((end - start) * 4) + 1):
            at = window.start + (start + step / 4) * MINUTE
            counts: dict[str, Any] = {"calls": 3 * step, "failed": step, "seconds": (step, 0, step, 0)}
            waits: dict[str, Any] = {"outbox_depth": step, "lags": {"c": step}, "parkeds": {"c": 1, "d": 1}}
            found.append(Report(process, at, outbox_age=0.5, ready=True, **counts, **waits))
    return [*found, found[2]]


def test_thinned_reports_make_the_same_lines_as_all_of_them(connection: sa.Connection, today: Window) -> None:
    store, reports = MetricStore(connection), told(today)
    store.add(reports)
    store.add(reports)
    thinned = store.over(today, MINUTE)
    every = series_of([each for each in reports if each.at > today.start - MINUTE], today, BOUNDS)
    few = series_of(thinned, today, BOUNDS)
    assert len(thinned) < len(reports) / 2
    assert (few.outbox_depth, few.lag, few.parked) == (every.outbox_depth, every.lag, every.parked)
    assert sum(value or 0 for value in few.calls) == pytest.approx(sum(value or 0 for value in every.calls), rel=0.1)
    assert few.p99 == pytest.approx(every.p99, rel=0.1)


def test_the_last_word_of_each_service_is_known(connection: sa.Connection, today: Window) -> None:
    MetricStore(connection).add(told(today))
    heard = MetricStore(connection).heard(["grid", "nobody"])
    assert heard == {"grid": today.end - 0.1 * MINUTE, "nobody": None}


def listed(connection: sa.Connection, bound: str) -> list[str]:
    return [each.event_id for each in OpenEffectStore(connection).listed(bound).effects]


def test_open_events_are_listed_within_the_region_and_those_of_no_case_everywhere(connection: sa.Connection) -> None:
    take_events(EventStore(connection), CaseStore(connection), course()[:1])
    ours, theirs, nobodys = event_id(1), event_id(2), "egov.grid.v1:0:17"
    OpenEffectStore(connection).keep(
        [
            effect(theirs, "waiting", case_number=ELSEWHERE), effect(ours, "retrying"),
            effect(nobodys, "parked", case_number=""), effect(event_id(4), "taken"),
        ]
    )  # fmt: skip
    assert listed(connection, "3711") == [nobodys, ours, theirs]
    assert listed(connection, "371102001") == [nobodys, ours]
    assert listed(connection, "371103") == [nobodys, theirs]
    assert OpenEffectStore(connection).listed("3711").total == 3


def test_an_event_that_is_done_with_is_listed_no_more(connection: sa.Connection) -> None:
    store, parked = OpenEffectStore(connection), effect(event_id(1), "parked", reason="HANDLER_FAILED")
    store.keep([parked])
    assert store.of_event("notification", event_id(1), "37").effects == [parked]
    store.keep([replace(parked, outcome="taken")])
    assert store.of_event("notification", event_id(1), "37").effects == []


def test_of_one_event_it_is_known_what_became_of_it_since(connection: sa.Connection) -> None:
    take_events(EventStore(connection), CaseStore(connection), course()[:1])
    EffectStore(connection).keep([effect(event_id(1), "taken")])
    assert [each.outcome for each in _of_event(connection, "371102")] == ["taken"]
    assert _of_event(connection, "371103") == []
    OpenEffectStore(connection).keep([effect(event_id(1), "parked")])
    assert [each.outcome for each in _of_event(connection, "371102")] == ["parked"]


def _of_event(connection: sa.Connection, bound: str) -> list[Effect]:
    return list(OpenEffectStore(connection).of_event("notification", event_id(1), bound).effects)


def test_what_the_case_trace_could_not_take_itself_is_listed_too(connection: sa.Connection) -> None:
    id = str(uuid7())
    connection.exec_driver_sql(
        "INSERT INTO chassis.parked_event (consumer, key, event_id, event_type, case_number, topic, partition,"
        " record_offset, headers, body, state, reason, attempts) VALUES ('case-events', 'k', %s, 'egov.grid.v1.X',"
        " %s, 'egov.grid.v1', 0, 1, '{}', '', 'DEFERRED', 'DATABASE_BUSY', 2)",
        (id, CASE),
    )
    (found,) = OpenEffectStore(connection).of_event("casetrace", id, "371102").effects
    assert (found.outcome, found.reason, found.case_number) == ("retrying", "DATABASE_BUSY", CASE)
