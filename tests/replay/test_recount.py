"""The recount by itself: limits, escalations and the log, with figures that were worked out by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.replay.figures import differences, table
from tests.replay.recount_books import Book, Told
from tests.replay.recount_clocks import END
from tests.replay.recount_log import book_of as book_of_log
from tests.replay.recount_raw import Raw
from tests.replay.recount_rows import book_of as book_of_rows
from tests.replay.recount_rules import Rules
from tests.replay.recount_time import LOCAL, Limit, Time

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RAW = Raw("chicago/14-1", "Garbage in alley", "", "1", "48XX S WOOD", datetime(2025, 3, 5, tzinfo=LOCAL), None, False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("begin", "department", "days", "end"),
    [
        ("2025-03-05T10:00", "371102-ZJJ", 3, "2025-03-10T17:30"),
        ("2025-03-05T10:00", "371102-CGJ", 3, "2025-03-08T12:00"),  # works on Saturdays
        ("2025-04-30T10:00", "371102-ZJJ", 1, "2025-05-06T17:30"),  # 1 to 5 May are holidays
        ("2025-01-25T10:00", "371102-ZJJ", 1, "2025-01-26T17:30"),  # a Sunday that is worked instead
    ],
)
def test_working_days_are_those_of_the_department(begin: str, department: str, days: int, end: str) -> None:
    assert Time().begun(department, Limit(days, "working_day"), at(begin)).due == at(end)


@pytest.mark.parametrize(
    ("unit", "amount", "extra", "end"),
    [
        ("clock_hour", 4, 0, "2025-03-05T15:00"),  # an hour on hold
        ("clock_hour", 4, 2, "2025-03-05T17:00"),
        ("working_hour", 2, 0, "2025-03-05T14:00"),  # half an hour of it in the noon break
        ("working_hour", 8, 0, "2025-03-06T11:00"),
        ("working_day", 1, 0, "2025-03-06T17:30"),  # the day on which it begins does not count
    ],
)
def test_time_that_stood_still_is_left_out(unit: str, amount: int, extra: int, end: str) -> None:
    clock = Time().begun("371102-ZJJ", Limit(amount, unit), at("2025-03-05T10:00"))
    stood = replace(clock, stood=((at("2025-03-05T11:30"), at("2025-03-05T12:30")),), extra=extra)
    assert Time().due(stood) == at(end)


YARD, SITE, DOGS = "Garbage in yard", "Construction Site Cleanliness/Fence", "Dog feces in yard"


@pytest.mark.parametrize(
    ("nature", "moment", "returned_by", "held", "found"),
    [
        (YARD, "2025-03-05T10:00", "", "", "371102-CGJ RULE 10 371102-CGJ 0/6 371102-ZJJ 0/5 at once"),
        (YARD, "2025-03-05T10:00", "", "371102-CGJ", "371102-ZJJ RULE 10 371102-ZJJ 0/5 371102-CGJ 1/6 at once"),
        (YARD, "2025-03-05T10:00", "371102-CGJ", "", "371102-ZJJ RULE 10 at once"),
        (YARD, "2025-03-05T18:00", "", "", "371102-CGJ RULE 11 at once"),
        (SITE, "2025-03-05T10:00", "", "", "371102-ZJJ RULE 40"),
        (SITE, "2025-03-05T10:00", "371102-ZJJ", "", ""),
        (SITE, "2025-03-05T13:00", "", "", "perhaps 371102-ZJJ"),
        (SITE, "2025-03-08T13:00", "", "", "371102-CGJ RULE 41"),
        (DOGS, "2025-03-05T10:00", "", "", "perhaps whoever had the last"),
        ("Other", "2025-03-05T10:00", "", "", "371102-CGJ CATALOGUE"),
        ("Other", "2025-03-05T10:00", "371102-CGJ", "", "perhaps whoever had the last"),
    ],
)
def test_who_has_to_get_it(nature: str, moment: str, returned_by: str, held: str, found: str) -> None:
    rules = Rules(Time())
    subject = rules.subject("chicago", nature, "", "1")
    routed = rules.routed(subject, at(moment), {returned_by}, {held: 1}, lambda: "whoever had the last")
    perhaps = f"perhaps {routed.suggestion}" if routed.suggestion else ""
    said = (routed.department, routed.why, perhaps, "at once" if routed.automatic else "")
    assert " ".join(filter(None, said)) == found


def test_an_open_row_climbs_until_the_end_of_the_year() -> None:
    """Four hours for rubbish: at 4 hours the county, at 8 and 12 the city, every day for a week, then every week."""
    book = book_of_rows([RAW], seed=4)
    [_, dispatched, accepted] = book.events[RAW.key]
    assert dispatched.until == accepted.until == dispatched.at + 4 * HOUR
    assert accepted.at < dispatched.at + 4 * HOUR
    figures = book.figures()["371102-CGJ"]
    # At 8 and 12 hours and on each of the seven days that follow; the last of those is past the week.
    weekly = (END - dispatched.at - 12 * HOUR - 7 * DAY - timedelta(seconds=1)) // (7 * DAY)
    assert figures == {"COUNTY": 1, "CITY": 9 + weekly, "filed": 1, "late": 1}


def test_it_shares_no_code_with_what_it_recounts() -> None:
    code = "import sys, tests.replay.recount; print(*(each for each in sys.modules if each.split('.')[0] in sys.argv))"
    asked = [sys.executable, "-c", code, "services", "deploy", "egov"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split() == []


def event(name: str, **body: Any) -> str:
    facts = {"incident_id": "i", "reference": "r", "holder": "department/C", "department": "D", **body}
    return json.dumps({"type": f"egov.grid.v1.{name}", "body": facts})


def test_the_log_says_who_was_late() -> None:
    lines = [
        event("IncidentFiled", filed_at="2025-03-05T01:00:00Z"),
        event("IncidentDispatched", dispatched_at="2025-03-05T02:00:00Z", handle_by="2025-03-05T06:00:00Z"),
        event("IncidentEscalated", level="ESCALATION_LEVEL_VILLAGE"),
        event("IncidentHandled", handled_at="2025-03-05T07:00:00Z", handle_by="2025-03-05T06:00:00Z"),
        event("IncidentReworkOrdered", ordered_at="2025-03-05T08:00:00Z", handle_by="2025-03-05T12:00:00Z"),
        event("IncidentHandled", handled_at="2025-03-05T09:00:00Z", handle_by="2025-03-05T12:00:00Z"),
        event("IncidentDueSoon"),
        event("IncidentVerified", verified_at="2025-03-05T10:00:00Z"),
        event("IncidentClosed", closed_at="2025-03-05T11:00:00Z", outcome="CLOSING_OUTCOME_HANDLED"),
    ]  # fmt: skip
    assert book_of_log(lines, END).figures() == {
        "D": {"VILLAGE": 1, "closed": 1, "filed": 1, "late": 1, "reworked": 1}
    }  # fmt: skip
    assert book_of_log(lines[:2], END).figures()["D"] == {"filed": 1, "late": 1}
    assert book_of_log(lines[:2], at("2025-03-05T12:00")).figures()["D"] == {"filed": 1, "running": 1}


def test_what_was_returned_goes_to_whoever_has_it_at_the_end() -> None:
    lines = [
        event("IncidentFiled", filed_at="2025-03-05T01:00:00Z"),
        event("IncidentDispatched", dispatched_at="2025-03-05T02:00:00Z", handle_by="2025-03-05T06:00:00Z"),
        event("IncidentReturned", returned_at="2025-03-05T03:00:00Z"),
    ]  # fmt: skip
    assert book_of_log(lines, END).figures() == {"C": {"filed": 1}, "D": {"returned": 1}}


def test_a_difference_names_figure_row_and_event() -> None:
    assert differences("printed", {"D": {"late": 2}}, "from the log", {"D": {"late": 1}}) == [
        "D, late: printed 2, from the log 1"
    ]
    one, other = Book(), Book()
    one.note("r", Told("IncidentFiled", at("2025-03-05T09:00")))
    assert one.differences(one) == []
    assert one.differences(other) == ["r: rows IncidentFiled 03-05 09:00:00, log nothing"]


def test_the_table_ends_with_the_sum() -> None:
    lines = table({"A": {"filed": 1_000}, "B": {"filed": 2}}).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["A", "1,000"], ["B", "2"], ["all", "1,002"]]
