from collections import Counter
from datetime import UTC, datetime

from deploy.local.replaying import mapping, rows
from deploy.local.replaying.mapping import Mapped, TypeKey
from deploy.local.replaying.rows import LeftOut, Row
from deploy.local.replaying.timeline import Action, plan, timeline


def report(number: str, created: int, closed: int | None) -> Mapped:
    moment = datetime(2014, 12, created, tzinfo=UTC)
    end = datetime(2014, 12, closed, tzinfo=UTC) if closed else None
    row = Row("chicago", number, "Other", "", "61", "48XX S WOOD", moment, end, False)
    return Mapped(row, TypeKey("RZ-LOCAL", "event", "92001"), "371102001001")


def test_steps_come_by_date_and_each_report_in_its_own_order() -> None:
    steps = timeline([report("b", 2, 5), report("a", 1, 3)])
    assert [(step.mapped.row.number, step.action.name) for step in steps] == [
        ("a", "FILE"),
        ("a", "DISPATCH"),
        ("b", "FILE"),
        ("b", "DISPATCH"),
        *(("a", step) for step in ("ACCEPT", "HANDLE", "VERIFY", "CLOSE")),
        *(("b", step) for step in ("ACCEPT", "HANDLE", "VERIFY", "CLOSE")),
    ]


def test_a_report_closed_on_its_first_day_is_filed_first() -> None:
    assert [step.action for step in timeline([report("a", 1, 1)])] == list(Action)


def test_a_report_without_completion_stays_open() -> None:
    assert [step.action for step in timeline([report("a", 1, None)])] == [Action.FILE, Action.DISPATCH]


def test_every_row_of_the_sample_is_a_report_or_left_out_by_a_reason() -> None:
    made = plan(rows.read(), mapping.load())
    assert made.rows == 2_500
    assert made.reports + made.left_out.total() == made.rows
    assert Counter(step.action for step in made.steps)[Action.FILE] == made.reports


def test_a_limit_takes_the_first_rows_by_date() -> None:
    atlas = mapping.load()
    made, whole = plan(rows.read(), atlas, limit=100), plan(rows.read(), atlas)
    assert made.rows == 100
    latest = max(step.at for step in made.steps if step.action is Action.FILE)
    later = [step for step in whole.steps if step.action is Action.FILE and step not in made.steps]
    assert all(step.at >= latest for step in later)


def test_rows_that_cannot_be_read_are_counted() -> None:
    made = plan([LeftOut("chicago/line-2", "UNREADABLE")], mapping.load())
    assert (made.rows, made.reports, dict(made.left_out)) == (1, 0, {"UNREADABLE": 1})
