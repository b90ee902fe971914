"""What a department asks for, and what it sends to an outside body: what has to be in the books for it."""

from __future__ import annotations

from dataclasses import replace

from tests.replay.recount_clocks import END
from tests.replay.recount_course import Course
from tests.replay.recount_steps import Step
from tests.replay.recount_time import HOUR, Clock, Limit


def ask_hold(course: Course, step: Step) -> None:
    """Until a review."""
    course.until = step.until
    _ask(course, "hold")


def _ask(course: Course, what: str) -> None:
    """The grid centre has a day to decide: it is warned, then the city told every day for a week, then every week."""
    at = course.clocks.since
    days = [*range(1, 9), *range(15, 366, 7)]
    moments = [(at + 24 * HOUR * 4 / 5, 0), *((at + 24 * HOUR * day, day) for day in days)]
    course.asked, course.awaited = what, [each for each in moments if each[0] < END]
    course.tell("IncidentTimeAsked", course.handling.due, to=course.department)


def ask_extension(course: Course, step: Step) -> None:
    """By half of the limit, by who is not late."""
    if course.handling.due >= course.clocks.since:
        _ask(course, "extension")


def grant(course: Course, step: Step) -> None:
    """A hold, or units on top: all that were asked for, or one."""
    asked, course.asked = course.asked, ""
    if asked == "hold":
        course.state = "on hold"
        course.clocks.pause()
        course.count(course.department, "held")
        course.tell("IncidentHeld", course.until, to=course.department)
    elif asked:
        units = 1 if step.what == "grant one" else max(1, int(course.handling.limit.amount) // 2)
        more = replace(course.handling, extra=course.handling.extra + units)
        course.clocks.put("handle", course.clocks.time.reckoned(more))
        course.count(course.department, "extended")
        course.tell("IncidentDeadlineMoved", course.handling.due, to=course.department)


def refuse(course: Course, step: Step) -> None:
    """The clock ran on."""
    if course.asked:
        course.asked = ""
        course.tell("IncidentTimeRefused", course.handling.due, to=course.department)


def resume(course: Course, step: Step) -> None:
    """The hold is over: the department ends it, or the grid centre, or it is time for the review."""
    ends = {"resume": "", "end hold": "CENTRE", "review": "REVIEW"}
    _go_on(course, "IncidentResumed", ends[step.what])


def outside(course: Course, step: Step) -> None:
    """An outside body has to answer."""
    assert step.until is not None
    course.state, limit = "outside", Limit((step.until - step.at) / HOUR)
    course.clocks.pause()
    course.clocks.put("answer", Clock(course.department, limit, step.at, step.until))
    course.count(course.department, "outside")
    course.tell("IncidentSentOutside", step.until, to=course.department)


def answer(course: Course, step: Step) -> None:
    """It did, or did not do it: it is back at the department."""
    _go_on(course, "IncidentOutsideAnswered", "DONE" if step.what == "done outside" else "FAILED")


def _go_on(course: Course, event: str, why: str) -> None:
    course.state = "accepted"
    course.clocks.go_on()
    course.tell(event, course.handling.due, to=course.department, why=why)
