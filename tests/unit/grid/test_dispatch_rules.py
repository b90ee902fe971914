from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.reference import DispatchRule, TypeKey, assign
from services.kernel.errors import Refusal
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.grid.samples import COVER, GRID, RUBBISH, STANDARD, rule

ANY = rule("ANY", 96)
CATEGORY = rule("CAT", 48, standard=STANDARD, kind="event", code_prefix="06")
EXACT = rule("EXA", 4, standard=STANDARD, kind="event", code_prefix="06010", reason="暴露垃圾由城管处置")
COUNTY = rule("COU", 12, region_prefix="371102")
COMPONENTS = rule("COM", 120, kind="component")


def chosen(*rules: DispatchRule, key: TypeKey = RUBBISH, region: str = GRID, named: str = "") -> tuple[str, int]:
    department, limit, _ = assign(key, region, rules, named=named, default=Limit(72))
    return department, int(limit.amount)


def test_type_goes_over_category_over_any_in_whatever_order_they_stand() -> None:
    for rules in permutations((ANY, CATEGORY, EXACT)):
        assert chosen(*rules) == ("371102-EXA", 4)
    assert chosen(ANY, CATEGORY) == ("371102-CAT", 48)
    assert chosen(ANY) == ("371102-ANY", 96)


def test_the_narrower_region_goes_over_the_exacter_type() -> None:
    assert chosen(EXACT, COUNTY) == ("371102-COU", 12)
    assert chosen(EXACT, COUNTY, region="371121100201") == ("371121-EXA", 4)


def test_a_component_is_no_event_of_the_same_code() -> None:
    assert chosen(ANY, COMPONENTS) == ("371102-ANY", 96)
    assert chosen(ANY, COMPONENTS, key=COVER) == ("371102-COM", 120)


def test_the_choice_is_explained_in_words() -> None:
    reason = assign(RUBBISH, GRID, [EXACT], named="", default=Limit(72)).reason
    assert reason == "暴露垃圾由城管处置(GB/T 47678.5-2026 event 06010 @ * -> 371102-EXA, 4 h)"


def test_a_rule_may_count_working_time() -> None:
    days = replace(EXACT, handle_within_hours=5, unit=Unit.WORKING_DAY)
    to = assign(RUBBISH, GRID, [days], named="", default=Limit(72))
    assert to.limit == Limit(5, Unit.WORKING_DAY)
    assert to.reason.endswith("-> 371102-EXA, 5 working days)")


def test_no_rule_that_fits_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        chosen(COMPONENTS)
    assert refused.value.reason == "NO_RULE"


def test_a_named_department_goes_over_every_rule_but_runs_the_rules_clock() -> None:
    assert chosen(EXACT, named="371102-HBJ") == ("371102-HBJ", 4)
    assert chosen(named="371102-HBJ") == ("371102-HBJ", 72)
    assert assign(RUBBISH, GRID, [EXACT], named="371102-HBJ", default=Limit(72)).reason == ""


def test_a_department_of_the_city_or_the_township_may_be_named_but_none_of_elsewhere() -> None:
    assert chosen(named="371100-HBJ")[0] == "371100-HBJ"
    assert chosen(named="371102001-ZF")[0] == "371102001-ZF"
    with pytest.raises(Refusal) as refused:
        chosen(named="371121-HBJ")
    assert [tuple(violation)[:2] for violation in refused.value.violations] == [("department", "DEPARTMENT_ELSEWHERE")]


def test_nothing_goes_to_a_department_that_is_not_there() -> None:
    for named, rules in (("371102-NOBODY", [EXACT]), ("", [EXACT])):
        with pytest.raises(Refusal) as refused:
            assign(
                RUBBISH, GRID, rules, named=named, default=Limit(72), is_department=lambda code: code == "371102-HBJ"
            )  # fmt: skip
        assert [(each.field, each.rule) for each in refused.value.violations] == [("department", "DEPARTMENT_UNKNOWN")]


@given(
    st.lists(
        st.builds(
            DispatchRule,
            standard=st.sampled_from(["", STANDARD, "RZ-LOCAL"]),
            kind=st.sampled_from(["", "event", "component"]),
            code_prefix=st.sampled_from(["", "06", "06010", "90"]),
            region_prefix=st.sampled_from(["", "3711", "371102", "371121", GRID[:9], GRID]),
            department_suffix=st.just("CGJ"),
            handle_within_hours=st.integers(1, 500),
        ),
        unique_by=lambda each: (each.region_prefix, each.standard, each.kind, each.code_prefix),
    )
)
def test_rules_that_match_never_tie(rules: list[DispatchRule]) -> None:
    strengths = [each.strength for each in rules if each.matches(RUBBISH, GRID)]
    assert len(strengths) == len(set(strengths))
