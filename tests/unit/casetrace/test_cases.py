from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.casetrace.domain.cases import Case, Held, case_of
from observability.casetrace.domain.facts import in_order
from observability.casetrace.usecases import take_events
from tests.unit.casetrace.samples import (
    CASE,
    CENTRE,
    HOUR,
    KITCHENS,
    REGION,
    RUBBISH,
    FakeCases,
    FakeEvents,
    at,
    course,
    event_id,
    fact,
)


def after(count: int) -> Case:
    """The case after so many of its events."""
    return case_of(course()[:count])


def test_an_opened_case_is_held_and_its_clock_runs() -> None:
    case = after(1)
    assert (case.is_open, case.holder, case.held_since, case.region) == (True, CENTRE, at(0), REGION)
    assert (case.deadline, case.clock_since, case.opening_known) == (at(4), at(0), True)
    assert case.clock_used(at(1)) == 0.25
    assert case.clock_used(at(6)) == 1.5


def test_who_has_it_and_which_deadline_runs_is_what_was_said_last() -> None:
    case = after(5)
    assert (case.holder, case.held_since) == (KITCHENS, at(1))
    assert (case.deadline, case.clock_since) == (at(53), at(5))


def test_a_holder_that_is_named_again_has_it_since_the_first_time() -> None:
    assert after(3).held_since == after(2).held_since == at(1)


def test_how_long_each_had_it_counts_up_to_now_and_comes_back() -> None:
    assert after(2).held_until(at(3)) == {KITCHENS: Held(2 * HOUR, 1), CENTRE: Held(HOUR, 1)}
    assert after(7).held_until(at(10)) == {KITCHENS: Held(8 * HOUR, 1), CENTRE: Held(2 * HOUR, 2)}


def test_a_closed_case_is_held_by_nobody_and_no_clock_runs() -> None:
    case = after(8)
    assert (case.is_open, case.closed_at, case.holder, case.deadline) == (False, at(11), None, None)
    assert case.clock_used(at(99)) is None
    assert case.held_until(at(99)) == {KITCHENS: Held(8 * HOUR, 1), CENTRE: Held(3 * HOUR, 2)}
    told = case_of([*course(), fact(12, 1, "NoticeCreated", aggregate_id=event_id(78), holder=KITCHENS)])
    assert (told.is_open, told.holder, told.events) == (False, None, 9)


def test_a_case_that_is_opened_again_goes_on() -> None:
    again = fact(20, 5, "IncidentReopened", phase="opens", holder=CENTRE, deadline=at(24))
    case = case_of([*course(), again])
    assert (case.is_open, case.closed_at, case.holder, case.deadline) == (True, None, CENTRE, at(24))
    assert case.held_until(at(21))[CENTRE] == Held(4 * HOUR, 3)


def test_a_deadline_that_had_passed_when_it_was_set_is_used_up() -> None:
    assert case_of([fact(0, deadline=at(-1))]).clock_used(at(0)) == 1.0


def test_before_its_opening_is_known_a_case_lies_in_the_county_of_its_number() -> None:
    case = case_of([fact(1, 2)])
    assert (case.region, case.opening_known, case.is_open) == ("371102", False, True)


def test_a_case_is_about_what_its_opening_event_says() -> None:
    noticed = fact(-1, 1, "NoticeCreated", aggregate_id=event_id(78), subject_type="letter")
    again = fact(20, 5, "IncidentReopened", phase="opens", subject_type="GB/T 47678.5-2026/event/06011")
    assert case_of([noticed]).subject_type == "letter"
    assert case_of([noticed, *course()]).subject_type == RUBBISH
    assert case_of([*course(), again]).subject_type == RUBBISH
    assert case_of([noticed, fact(0, phase="opens")]).subject_type is None


def test_a_case_without_events_is_none() -> None:
    with pytest.raises(ValueError, match="a case has an event"):
        case_of([])


def test_versions_order_one_aggregate_when_clocks_disagree() -> None:
    first = fact(0, 1, phase="opens", holder=CENTRE)
    third, second = fact(1, 3, holder=CENTRE), fact(1.001, 2, holder=KITCHENS)
    assert [each.aggregate_version for each in in_order([third, second, first])] == [1, 2, 3]
    assert case_of([third, second, first]).holder == CENTRE


@given(st.randoms(use_true_random=False), st.lists(st.integers(1, 4), min_size=8, max_size=8))
def test_in_whatever_order_and_batches_events_come_the_case_is_the_same(random: Random, sizes: list[int]) -> None:
    facts = course()
    random.shuffle(facts)
    events, cases = FakeEvents(), FakeCases()
    for size in sizes:
        # Some come twice.
        batch, facts = facts[:size], facts[max(1, size - 1) :]
        take_events(events, cases, batch)
    take_events(events, cases, facts)
    assert cases.kept[CASE] == case_of(course())


def test_events_that_come_in_order_do_not_make_the_case_anew() -> None:
    events, cases = FakeEvents(), FakeCases()
    for each in in_order(course()):
        take_events(events, cases, [each])
    assert events.remade == []
    assert cases.kept[CASE] == case_of(course())


def test_one_that_is_known_changes_nothing() -> None:
    events, cases = FakeEvents(), FakeCases()
    take_events(events, cases, course())
    before = cases.kept[CASE]
    take_events(events, cases, [course()[0], *course()[3:5]])
    assert cases.kept[CASE] is before
    take_events(events, cases, [])
