from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.catalogue import CodeMapping
from services.grid.domain.counting import Apart, Unmapped, WhyUnmapped, count_under, demand_range
from services.grid.domain.reference import STANDARD_2013, IncidentKind, TypeKey
from services.grid.wire.catalogue import counted_message
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW
from tests.unit.grid.catalogues import LOCAL, STANDARD_2026, keys, words
from tests.unit.grid.samples import FOOD, RUBBISH

OLD, ODD, GONE = (TypeKey(STANDARD_2013, IncidentKind.EVENT, code) for code in ("0110", "0111", "0599"))
UNKNOWN = TypeKey(STANDARD_2013, IncidentKind.EVENT, "0403")
RUBBLE = TypeKey(STANDARD_2026, IncidentKind.EVENT, "06011")
MAPPINGS = [CodeMapping(OLD, "暴露垃圾", RUBBISH), CodeMapping(ODD, "", RUBBISH), CodeMapping(ODD, "", RUBBLE)]
FILED = {OLD: 3, RUBBISH: 4, ODD: 5, GONE: 6, FOOD: 7}

any_key = keys(STANDARD_2013) | keys(STANDARD_2026) | keys(LOCAL)
pairs = st.builds(CodeMapping, any_key, words, any_key)


@given(
    st.dictionaries(any_key, st.integers(1, 10**6)), st.lists(pairs), st.sampled_from((STANDARD_2013, STANDARD_2026))
)
def test_no_case_is_lost_and_none_is_counted_twice(
    filed: dict[TypeKey, int], mappings: list[CodeMapping], standard: str
) -> None:
    counted = count_under(standard, filed, mappings)
    assert counted.total == sum(filed.values())
    assert sum(counted.categories.values()) + counted.without_category == counted.total
    assert all(key.standard == standard for key in counted.counts)
    assert all(each.type.standard != standard for each in counted.unmapped)


@given(st.dictionaries(any_key, st.integers(1, 9)), st.lists(pairs))
def test_what_has_no_one_code_says_why(filed: dict[TypeKey, int], mappings: list[CodeMapping]) -> None:
    for each in count_under(STANDARD_2026, filed, mappings).unmapped:
        assert (len(each.candidates) > 1) == (each.reason is WhyUnmapped.SEVERAL)
        assert all(key.standard == STANDARD_2026 for key in each.candidates)


def test_cases_of_both_standards_meet_under_either() -> None:
    under_2026 = count_under(STANDARD_2026, FILED, MAPPINGS)
    assert under_2026.counts == {RUBBISH: 7}
    assert under_2026.unmapped == [
        Unmapped(ODD, 5, WhyUnmapped.SEVERAL, (RUBBISH, RUBBLE)),
        Unmapped(GONE, 6, WhyUnmapped.NO_MAPPING),
        Unmapped(FOOD, 7, WhyUnmapped.LOCAL),
    ]
    under_2013 = count_under(STANDARD_2013, FILED, MAPPINGS)
    assert under_2013.counts == {OLD: 3, ODD: 5, GONE: 6}
    assert under_2013.unmapped[0] == Unmapped(RUBBISH, 4, WhyUnmapped.SEVERAL, (OLD, ODD))


def test_what_became_an_extension_has_no_code_in_the_new_standard_but_one_in_the_old() -> None:
    became = [CodeMapping(GONE, "", FOOD)]
    assert count_under(STANDARD_2026, {GONE: 2}, became).unmapped == [Unmapped(GONE, 2, WhyUnmapped.LOCAL)]
    assert count_under(STANDARD_2013, {FOOD: 2, GONE: 1}, became).counts == {GONE: 3}


def test_categories_hold_what_became_several_of_one_and_what_only_the_category_is_known_of() -> None:
    streets = CodeMapping(UNKNOWN.category, "街面秩序", TypeKey(STANDARD_2026, IncidentKind.EVENT, "09"))
    filed = FILED | {UNKNOWN: 2}
    under_2026 = count_under(STANDARD_2026, filed, [*MAPPINGS, streets])
    assert under_2026.categories == {RUBBISH.category: 3 + 4 + 5, streets.latter: 2}
    assert under_2026.without_category == 6 + 7, "the gone one and the extension"
    under_2013 = count_under(STANDARD_2013, filed, [*MAPPINGS, streets])
    assert under_2013.categories == {OLD.category: 12, UNKNOWN.category: 2, GONE.category: 6}


def test_an_answer_names_what_it_counts() -> None:
    names = {RUBBISH: "暴露垃圾", RUBBISH.category: "市容环境类"}
    told = counted_message(count_under(STANDARD_2026, FILED, MAPPINGS), {Apart.VOIDED: 2}, names)
    assert [(each.code, each.name, each.count) for each in told.categories] == [("06", "市容环境类", 12)]
    assert (told.without_category, told.left_out.voided, told.left_out.declined) == (13, 2, 0)
    assert (told.total, [(each.name, each.count) for each in told.counts]) == (25, [("暴露垃圾", 7)])
    assert [each.code for each in told.unmapped[0].candidates] == ["06010", "06011"]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_range_has_an_end_that_is_not_far(days: int) -> None:
    demand_range(NOW, NOW + timedelta(days=366))
    with pytest.raises(Refusal) as refused:
        demand_range(NOW, NOW + timedelta(days=days))
    [violation] = refused.value.violations
    assert (violation.field, violation.rule) == ("filed_until", "RANGE_WRONG")
