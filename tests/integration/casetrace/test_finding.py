"""How cases are found: filters, pages, counts, links."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.failures import Failure
from observability.casetrace.domain.search import Count, LinkedCase
from observability.casetrace.store import search
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.store.search import SearchStore
from observability.casetrace.store.spans import FailureStore
from services.kernel.paging import instant, page_request, plain
from tests.integration.casetrace.cases import COUNTY, ELSEWHERE, OTHER, numbers, other, take
from tests.unit.casetrace.samples import (
    CASE,
    CENTRE,
    INCIDENT,
    KITCHENS,
    REGION,
    RUBBISH,
    at,
    course,
    effect,
    fact,
)


def failed(number: str, reason: str) -> Failure:
    """A call for a case that failed just now; records of calls are kept for days."""
    return Failure(datetime.now(UTC), "t", "s", "grid", "m", "ABORTED", reason, 1.0, number)


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
