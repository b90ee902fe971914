from __future__ import annotations

from datetime import timedelta

import pytest

from observability.casetrace.console.times import Times, moment, span
from observability.casetrace.console.words import Words
from tests.unit.fakes import NOW


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0.0042, "4 毫秒", "4 ms"),
        (1.84, "1.8 秒", "1.8 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分", "1 min"),
        (3 * 3600 + 20 * 60 + 9, "3 小时 20 分", "3 h 20 min"),
        (86400 + 59, "1 天", "1 d"),
        (-2 * 86400 - 4 * 3600, "2 天 4 小时", "2 d 4 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, chinese: str, english: str) -> None:
    time = timedelta(seconds=seconds)
    assert (span(time, "zh-CN"), span(time, "en")) == (chinese, english)


def test_moments_are_those_of_the_city_and_no_longer_than_they_must() -> None:
    assert moment(NOW, NOW) == "14:00:00"
    assert moment(NOW - timedelta(days=1), NOW) == "11-22 14:00"
    assert moment(NOW - timedelta(days=365), NOW) == "2025-11-23 14:00"


def test_a_deadline_is_left_or_over() -> None:
    times = Times(NOW, Words("en"))
    assert ">3 h left</time>" in times.due(NOW + timedelta(hours=3))
    assert ">2 d over</time>" in times.due(NOW - timedelta(days=2))


def test_a_time_is_marked_with_its_moment_for_scripts() -> None:
    aged = Times(NOW, Words("zh-CN")).age(NOW - timedelta(minutes=5))
    assert 'data-age datetime="2026-11-23T05:55:00Z" title="2026-11-23 13:55:00">5 分<' in aged
