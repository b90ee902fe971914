"""What the stores of the case trace do, one suite for the fakes and the real ones where there are both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from observability.casetrace.domain.cases import case_of
from observability.casetrace.domain.effects import Source, Troubles
from observability.casetrace.domain.facts import Fact, in_order
from observability.casetrace.domain.failures import Failure
from observability.casetrace.domain.search import Count, LinkedCase, Wanted
from observability.casetrace.store import search
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore, SourceStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.store.housekeeping import keep_months
from observability.casetrace.store.search import SearchStore
from observability.casetrace.store.spans import FailureStore
from observability.casetrace.usecases import take_events
from services.kernel.errors import Refusal
from services.kernel.paging import PageRequest, instant, page_request, plain
from tests.integration.conftest import Engine
from tests.unit.casetrace.samples import (
    CASE,
    CENTRE,
    INCIDENT,
    KITCHENS,
    REGION,
    RUBBISH,
    FakeCases,
    FakeEffects,
    FakeEvents,
    at,
    course,
    effect,
    event_id,
    fact,
)
from tests.unit.fakes import NOW

OTHER, ELSEWHERE = "371102-20261123-2000428-V", "371103-20261123-2000429-T"
COUNTY = Wanted(bound="371102")


class Stores(NamedTuple):
    """Where events, cases and effects are kept."""

    events: Any
    cases: Any
    effects: Any


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    with engine_of("casetrace").connect() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def stores(backing: str, request: pytest.FixtureRequest) -> Stores:
    if backing == "fake":
        return Stores(FakeEvents(), FakeCases(), FakeEffects())
    return real(request.getfixturevalue("connection"))


def real(connection: sa.Connection) -> Stores:
    return Stores(EventStore(connection), CaseStore(connection), EffectStore(connection))


def take(connection: sa.Connection, *facts: Fact) -> None:
    """Take events, each by itself."""
    events, cases, _ = real(connection)
    for each in facts:
        take_events(events, cases, [each])


def other(number: str, hours: float = 1.0, **more: Any) -> Fact:
    """The only event of another case."""
    own = {
        "id": event_id(int(number[-9:-2]), at(hours)),
        "case_number": number,
        "aggregate_id": event_id(99, at(hours)),
    }
    return replace(fact(hours, phase="opens", holder=CENTRE, region=number[:6] + "001001"), **own | more)


def failed(number: str, reason: str) -> Failure:
    """A call for a case that failed just now; records of calls are kept for days."""
    return Failure(datetime.now(UTC), "t", "s", "grid", "m", "ABORTED", reason, 1.0, number)


def numbers(connection: sa.Connection, **wanted: Any) -> list[str]:
    """The cases that pass, in their order."""
    found = SearchStore(connection).page(replace(COUNTY, **wanted), PageRequest())
    return [case.number for case in found.rows]


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


@pytest.fixture(params=["looked up", "passed by"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which a list is made: that of a filter which lets few cases through, and that of many."""
    if request.param == "passed by":
        monkeypatch.setattr(search, "FEW", -1)


@pytest.mark.usefixtures("way")
def test_each_filter_lets_through_what_it_says(connection: sa.Connection) -> None:
    take(connection, *course()[:5], other(OTHER), other(ELSEWHERE))
    EffectStore(connection).keep([effect(course()[1].id, "parked", reason="HANDLER_FAILED")])
    FailureStore(connection).add([failed(OTHER, reason="STALE_VERSION")])
    assert numbers(connection) == [CASE, OTHER]
    assert numbers(connection, bound="37") == [CASE, ELSEWHERE, OTHER]
    assert numbers(connection, number="371102-20261123-2000428") == [OTHER]
    assert numbers(connection, number=CASE) == [CASE]
    assert numbers(connection, holder=KITCHENS) == [CASE]
    assert numbers(connection, region=REGION) == [CASE, OTHER]
    assert numbers(connection, region="371102002") == []
    assert numbers(connection, is_open=True) == [CASE, OTHER]
    assert numbers(connection, is_open=False) == []
    assert numbers(connection, subject_type=RUBBISH) == [CASE]
    assert numbers(connection, subject_type="06010") == [CASE]
    assert numbers(connection, subject_type="GB/T 47678.5-2026/component/06010") == []
    assert numbers(connection, event_type="egov.grid.v1.RectificationOrdered") == [CASE]
    assert numbers(connection, last_event_type="egov.grid.v1.RectificationOrdered") == [CASE]
    assert numbers(connection, event_type="egov.grid.v1.IncidentFiled") == [CASE]
    assert numbers(connection, reason="HANDLER_FAILED") == [CASE]
    assert numbers(connection, reason="STALE_VERSION") == [OTHER]
    assert numbers(connection, about=INCIDENT) == [CASE]
    assert numbers(connection, active_from=at(2)) == [CASE]
    assert numbers(connection, active_until=at(0.5)) == [CASE]
    assert numbers(connection, quiet_since=at(2)) == [OTHER]
    assert numbers(connection, overdue_at=at(52)) == []
    assert numbers(connection, overdue_at=at(54)) == [CASE]


@pytest.mark.usefixtures("way")
def test_all_filters_have_to_let_a_case_through(connection: sa.Connection) -> None:
    take(connection, *course()[:5], other(OTHER), other(ELSEWHERE))
    filed, ordered = "egov.grid.v1.IncidentFiled", "egov.grid.v1.RectificationOrdered"
    assert numbers(connection, event_type=filed, region=REGION, about=INCIDENT, overdue_at=at(54)) == [CASE]
    assert numbers(connection, event_type=ordered, number=OTHER) == []
    assert numbers(connection, event_type=ordered, subject_type="06010", holder=CENTRE) == []


def test_what_was_opened_before_a_moment_is_found_however_long_it_went_on(connection: sa.Connection) -> None:
    days_40 = 24.0 * 40
    take(connection, *course(), fact(days_40, 5, "IncidentReopened"), other(OTHER, 2), other(ELSEWHERE, days_40))
    assert numbers(connection, bound="3711", active_until=at(3)) == [CASE, OTHER]
    assert numbers(connection, bound="3711", active_until=at(3), active_from=at(24)) == [CASE]


@pytest.mark.parametrize("facts", [course()[:5], course()[4::-1]], ids=["in order", "the opening event last"])
def test_what_a_case_is_about_is_told_by_its_opening_event_whenever_that_comes(
    connection: sa.Connection, facts: list[Fact]
) -> None:
    take(connection, *facts)
    assert CaseStore(connection).load(CASE, "3711").subject_type == RUBBISH
    assert numbers(connection, subject_type="06010") == [CASE]


def test_pages_follow_one_another_without_gap_or_repetition(connection: sa.Connection) -> None:
    every = [f"371102-20261123-20004{number:02}-A" for number in range(7)]
    take(connection, *(other(number, hours=1) for number in every))
    searches, seen, token = SearchStore(connection), [], ""
    while True:
        page = searches.page(COUNTY, page_request(3, token, instant, plain))
        seen += [case.number for case in page.rows]
        token = page.next_token
        if not token:
            break
    assert seen == sorted(every, reverse=True)


def test_counts_are_by_facet_of_what_passes(connection: sa.Connection) -> None:
    take(connection, *course(), other(OTHER, deadline=at(2)), other(ELSEWHERE))
    counts, counted, partly = SearchStore(connection).counts(replace(COUNTY, bound="3711"), at(3))
    assert (counted, partly) == (3, False)
    assert Count("subject_type", RUBBISH, 1) in counts
    assert counts[:3] == [Count("state", "open", 2), Count("state", "closed", 1), Count("holder", CENTRE, 2)]
    assert Count("county", "371102", 2) in counts and Count("overdue", "true", 1) in counts
    assert Count("last_event_type", "egov.grid.v1.IncidentClosed", 1) in counts


def test_an_event_type_is_counted_among_the_latest_cases(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(connection, *course(), other(OTHER))
    monkeypatch.setattr(search, "FEW", -1)
    monkeypatch.setattr(search, "MOST_ASKED", 1)
    searches = SearchStore(connection)
    assert searches.counts(replace(COUNTY, event_type="egov.grid.v1.IncidentFiled"), at(3))[1:] == (1, True)
    assert searches.counts(replace(COUNTY, event_type="egov.grid.v1.Happened"), at(3)) == ([], 0, True)


def test_cases_that_have_to_do_with_the_same_thing_are_linked(connection: sa.Connection) -> None:
    certificate = "1.2.156.3005.2.11100000000013338W011.371102.1.V"
    concerns, merged = (("concerns", certificate),), (("merged", OTHER),)
    take(
        connection, *course(), fact(12, 5, links=concerns), other(OTHER, links=concerns), other(ELSEWHERE, links=merged)
    )
    events = EventStore(connection)

    def linked(number: str, bound: str = "3711") -> list[LinkedCase]:
        return events.linked(number, events.of_cases([number])[number], bound)

    assert linked(CASE) == [LinkedCase(OTHER, "concerns", certificate)]
    assert linked(ELSEWHERE) == [LinkedCase(OTHER, "merged", OTHER)]
    assert LinkedCase(ELSEWHERE, "merged", OTHER) in linked(OTHER)
    assert linked(ELSEWHERE, "371103") == []
    assert numbers(connection, about=certificate) == [CASE, OTHER]


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
