"""Every moment of a term is accounted for."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given

from services.kernel.worktime.ledger import Entry, ledger, total
from services.kernel.worktime.reckoning import spent
from services.kernel.worktime.stretches import Reason
from services.kernel.worktime.terms import Pause, Term
from tests.unit.kernel.worktime.samples import NIGHT, OFFICE, at, lengths, paused_terms, term


def told(entries: list[Entry]) -> list[tuple[str, float]]:
    return [(entry.reason.value, round(float(entry.counted), 3)) for entry in entries]


def test_a_ledger_says_why_time_did_not_count() -> None:
    pause = Pause(at("2026-02-24 09:00"), at("2026-02-24 17:30"), "AWAITS_PARTS")
    entries = ledger(term("5 working hours", "2026-02-13 15:00", OFFICE, pause), at("2026-02-25 09:00"))
    assert told(entries) == [
        ("WORKING_TIME", 2.5), ("OFF_HOURS", 0), ("MAKE_UP_DAY", 3.5), ("OFF_HOURS", 0), ("MAKE_UP_DAY", 4),
        ("OFF_HOURS", 0), ("HOLIDAY", 0), ("OFF_HOURS", 0), ("WORKING_TIME", 0.5), ("PAUSE", 0), ("OFF_HOURS", 0),
        ("WORKING_TIME", 0.5),
    ]  # fmt: skip
    assert [entry.note for entry in entries if entry.reason is Reason.PAUSE] == ["AWAITS_PARTS"]


def test_the_day_on_which_days_begin_is_named() -> None:
    entries = ledger(term("2 working days", "2026-03-06 09:00"), at("2026-03-09 12:00"))
    assert told(entries) == [("FIRST_DAY", 0), ("WEEKEND", 0), ("OFF_HOURS", 0), ("WORKING_TIME", 0.467)]
    on_a_sunday = ledger(term("2 working days", "2026-03-08 09:00"), at("2026-03-09 08:00"))
    assert told(on_a_sunday) == [("WEEKEND", 0), ("OFF_HOURS", 0)]


def test_a_shift_across_midnight_is_one_entry() -> None:
    entries = ledger(term("8 working hours", "2026-03-04 20:00", NIGHT), at("2026-03-05 06:00"))
    assert told(entries) == [("OFF_HOURS", 0), ("WORKING_TIME", 8)]


def test_the_end_of_the_calendar_is_named() -> None:
    entries = ledger(term("5 working days", "2026-12-31 09:00"), at("2027-01-02 00:00"))
    assert told(entries) == [("FIRST_DAY", 0), ("BEYOND_CALENDAR", 0)]
    assert entries[-1].start == at("2027-01-01 00:00")


@given(paused_terms(), lengths)
def test_entries_follow_one_another_and_sum_to_what_is_spent(limited: Term, length: timedelta) -> None:
    until = limited.begin + length
    entries = ledger(limited, until)
    assert (entries[0].start, entries[-1].end) == (limited.begin, until)
    assert all(one.end == other.start for one, other in pairwise(entries))
    assert all(entry.start < entry.end for entry in entries)
    assert all((one.reason, one.note) != (other.reason, other.note) for one, other in pairwise(entries))
    assert total(entries) == spent(limited, until)


@given(paused_terms(), lengths)
def test_what_counted_is_named_as_such_and_nothing_else(limited: Term, length: timedelta) -> None:
    counts = {Reason.CLOCK_TIME, Reason.WORKING_TIME, Reason.MAKE_UP_DAY}
    for entry in ledger(limited, limited.begin + length):
        assert (entry.counted > 0) == (entry.reason in counts)


@given(paused_terms())
def test_before_it_begins_there_is_nothing(limited: Term) -> None:
    before: datetime = limited.begin - timedelta(days=1)
    assert ledger(limited, before) == []
