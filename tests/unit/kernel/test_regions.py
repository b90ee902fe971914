"""Region codes: levels, counties, and who lies in whom."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import regions
from services.kernel.regions import Level, Region, rule_broken_by

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

LEVELS = [
    ("370000", Level.PROVINCE, "37", "370000"),
    ("371100", Level.CITY, "3711", "371100"),
    ("371102", Level.COUNTY, "371102", "371102"),
    ("371102001", Level.TOWNSHIP, "371102001", "371102"),
    ("371102001001", Level.VILLAGE, "371102001001", "371102"),
    ("371102001001003", Level.GRID, "371102001001003", "371102"),
]
WRONG = ["", "37", "3711", "37110", "3711020", "071102", "37110a", "371102001001001001", "371102\n", "３71102"]


@pytest.mark.parametrize(("code", "level", "prefix", "county"), LEVELS)
def test_level_prefix_and_county(code: str, level: Level, prefix: str, county: str) -> None:
    assert regions.is_code(code)
    assert regions.level_of(code) is level
    assert regions.scope_prefix(code) == prefix
    assert regions.county_of(code) == county


@pytest.mark.parametrize("code", WRONG)
def test_what_is_no_code(code: str) -> None:
    assert not regions.is_code(code)
    for function in (regions.level_of, regions.scope_prefix, regions.county_of):
        with pytest.raises(ValueError, match="region code"):
            function(code)


def test_each_level_contains_those_below_and_not_those_above() -> None:
    codes = [code for code, *_ in LEVELS]
    for outer, code in enumerate(codes):
        for inner, other in enumerate(codes):
            assert regions.within(other, code) is (inner >= outer)
            assert regions.within(other, regions.scope_prefix(code)) is (inner >= outer)


@pytest.mark.parametrize(
    ("code", "other"),
    [("371103", "371102"), ("371202", "371100"), ("381102", "370000"), ("371102002", "371102001")],
)
def test_neighbours_are_outside(code: str, other: str) -> None:
    assert not regions.within(code, other)


def test_no_region_contains_nothing() -> None:
    assert not regions.within("371102", "")


def test_a_broken_prefix_is_a_fault() -> None:
    with pytest.raises(ValueError, match="region code"):
        regions.within("371102", "371")


@st.composite
def codes(draw: st.DrawFn) -> str:
    length = draw(st.sampled_from([6, 9, 12, 15]))
    return str(draw(st.integers(10 ** (length - 1), 10**length - 1)))


@given(codes())
def test_every_code_lies_in_itself_and_in_its_county(code: str) -> None:
    assert regions.within(code, code)
    assert regions.within(code, regions.county_of(code))


@given(codes(), codes())
def test_within_is_what_the_database_compares(code: str, other: str) -> None:
    assert regions.within(code, other) is code.startswith(regions.scope_prefix(other))


@pytest.mark.parametrize(
    ("region", "bounds", "rule"),
    [
        (Region("371102001"), ("3711",), None),
        (Region("371102001"), ("3711", "371102"), None),
        (Region("371102001"), ("3711", "371121"), "REGION_UNKNOWN"),
        (None, ("3711",), "REGION_UNKNOWN"),
        (Region("371102001", valid_until=NOON), ("3711",), "REGION_CLOSED"),
        (Region("371102001", valid_from=NOON), ("3711",), None),
        (Region("371121001", valid_until=NOON), ("371102",), "REGION_UNKNOWN"),
    ],
)
def test_a_region_may_be_used_inside_all_bounds_while_it_is_in_force(
    region: Region | None, bounds: tuple[str, ...], rule: str | None
) -> None:
    assert rule_broken_by(region, *bounds, now=NOON) == rule
