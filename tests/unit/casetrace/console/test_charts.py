"""Lines as SVG has them."""

from __future__ import annotations

import pytest

from observability.casetrace.console.charts import HEIGHT, INSET, WIDTH, chart_of, nice
from observability.casetrace.console.numbers import Numbers


def test_a_line_reaches_from_edge_to_edge_and_from_the_ground_to_the_top() -> None:
    chart = chart_of([(0.0, 5.0, 10.0)])
    assert chart.paths == (f"M{INSET},{HEIGHT - INSET}L{WIDTH / 2:g},{HEIGHT / 2:g}L{WIDTH - INSET},{INSET}",)
    assert (chart.top, chart.latest, chart.highest) == (10, 10, 10)


def test_where_nothing_was_told_the_line_breaks_and_a_single_point_is_a_dot() -> None:
    chart = chart_of([(1.0, 1.0, None, 1.0, None)])
    assert chart.paths[0].count("M") == 2 and chart.paths[0].endswith("h0")
    assert chart.ground.count("M") == 1
    assert chart.latest == 1


def test_nothing_at_all_is_no_line() -> None:
    chart = chart_of([(None, None)], bound=3)
    assert (chart.paths, chart.latest, chart.highest, chart.bound_at) == (("",), None, None, None)


def test_a_bound_is_drawn_once_it_comes_into_sight() -> None:
    assert chart_of([(1.0, 2.0)], bound=60).bound_at is None
    assert chart_of([(1.0, 30.0)], bound=60).bound_at == pytest.approx(
        HEIGHT - INSET - (HEIGHT - 2 * INSET) * 0.6, abs=0.1
    )


def test_next_to_nothing_does_not_look_like_much() -> None:
    assert chart_of([(1.0,)], least=10).top == 10


def test_a_second_line_of_nothing_is_left_out() -> None:
    assert chart_of([(3.0, 4.0), (0.0, 0.0)]).paths[1] == ""
    assert chart_of([(3.0, 4.0), (0.0, 1.0)]).paths[1] != ""


@pytest.mark.parametrize(("most", "top"), [(0.003, 0.01), (0.3, 0.5), (1, 1), (7, 10), (110, 200)])
def test_the_top_is_a_round_number(most: float, top: float) -> None:
    assert nice(most) == pytest.approx(top)


def test_numbers_are_written_as_people_read_them() -> None:
    in_english, in_chinese = Numbers("en"), Numbers("zh-CN")
    assert [in_english("calls", value) for value in (0, 0.25, 9.96, 1234.4)] == ["0", "0.2", "10.0", "1,234"]
    assert [in_english("durations", value) for value in (0.012, 1.0, 5.0)] == ["12 ms", "1 s", "≥ 5 s"]
    assert (in_chinese("age", 90), in_english("lag", None)) == ("1 分 30 秒", "-")
