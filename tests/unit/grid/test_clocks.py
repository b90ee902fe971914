"""Clocks of incidents: in three units, under the rule that they began with, and where their time went."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.grid.domain.calendars import Calendars
from services.grid.domain.clocks import Clock, ClockKind, Verdict, explain
from services.grid.domain.deadlines import Level, Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.states import IncidentState, ReturnReason
from services.grid.domain.watching import next_look, reckoned
from services.grid.wire.clocks import clocks_message
from services.kernel.clock import SHANGHAI
from services.kernel.worktime.calendars import DayName, NationalCalendar, Shifts, Span
from services.kernel.worktime.ledger import total
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, LIMITS, rule

HOUR = timedelta(hours=1)
OFFICE = Shifts(date(2026, 1, 1), {DayName.WORKDAYS: (Span(510, 720), Span(810, 1050))})
NATIONAL = NationalCalendar(frozenset({2026}))
OFFICES = Calendars(NATIONAL, {"": (OFFICE,)})
WORKING = replace(LIMITS, dispatch=Limit(4, Unit.WORKING_HOUR), calendar_of=OFFICES.of)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def dispatched(limits: Limits, days: int = 5, now: datetime = NOW) -> Incident:
    days_rule = rule(hours=days, unit=Unit.WORKING_DAY)
    return samples.incident().dispatch(seen=1, by=CENTRE, rules=[days_rule], named="", limits=limits, now=now)


def test_a_department_has_working_days_where_its_rule_says_so() -> None:
    # Monday 14:00 in Shanghai: five days from Tuesday on.
    incident = dispatched(WORKING)
    assert incident.handle_by == at("2026-11-30 17:30")
    assert incident.deadline == NOW + DAY
    assert incident.handle_within == Limit(5, Unit.WORKING_DAY)
    assert "5 working days" in incident.dispatch_reason


def test_a_centre_has_working_hours_where_the_settings_say_so() -> None:
    friday = at("2026-11-27 16:00")
    returned = samples.accepted().give_back(ReturnReason.UNCLEAR, seen=3, by=DEPARTMENT, limits=WORKING, now=friday)
    assert returned.deadline == at("2026-11-30 11:00")


def test_a_running_clock_keeps_the_rule_that_it_began_with() -> None:
    incident = dispatched(WORKING)
    accepted = incident.accept(seen=2, by=DEPARTMENT, limits=LIMITS, now=NOW + HOUR)
    handled = accepted.handle(seen=3, by=DEPARTMENT, limits=LIMITS, now=NOW + 2 * HOUR)
    again = handled.verify(passed=False, seen=4, by=CENTRE, limits=WORKING, now=at("2026-11-26 10:00"))
    assert again.handle_by == at("2026-12-03 17:30")
    assert [(each.kind.value, str(each.limit), each.running) for each in again.clocks] == [
        ("DISPATCH", "24 clock hours", False), ("ACCEPT", "24 clock hours", False),
        ("HANDLE", "5 working days", False), ("VERIFY", "24 clock hours", False), ("HANDLE", "5 working days", True),
    ]  # fmt: skip


@pytest.mark.parametrize(("hours", "told"), [(2, [2, 4, 6, 30, 54]), (24, [24, 48, 72, 96, 120])])
def test_a_short_limit_goes_up_when_it_has_passed_twice_and_the_city_is_reminded_every_day(
    hours: int, told: list[int]
) -> None:
    incident = samples.incident()
    limits = replace(LIMITS, accept=Limit(hours))
    incident = incident.dispatch(seen=1, by=CENTRE, rules=[rule(hours=200)], named="", limits=limits, now=NOW)
    moments = []
    for _ in told:
        assert incident.deadline is not None
        moments.append((incident.deadline - NOW) // HOUR)
        incident = incident.escalate(limits=limits, now=incident.deadline)
    assert moments == told
    assert incident.level is Level.CITY


def test_it_is_looked_at_when_most_of_its_time_is_used_then_at_its_end() -> None:
    incident = samples.incident()
    soon = NOW + timedelta(hours=19.2)
    assert next_look(incident, LIMITS, NOW) == soon
    assert next_look(incident, LIMITS, soon) == NOW + DAY
    late = incident.escalate(limits=LIMITS, now=NOW + DAY)
    assert next_look(late, LIMITS, NOW + DAY) == NOW + 2 * DAY
    assert next_look(samples.closed(), LIMITS, NOW) is None
    # As the release before left it: without clocks, or without a deadline.
    assert next_look(replace(incident, clocks=()), LIMITS, NOW) == NOW + DAY
    assert next_look(replace(incident, clocks=(), deadline=None), LIMITS, NOW) == NOW
    assert replace(incident, clocks=(), deadline=None).overdue(NOW)


def test_a_deadline_beyond_the_calendar_is_where_it_ends_until_the_next_year_is_loaded() -> None:
    incident = dispatched(replace(WORKING, accept=Limit(100, Unit.WORKING_DAY)), days=40)
    newyear = at("2027-01-01 00:00")
    assert (incident.deadline, incident.handle_by, incident.provisional) == (newyear, newyear, True)
    assert not incident.overdue(newyear + DAY)
    assert next_look(incident, WORKING, NOW) == newyear
    assert next_look(incident, WORKING, newyear) == newyear + HOUR
    assert reckoned(incident, WORKING, newyear) is incident
    more = replace(WORKING, calendar_of=Calendars(NationalCalendar(frozenset({2026, 2027})), OFFICES.shifts).of)
    known = reckoned(incident, more, newyear)
    assert (known.deadline, known.provisional, known.version) == (at("2027-01-18 17:30"), False, incident.version + 1)
    assert known.deadline == known.handle_by


def test_what_is_known_is_not_put_off_by_what_is_not() -> None:
    late = at("2026-12-31 10:00")
    incident = dispatched(WORKING, now=late)
    assert incident.handle_by == at("2027-01-01 00:00")
    assert (incident.deadline, incident.provisional) == (late + DAY, False)
    assert incident.accept(seen=2, by=DEPARTMENT, limits=LIMITS, now=late + HOUR).provisional


def test_shifts_of_the_department_go_before_those_of_its_kind_and_of_everybody() -> None:
    def from_hour(hour: int) -> tuple[Shifts, ...]:
        return (Shifts(date(2026, 1, 1), {DayName.WORKDAYS: (Span(hour * 60, 1080),)}),)

    calendars = Calendars(NATIONAL, {"": from_hour(8), "CGJ": from_hour(9), "371102-CGJ": from_hour(10)})
    begins = [
        calendars.of(department).day(date(2026, 11, 23)).spans[0][0] - at("2026-11-23 00:00")
        for department in ("371102-HBJ", "371121-CGJ", "371102-CGJ")
    ]
    assert begins == [8 * HOUR, 9 * HOUR, 10 * HOUR]


def working_clock(**changes: object) -> Clock:
    clock = dispatched(WORKING).clocks[-1]
    assert clock.kind is ClockKind.HANDLE
    return replace(clock, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "now", "verdict"),
    [
        (None, "2026-11-30 17:30", Verdict.RUNNING),
        (None, "2026-11-30 17:31", Verdict.OVERDUE),
        ("2026-11-30 17:30", "2026-12-30 17:30", Verdict.KEPT),
        ("2026-12-01 09:00", "2026-12-30 17:30", Verdict.MISSED),
    ],
)
def test_a_ledger_sums_to_the_verdict(ended: str | None, now: str, verdict: Verdict) -> None:
    clock = working_clock(ended_at=ended and at(ended))
    explained = explain(clock, OFFICES.of(DEPARTMENT), at(now))
    assert explained.verdict is verdict
    assert total(explained.entries) == explained.spent
    assert (explained.used > 1) == (ended == "2026-12-01 09:00")
    assert explained.entries[0].start == clock.begun_at
    assert explained.entries[-1].end == (clock.ended_at or at(now))


def test_what_nobody_knows_yet_is_called_undecided() -> None:
    clock = working_clock(due_at=at("2026-11-24 00:00"), known=False)
    assert clock.verdict(at("2026-11-25 00:00")) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("language", "first", "verdict"),
    [
        ("zh-CN", "期间开始之日，不计算在内。", "计时中，已超期。"),
        ("en", "The day on which the limit begins, which does not count.", "Running, overdue."),
    ],
)
def test_a_clock_is_explained_in_the_callers_language(language: str, first: str, verdict: str) -> None:
    explained = explain(working_clock(), OFFICES.of(DEPARTMENT), at("2026-12-02 09:00"))
    (message,) = clocks_message([explained], language).clocks
    assert (message.text, message.entries[0].text) == (verdict, first)
    assert message.limit == 5
    assert abs(sum(entry.counted for entry in message.entries) - message.spent) < 1e-9
    assert message.used == message.spent / 5
    assert {entry.reason for entry in message.entries if not entry.counted} == {4, 5, 7}
    assert not message.HasField("ended_at")


def test_every_state_that_is_open_has_a_clock() -> None:
    for incident in (samples.incident(), samples.dispatched(), samples.accepted(), samples.verified()):
        assert incident.clock is not None
        assert incident.state is not IncidentState.CLOSED
