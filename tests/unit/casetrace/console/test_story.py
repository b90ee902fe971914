from __future__ import annotations

from datetime import timedelta

from observability.casetrace.console.lanes import line_of
from observability.casetrace.console.rows import row_of
from observability.casetrace.console.story import events_shown, held_rows, standing_of
from observability.casetrace.console.troubles import troubles
from observability.casetrace.domain.effects import Taker
from tests.unit.casetrace.console.samples import ENGLISH, answer
from tests.unit.casetrace.samples import CASE, CENTRE, HOUR, at, course, effect, fact

KITCHENS = "Donggang Market Supervision"


def test_it_says_who_holds_the_case_and_which_clock_runs() -> None:
    standing = standing_of(answer(), ENGLISH)
    assert (standing.holder, standing.held_since) == (KITCHENS, at(1))
    assert standing.clock is not None
    assert (standing.clock_event, standing.clock.deadline, standing.clock.tone) == (
        "Rectification ordered",
        at(53),
        "good",
    )
    assert (standing.what, standing.open, standing.last_event) == ("Incident 06010", True, "Rectification ordered")


def test_a_clock_that_is_nearly_used_warns_and_one_that_is_over_says_so() -> None:
    filed = course()[:1]
    tones = [standing_of(answer(filed, now=at(hours)), ENGLISH).clock for hours in (1, 3.5, 5)]
    assert [clock.tone for clock in tones if clock] == ["good", "warn", "bad"]
    assert [clock.percent for clock in tones if clock] == [25.0, 87.5, 100.0]


def test_a_closed_case_has_neither_holder_nor_clock() -> None:
    standing = standing_of(answer(now=at(12)), ENGLISH)
    assert (standing.open, standing.holder, standing.clock, standing.closed_at) == (False, "", None, at(11))


def test_times_held_are_shares_of_the_whole() -> None:
    rows = held_rows(answer(), ENGLISH)
    assert [(row.holder, row.time, row.percent, row.now) for row in rows] == [
        (KITCHENS, 5 * HOUR, 83.3, True),
        ("Donggang Grid Centre", HOUR, 16.7, False),
    ]


def test_events_tell_what_they_bring_and_how_long_after_the_last() -> None:
    first, second, *_ = events_shown(answer().events, ENGLISH)
    assert (first.title, first.holder, first.deadline, first.phase, first.later) == (
        "Incident filed", "Donggang Grid Centre", at(4), "opens", None,
    )  # fmt: skip
    assert (second.number, second.title, second.later) == (2, "Incident dispatched", HOUR)


def test_raw_facts_are_those_of_the_contract() -> None:
    raw = dict(events_shown(answer().events, ENGLISH)[2].raw)
    assert raw["type"] == "egov.inspection.v1.InspectionOpened"
    assert raw["at"] == "2026-11-23T07:30:00Z"
    assert raw["links"].startswith("caused ")
    assert "effects" not in raw


def test_an_event_that_the_contract_does_not_have_keeps_its_name() -> None:
    shown = events_shown(answer([fact(0, 1, "SomethingNew")]).events, ENGLISH)
    assert shown[0].title == "SomethingNew"


def test_troubles_come_the_worst_first_with_where_to_go() -> None:
    one, two = course()[:2]
    told = [
        effect(one.id, "refused", reason="CASE_CLOSED"),
        effect(two.id, "parked", reason="UNAVAILABLE", attempts=8),
        effect(two.id, "taken", consumer="another"),
    ]
    found = troubles(answer(effects=told).events, ENGLISH)
    assert [(each.kind, each.reason, each.attempts) for each in found] == [
        ("parked", "UNAVAILABLE", 8),
        ("refused", "CASE_CLOSED", 1),
    ]
    assert found[0].health == f"/console/health?service=notification&event={two.id}#parked"
    assert found[0].reason_words and not found[1].reason_words


def test_a_consumer_that_has_not_met_an_event_is_named() -> None:
    filed = course()[0]
    taker = Taker(filed.type, "notification", "incident-notices", at(-24), at(-1))
    assert [each.kind for each in troubles(answer(takers=[taker]).events, ENGLISH)] == ["not_met"]
    assert troubles(answer(effects=[effect(filed.id)], takers=[taker]).events, ENGLISH) == []


def test_a_consumer_that_began_later_or_ended_long_ago_is_not() -> None:
    filed = course()[0]
    later = Taker(filed.type, "notification", "new", at(1), at(2))
    gone = Taker(filed.type, "notification", "old", at(-24 * 90), at(-24 * 40))
    assert troubles(answer(takers=[later, gone]).events, ENGLISH) == []


def test_a_row_marks_what_is_wrong() -> None:
    case = answer(effects=[effect(course()[0].id, "parked"), effect(course()[1].id, "retrying")]).case
    row = row_of(case, ENGLISH)
    assert (row.number, row.holder, row.marks) == (CASE, KITCHENS, (("parked", 1), ("retried", 1)))


def test_each_holder_has_a_lane_with_their_times_and_events() -> None:
    line = line_of(answer().case, answer().events, at(6))
    assert [lane.holder for lane in line.lanes] == ["department/371102-ZHZX", "department/371102-SCJG"]
    centre, kitchens = line.lanes
    assert [(bar.left, bar.width, bar.going_on) for bar in centre.bars] == [(0.0, 16.67, False)]
    assert [(bar.left, bar.width, bar.going_on) for bar in kitchens.bars] == [(16.67, 83.33, True)]
    assert [mark.left for mark in kitchens.marks] == [16.67, 25.0, 33.33, 83.33]
    assert line.now == 100.0


def test_a_deadline_that_is_near_is_drawn_and_one_far_away_is_not() -> None:
    near = line_of(answer(now=at(3)).case, answer(now=at(3)).events, at(3))
    assert near.due is None
    soon = line_of(answer(course()[:1], now=at(2)).case, answer(course()[:1], now=at(2)).events, at(2))
    assert (soon.due, soon.now) == (100.0, 50.0)


def test_each_clock_runs_until_another_was_set() -> None:
    line = line_of(answer().case, answer().events, at(6))
    assert [(bar.begun, bar.ended) for bar in line.clocks] == [(at(0), at(1)), (at(1), at(5)), (at(5), at(6))]


def test_ticks_are_round_and_few() -> None:
    line = line_of(answer().case, answer().events, at(6))
    assert [text for _, text in line.ticks] == ["14:00", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"]


def test_ticks_of_a_case_that_took_two_seconds_are_told_apart() -> None:
    short = [fact(0, 1, phase="opens", holder=CENTRE), fact(2 / 3600, 2, phase="closes")]
    line = line_of(answer(short, now=at(1)).case, answer(short, now=at(1)).events, at(1))
    assert [text for _, text in line.ticks] == ["14:00:00.0", "14:00:00.5", "14:00:01.0", "14:00:01.5", "14:00:02.0"]


def test_a_case_of_one_moment_has_a_line() -> None:
    only = course()[:1]
    line = line_of(answer(only, now=at(0)).case, answer(only, now=at(0)).events, at(0))
    assert line.ended > line.begun and len(line.lanes) == 1


def test_a_closed_case_ends_where_it_was_closed() -> None:
    told = answer(now=at(30))
    line = line_of(told.case, told.events, at(30))
    assert (line.now, line.ended) == (None, at(11))
    assert timedelta() < line.ended - line.begun
