"""Rules send an incident to one department, or leave it to a person and say why; in whatever order they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.decisions import Decision, Load, Source, Undecided
from services.grid.domain.moments import When
from services.grid.domain.reference import DispatchRule
from services.grid.domain.routing import Case, Known, Routing, RoutingRule, decide
from services.kernel.worktime.calendars import Calendar, DayName, NationalCalendar, Shifts, Span
from tests.unit.grid.samples import GRID, RUBBISH, STANDARD, rule

HOLIDAY, MAKE_UP_DAY = date(2026, 10, 1), date(2026, 10, 10)
NATIONAL = NationalCalendar(frozenset({2026}), frozenset({HOLIDAY}), frozenset({MAKE_UP_DAY}))
SHIFTS = Shifts(date(2026, 1, 1), {DayName.WORKDAYS: (Span(8 * 60 + 30, 18 * 60),)})
CALENDAR = Calendar.of(NATIONAL, [SHIFTS])
NIGHT = When(start=18 * 60, end=8 * 60 + 30)
CASE = Case(RUBBISH, GRID)


def at(day: int, hour: int, minute: int = 0, month: int = 10, year: int = 2026) -> datetime:
    """A moment in Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


NOON = at(12, 12)


def known(last: str = "", **open_cases: int) -> Known:
    def count(departments: Sequence[str]) -> dict[str, int]:
        return {each: open_cases.get(each.partition("-")[2], 0) for each in departments}

    return Known(lambda _: CALENDAR, count, lambda _: last)


def without(*gone: str, last: str = "") -> Known:
    return replace(known(last), is_department=lambda code: code not in gone)


def to(number: int, *departments: str, **said: Any) -> RoutingRule:
    anything = RoutingRule(number, "", "", "", "", departments)
    return replace(anything, **said)


def decided(*rules: RoutingRule, case: Case = CASE, when: datetime = NOON, **open_cases: int) -> Decision:
    return decide(case, when, Routing(rules, {"CGJ": 20, "SCJG": 10}), [rule("ZJJ")], known("", **open_cases))


def test_the_narrower_region_then_the_exacter_type_decides() -> None:
    category, exact = to(1, "CGJ", code_prefix="06"), to(2, "SCJG", code_prefix="06010")
    county, elsewhere = to(3, "GAJ", region_prefix="371102"), to(4, "YJJ", region_prefix="371103")
    assert decided(category, exact, elsewhere).department == "371102-SCJG"
    assert decided(category, exact, county).department == "371102-GAJ"


def test_a_rule_of_some_time_goes_over_one_that_holds_always() -> None:
    rules = to(1, "CGJ"), to(2, "GAJ", when=NIGHT)
    assert decided(*rules, when=at(12, 17, 59)).department == "371102-CGJ"
    assert decided(*rules, when=at(12, 18)).department == "371102-GAJ"
    assert decided(*rules, when=at(13, 8, 29)).department == "371102-GAJ"
    assert decided(*rules, when=at(13, 8, 30)).department == "371102-CGJ"


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    weekend = replace(NIGHT, days=(DayName.SATURDAY,))
    assert weekend.holds(at(17, 23), "371102", lambda _: CALENDAR) is True
    assert weekend.holds(at(18, 3), "371102", lambda _: CALENDAR) is True
    assert weekend.holds(at(17, 3), "371102", lambda _: CALENDAR) is False


def test_holidays_and_days_that_are_worked_for_them_are_the_state_councils() -> None:
    holidays, workdays = When(days=(DayName.HOLIDAYS,)), When(days=(DayName.WORKDAYS,))
    assert [each.holds(at(1, 12), "371102", lambda _: CALENDAR) for each in (holidays, workdays)] == [True, False]
    assert [each.holds(at(10, 12), "371102", lambda _: CALENDAR) for each in (holidays, workdays)] == [False, True]


def test_outside_a_departments_shifts_the_duty_team_takes_it() -> None:
    duty = to(9, "YJJ", when=When(off_duty="CGJ"))
    assert decided(duty, when=at(12, 12)).source is Source.CATALOGUE
    assert decided(duty, when=at(12, 20)).department == "371102-YJJ"
    assert decided(duty, when=at(1, 12)).department == "371102-YJJ"


def test_a_day_that_the_calendar_does_not_know_is_left_to_a_person() -> None:
    duty = to(9, "YJJ", when=When(off_duty="CGJ"))
    found = decided(to(1, "CGJ"), duty, when=at(12, 12, year=2027))
    assert (found.undecided, found.rules, found.suggestion) == (Undecided.TIME_UNKNOWN, (9,), "371102-YJJ")
    assert found.refusal().reason == "RULE_TIME_UNKNOWN"


def test_of_several_departments_the_one_with_least_load_for_its_capacity_takes_it() -> None:
    found = decided(to(12, "CGJ", "SCJG", code_prefix="06010", when=NIGHT), when=at(12, 20), CGJ=3, SCJG=2)
    assert (found.department, found.loads) == (
        "371102-CGJ", (Load("371102-CGJ", 3, 20), Load("371102-SCJG", 2, 10)),
    )  # fmt: skip
    assert found.text_en == (
        "Rule 12 because type 06010, at 18:00-08:30; of 2 departments 371102-CGJ has the least load (3 of 20)."
    )
    assert found.text_zh == "规则 12：类别 06010，时间 18:00-08:30；2 个部门中 371102-CGJ 负荷最低（3/20）。"


def test_of_equal_loads_the_one_with_more_room_takes_it_and_then_the_one_named_first() -> None:
    assert decided(to(1, "SCJG", "CGJ"), SCJG=1, CGJ=2).department == "371102-CGJ"
    assert decided(to(1, "GAJ", "HBJ")).department == "371102-GAJ"


def test_rules_of_one_strength_that_say_the_same_are_no_tie() -> None:
    assert decided(to(7, "CGJ", when=NIGHT), to(3, "CGJ", when=When(off_duty="CGJ")), when=at(12, 20)).rules == (3,)


def test_a_tie_is_left_to_a_person_with_a_suggestion() -> None:
    found = decided(to(7, "CGJ", when=NIGHT), to(3, "GAJ", when=When(off_duty="CGJ")), when=at(12, 20))
    assert (found.department, found.undecided, found.rules) == ("", Undecided.TIE, (3, 7))
    assert found.suggestion == "371102-GAJ"
    assert (found.refusal().reason, dict(found.refusal().params)) == ("RULES_TIE", {"rules": "3, 7"})


def test_without_a_rule_the_catalogue_says_who_and_without_that_a_person() -> None:
    assert (decided().department, decided().source) == ("371102-ZJJ", Source.CATALOGUE)
    found = decide(CASE, NOON, Routing(), [], known(last="371102-HBJ"))
    assert (found.undecided, found.suggestion) == (Undecided.NO_RULE, "371102-HBJ")


def test_whoever_returned_it_does_not_get_it_by_rule_again() -> None:
    back = CASE._replace(returned_by=frozenset({"371102-CGJ"}))
    assert decided(to(1, "CGJ", "SCJG"), case=back).department == "371102-SCJG"
    found = decided(to(1, "CGJ"), case=back)
    assert (found.undecided, found.suggestion) == (Undecided.RETURNED, "371102-ZJJ")
    assert found.refusal().reason == "RULE_RETURNED"


def test_nor_by_the_catalogue() -> None:
    back = CASE._replace(returned_by=frozenset({"371102-ZJJ"}))
    found = decide(back, NOON, Routing(), [rule("ZJJ")], known(last="371102-HBJ"))
    assert (found.department, found.suggestion) == ("", "371102-HBJ")
    assert found.refusal().reason == "CATALOGUE_RETURNED"


moments = st.builds(
    When,
    st.sets(st.sampled_from(DayName), max_size=3).map(lambda names: tuple(sorted(names))),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sampled_from(["", "CGJ", "371102-CGJ"]),
)
departments = st.lists(st.sampled_from(["CGJ", "SCJG", "371102-GAJ", "371100-DSJ"]), min_size=1, max_size=3)
rules = st.builds(
    RoutingRule,
    st.integers(1, 9999),
    st.sampled_from(["", STANDARD]),
    st.sampled_from(["", "event", "component"]),
    st.sampled_from(["", "06", "06010", "90"]),
    st.sampled_from(["", "3711", "371102", GRID]),
    departments.map(tuple),
    moments | st.just(When()),
)


@given(
    st.lists(rules, max_size=6, unique_by=lambda each: each.number),
    st.lists(st.just(rule("ZJJ")), max_size=1),
    st.integers(-720, 9600).map(lambda hours: at(1, 0, month=1) + timedelta(hours=hours)),
    st.frozensets(st.sampled_from(["371102-CGJ", "371102-ZJJ"])),
    st.fixed_dictionaries({"CGJ": st.integers(0, 50), "SCJG": st.integers(0, 50)}),
    st.randoms(),
)
def test_whatever_the_rules_there_is_one_department_or_a_person_and_the_order_is_nothing(
    said: list[RoutingRule],
    fallback: list[DispatchRule],
    when: datetime,
    back: frozenset[str],
    loads: Any,
    random: Any,
) -> None:
    case, capacities = Case(RUBBISH, GRID, back), {"CGJ": 20, "SCJG": 10}
    found = decide(case, when, Routing(tuple(said), capacities), fallback, known(**loads))
    mixed = random.sample(said, len(said))
    assert decide(case, when, Routing(tuple(mixed), capacities), fallback, known(**loads)) == found
    assert bool(found.department) == (found.source is not None) == (found.undecided is None)
    assert found.text_zh and found.text_en and "…" not in found.text_zh + found.text_en
    assert found.department not in back and found.suggestion not in back
    if found.undecided not in (None, Undecided.NO_RULE, Undecided.RETURNED_BY_CATALOGUE):
        assert found.rules and set(found.rules) <= {each.number for each in said}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_time_reads_like_a_sentence(language: str) -> None:
    when = When((DayName.WEEKENDS, DayName.HOLIDAYS), 18 * 60, 8 * 60, "CGJ")
    assert (
        when.words(language)
        == {
            "zh-CN": "时间 周末、节假日 18:00-08:00，CGJ 班次以外",
            "en": "at weekends, holidays 18:00-08:00, outside the shifts of CGJ",
        }[language]
    )


def test_what_the_rules_name_must_be_there() -> None:
    two = [to(1, "CGJ", "SCJG")]
    assert decide(CASE, NOON, Routing(tuple(two)), [], without("371102-CGJ")).department == "371102-SCJG"
    gone = decide(CASE, NOON, Routing(tuple(two)), [rule("ZJJ")], without("371102-CGJ", "371102-SCJG"))
    assert (gone.department, gone.undecided, gone.suggestion) == ("", Undecided.UNKNOWN, "371102-ZJJ")
    assert gone.refusal().reason == "RULE_DEPARTMENT_UNKNOWN"


def test_what_the_catalogue_names_must_be_there_and_whom_one_might_ask() -> None:
    fallback = [rule("ZJJ")]
    gone = decide(CASE, NOON, Routing(), fallback, without("371102-ZJJ", last="371102-GAJ"))
    assert (gone.department, gone.undecided, gone.suggestion) == ("", Undecided.UNKNOWN, "371102-GAJ")
    nobody = decide(CASE, NOON, Routing(), [], without("371102-GAJ", last="371102-GAJ"))
    assert (nobody.undecided, nobody.suggestion) == (Undecided.NO_RULE, "")
