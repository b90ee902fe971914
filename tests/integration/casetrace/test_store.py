"""What the stores of the case trace do, one suite for the fakes and the real ones where there are both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from observability.casetrace.domain.cases import case_of
from observability.casetrace.domain.effects import Source, Troubles
from observability.casetrace.domain.facts import in_order
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore, SourceStore
from observability.casetrace.store.housekeeping import keep_months
from observability.casetrace.usecases import take_events
from services.kernel.errors import Refusal
from tests.integration.casetrace.cases import ELSEWHERE, OTHER, Stores, numbers, other, real, take
from tests.unit.casetrace.samples import (
    CASE,
    FakeCases,
    FakeEffects,
    FakeEvents,
    at,
    course,
    effect,
    event_id,
)
from tests.unit.fakes import NOW


@pytest.fixture
def stores(backing: str, request: pytest.FixtureRequest) -> Stores:
    if backing == "fake":
        return Stores(FakeEvents(), FakeCases(), FakeEffects())
    return real(request.getfixturevalue("connection"))


def test_events_are_kept_as_they_came_and_once(stores: Stores) -> None:
    assert stores.events.add(course()) == course()
    assert stores.events.add([course()[0], other(OTHER)]) == [other(OTHER)]
    assert in_order(stores.events.of_cases([CASE])[CASE]) == in_order(course())


def test_a_case_is_kept_as_its_events_make_it(stores: Stores) -> None:
    late_first = [*course()[4:], *course()[:4]]
    for facts in (late_first[:3], late_first[3:5], late_first[5:]):
        take_events(stores.events, stores.cases, facts)
    assert stores.cases.lock([CASE]) == {CASE: case_of(course())}


def test_what_became_of_an_event_is_kept_in_the_place_of_what_was_known(connection: sa.Connection) -> None:
    effects = EffectStore(connection)
    first, second = effect(event_id(1), "retrying", reason="NOT_HERE", due_at=at(1)), effect(event_id(2))
    effects.keep([first, second])
    effects.keep([replace(first, outcome="taken", reason="", due_at=None, attempts=4)])
    found = effects.of_case(CASE)
    assert found[event_id(1)] == [replace(first, outcome="taken", reason="", due_at=None, attempts=4)]
    effects.void("notification", (NOW + timedelta(days=1)).date())
    assert len(effects.of_case(CASE)) == 2
    effects.void("notification", NOW.date())
    assert effects.of_case(CASE) == {}


def test_which_consumers_take_which_events_is_learnt_from_what_became_of_them(connection: sa.Connection) -> None:
    effects, kind = EffectStore(connection), effect(event_id(1)).event_type
    effects.keep([effect(event_id(1), decided_at=at(2)), effect(event_id(2), consumer="another", decided_at=at(3))])
    effects.keep([effect(event_id(3), decided_at=at(1)), effect(event_id(4), decided_at=at(9))])
    assert [taker[1:] for taker in effects.takers([kind])] == [
        ("notification", "another", at(3), at(3)),
        ("notification", "incident-notices", at(1), at(9)),
    ]
    assert effects.takers(["egov.grid.v1.Other"]) == []


def test_troubles_are_counted_by_case(connection: sa.Connection) -> None:
    outcomes = ("taken", "parked", "parked", "retrying", "refused", "discarded")
    effects = EffectStore(connection)
    effects.keep([effect(event_id(number), outcome) for number, outcome in enumerate(outcomes)])
    effects.keep([effect(event_id(9), case_number=OTHER)])
    assert effects.troubles([CASE, OTHER, ELSEWHERE]) == {CASE: Troubles(parked=2, retried=1, refused=1)}


def test_the_service_that_was_not_asked_for_longest_is_next(connection: sa.Connection) -> None:
    sources = SourceStore(connection)
    assert sources.next(["grid", "identity"], NOW, 2.0) == Source("grid", "", None)
    sources.move(Source("grid", "", None), "a", NOW, NOW)
    assert sources.next(["grid", "identity"], NOW, 2.0) == Source("identity", "", None)
    sources.move(Source("identity", "", None), "b", NOW, None)
    assert sources.next(["grid", "identity"], NOW, 2.0) is None
    assert sources.next(["grid", "identity"], at(1), 2.0) == Source("grid", "a", NOW)
    assert sources.all(["grid", "new"]) == [Source("grid", "a", NOW), Source("new", "", None)]


def test_of_two_that_read_a_service_at_once_one_is_refused(connection: sa.Connection) -> None:
    sources = SourceStore(connection)
    sources.move(Source("grid", "", None), "a", NOW, NOW)
    with pytest.raises(Refusal, match="STALE_VERSION"):
        sources.move(Source("grid", "", None), "b", NOW, NOW)


def test_a_case_outside_the_callers_region_is_not_there(connection: sa.Connection) -> None:
    take(connection, *course())
    assert CaseStore(connection).load(CASE, "3711") == case_of(course())
    with pytest.raises(Refusal, match="CASE_NOT_FOUND"):
        CaseStore(connection).load(CASE, "371103")
    assert numbers(connection, bound="371103") == []


def test_what_came_before_its_month_was_made_is_moved_there(connection: sa.Connection, postgres: Stack) -> None:
    month = f"case_event_{NOW:%Y%m}"
    with postgres.database("casetrace", owner=True) as owner:
        owner.execute(f"DROP TABLE IF EXISTS {month}".encode())
    take(connection, *course())
    assert connection.exec_driver_sql("SELECT count(*) FROM case_event_rest").scalar_one() == len(course())
    keep_months(connection, 12)
    assert connection.exec_driver_sql("SELECT count(*) FROM case_event_rest").scalar_one() == 0
    assert connection.exec_driver_sql(f"SELECT count(*) FROM {month}").scalar_one() == len(course())


def test_what_is_past_its_keeping_is_dropped(connection: sa.Connection) -> None:
    long_ago = -24 * 400
    take(connection, *course(), other(OTHER, long_ago, id=event_id(1, at(long_ago))))
    EffectStore(connection).keep([effect(event_id(1, at(long_ago)), case_number=OTHER), effect(course()[0].id)])
    keep_months(connection, 12)
    assert numbers(connection) == [CASE]
    assert EffectStore(connection).of_case(OTHER) == {} and EffectStore(connection).of_case(CASE) != {}
