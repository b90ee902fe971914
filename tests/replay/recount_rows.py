"""The figures once more, from the raw rows: what the city's rules and the draws of README.md make of each of them.

Nothing here is the service's: dispatch, deadlines and escalations are worked out by plain counting. What it finds is
compared with what the service did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.replay import recount_waiting
from tests.replay.recount_books import Book
from tests.replay.recount_clocks import END
from tests.replay.recount_course import Course, Town
from tests.replay.recount_raw import Raw, mains_of
from tests.replay.recount_rules import Rules
from tests.replay.recount_steps import Step, steps_of
from tests.replay.recount_time import Time

TAKEN: dict[str, Callable[[Course, Step], None]] = {
    "report": lambda course, step: course.wait("IncidentReported", "reported"),
    "check": lambda course, step: course.wait("IncidentChecked", "checked"),
    "object": lambda course, step: course.wait("IncidentReported", "reported"),
    "decline": lambda course, step: course.end("IncidentDeclined"),
    "file": Course.file,
    "ask again": Course.ask_again,
    "dispatch": Course.dispatch,
    "return": Course.give_back,
    "decide": Course.decide,
    "accept": Course.accept,
    "progress": Course.progress,
    "ask hold": recount_waiting.ask_hold,
    "ask extension": recount_waiting.ask_extension,
    "grant": recount_waiting.grant,
    "grant one": recount_waiting.grant,
    "refuse": recount_waiting.refuse,
    "resume": recount_waiting.resume,
    "end hold": recount_waiting.resume,
    "review": recount_waiting.resume,
    "outside": recount_waiting.outside,
    "done outside": recount_waiting.answer,
    "failed outside": recount_waiting.answer,
    "handle": Course.handle,
    "rework": Course.rework,
    "verify": lambda course, step: course.wait("IncidentVerified", "verified"),
    "close": Course.close,
    "reopen": Course.reopen,
    "merge": Course.merge,
    "dismiss": Course.merge,
}
"""What each step does."""


def book_of(rows: Sequence[Raw], seed: int) -> Book:
    """What has to be in the books. Rows go on together, moment by moment: a dispatch asks what departments have."""
    town, mains = Town(Book(), Rules(Time())), mains_of(rows)
    known = {row.key: row for row in rows}
    steps = [(step.at, row.key, place, step) for row in rows
             for place, step in enumerate(steps_of(row, seed, row.key in mains)) if step.at < END]  # fmt: skip
    for at, key, _, step in sorted(steps, key=lambda each: each[:3]):
        if key not in town.courses:
            row = known[key]
            subject = town.rules.subject(key.partition("/")[0], row.nature, row.detail, row.area)
            town.courses[key] = Course(town, key, subject, mains.get(key), at)
        town.courses[key].go_on_until(at)
        TAKEN[step.what](town.courses[key], step)
    for course in town.courses.values():
        course.finish()
    return town.book
