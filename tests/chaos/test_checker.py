"""The checker finds what is planted, and nothing else: sound books, each rule with a record that breaks it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.checker import RULES, check, repeats
from tests.chaos.records import (
    Books,
    Command,
    Disturbance,
    Figures,
    Logged,
    Mail,
    Notice,
    Published,
    Row,
    Subscription,
    Taken,
    Told,
)

FILED, DISPATCHED, CREATED = "grid.Filed", "grid.Dispatched", "notification.Created"
CLIENT, CENTRE, DEPARTMENT = ("client", "app"), ("department", "centre"), ("department", "water")
GRID, NOTIFICATION = "egov.grid.v1", "egov.notification.v1"
TOLD_OF = {"e1": (CLIENT, CENTRE), "e2": (CLIENT, DEPARTMENT)}
NAMES = {(id, party): f"n-{id}-{party[1]}" for id, parties in TOLD_OF.items() for party in parties}


def sound() -> Books:
    """One incident, filed and dispatched; two notices of each, one of them by mail. A third command was refused."""
    notices = tuple(
        Notice(name, id, party, "SENT" if party[0] == "department" else "NONE") for (id, party), name in NAMES.items()
    )
    grid = (Logged("grid", "e1", FILED, "i1", 1), Logged("grid", "e2", DISPATCHED, "i1", 2))
    made = tuple(Logged("notification", f"m-{notice.id}", CREATED, notice.id, 1) for notice in notices)
    return Books(
        commands=(
            Command("k1", FILED, Told.ACKNOWLEDGED, 0, "i1", "ref-1", 1),
            Command("k2", DISPATCHED, Told.ACKNOWLEDGED, 1, "i1", "", 2),
            Command("k3", DISPATCHED, Told.REFUSED, 1, "i1", reason="STALE_VERSION", late=True),
        ),
        rows=(
            Row("grid", "i1", 2, "ref-1", open=True, holder="water", deadline=5000.0),
            *(Row("notification", notice.id, 1) for notice in notices),
        ),
        logged=(*grid, *made),
        published=(
            Published(GRID, 3, 0, 100.0, "e1", FILED, "i1", 1, "department/centre", frozenset(TOLD_OF["e1"])),
            Published(GRID, 3, 1, 101.0, "e2", DISPATCHED, "i1", 2, "department/water", frozenset(TOLD_OF["e2"])),
            *(Published(NOTIFICATION, 0, place, 102.0, event.id, CREATED, event.aggregate, 1)
              for place, event in enumerate(made)),
        ),
        subscriptions=(Subscription("notification", "incident-notices", GRID, frozenset({FILED, DISPATCHED})),),
        taken=(
            Taken("notification", "incident-notices", "e1", "taken", 100.5),
            Taken("notification", "incident-notices", "e2", "taken", 101.5),
        ),
        notices=notices,
        mails=tuple(Mail(notice.id, 103.0) for notice in notices if notice.email == "SENT"),
        holders=frozenset({"water", "centre"}),
        left={"grid: events in the outbox": 0},
        before={"grid": Figures(50, 40, 100 << 20)},
        after={"grid": Figures(52, 40, 110 << 20)},
        ended=1000.0,
    )  # fmt: skip


def with_records(books: Books, group: str, records: tuple[Any, ...]) -> Books:
    """The books with these records in the place of a group."""
    more: dict[str, Any] = {group: records}
    return replace(books, **more)


def changed(group: str, place: int, **changes: Any) -> Callable[[Books], Books]:
    """The books with one record changed."""

    def change(books: Books) -> Books:
        records = list(getattr(books, group))
        records[place] = replace(records[place], **changes)
        return with_records(books, group, tuple(records))

    return change


def without(group: str, place: int) -> Callable[[Books], Books]:
    """The books with one record less."""

    def change(books: Books) -> Books:
        records = list(getattr(books, group))
        del records[place]
        return with_records(books, group, tuple(records))

    return change


def added(group: str, record: Any) -> Callable[[Books], Books]:
    """The books with one record more."""
    return lambda books: with_records(books, group, (*getattr(books, group), record))


def grown(**more: int) -> Callable[[Books], Books]:
    """The books with a part that uses more at the end."""

    def change(books: Books) -> Books:
        after = dataclasses.asdict(books.after["grid"])
        return replace(
            books, after={"grid": Figures(**{name: count + more.get(name, 0) for name, count in after.items()})}
        )

    return change


REPEATED = Published(GRID, 3, 2, 200.0, "e1", FILED, "i1", 1, "department/centre", frozenset(TOLD_OF["e1"]))
AGAIN = Mail(NAMES["e1", CENTRE], 150.0)

PLANTED = [
    ("acknowledged has its state", without("rows", 0)),
    ("acknowledged has its state", changed("rows", 0, version=1)),
    ("acknowledged has its state", changed("logged", 1, type="grid.Returned")),
    ("acknowledged once", added("commands", Command("k4", DISPATCHED, Told.ACKNOWLEDGED, 1, "i1", "", 2))),
    ("acknowledged once", changed("commands", 1, seen=0)),
    ("at most once", added("rows", Row("grid", "i2", 1, "ref-1"))),
    ("refused has no effect", added("commands", Command("k5", FILED, Told.REFUSED, reference="ref-1"))),
    ("refused when late", changed("commands", 2, late=False)),
    ("refused when late", changed("commands", 1, late=True)),
    ("nothing unasked", changed("commands", 1, told=Told.REFUSED)),
    ("nothing unasked", changed("commands", 0, aggregate="i2", reference="ref-2")),
    ("one event per change", without("logged", 1)),
    ("one event per change", added("logged", Logged("grid", "e9", DISPATCHED, "i1", 2))),
    ("one event per change", added("logged", Logged("grid", "e9", FILED, "i9", 1))),
    ("kafka is the log", without("published", 1)),
    ("kafka is the log", without("logged", 0)),
    ("kafka is the log", changed("published", 0, aggregate="i9")),
    ("repeats are excused", added("published", REPEATED)),
    ("one outcome per consumer", without("taken", 1)),
    ("one outcome per consumer", added("taken", Taken("notification", "incident-notices", "e2", "taken", 101.6))),
    ("one outcome per consumer", added("taken", Taken("notification", "incident-notices", "e9", "taken", 101.6))),
    ("one outcome per consumer", changed("taken", 1, outcome="waiting")),
    ("order in kafka", changed("published", 0, offset=7)),
    ("order in kafka", changed("published", 0, partition=1)),
    ("order of effects", changed("taken", 0, decided_at=900.0)),
    ("every notice", without("notices", 0)),
    ("no notice twice", added("notices", Notice("n9", "e1", CENTRE, "SENT"))),
    ("every notice", added("notices", Notice("n9", "e1", DEPARTMENT, "SENT"))),
    ("every mail", without("mails", 0)),
    ("every mail", changed("notices", 1, email="FAILED")),
    ("every mail", added("mails", Mail("n9", 103.0))),
    ("mails doubled where smtp allows", added("mails", AGAIN)),
    ("every case is held", changed("rows", 0, holder="")),
    ("every case is held", changed("rows", 0, deadline=None)),
    ("every case is held", changed("rows", 0, deadline=900.0)),
    ("every case is held", changed("rows", 0, holder="centre")),
    ("every case is held", lambda books: replace(books, holders=frozenset({"centre"}))),
    ("nothing left", lambda books: replace(books, left={"grid: events in the outbox": 1})),
    ("nothing died by itself", lambda books: replace(books, died=("grid: exit code 1",))),
    ("nothing leaks", grown(files=40)),
    ("nothing leaks", grown(threads=20)),
    ("nothing leaks", grown(memory=200 << 20)),
]


def test_sound_books_have_no_finding() -> None:
    assert check(sound()) == []


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_what_is_planted_is_found(rule: str, plant: Callable[[Books], Books]) -> None:
    assert rule in {finding.rule for finding in check(plant(sound()))}


def test_every_rule_has_something_planted() -> None:
    assert {rule for rule, _ in PLANTED} == set(RULES)


def test_an_unknown_command_may_have_happened_or_not() -> None:
    unknown = changed("commands", 1, told=Told.UNKNOWN, version=0)(sound())
    assert check(unknown) == []
    assert check(added("commands", Command("k6", FILED, Told.UNKNOWN, reference="ref-2"))(sound())) == []


@pytest.mark.parametrize(
    ("began", "ended", "part", "excused"),
    [(90.0, 99.0, "grid", True), (150.0, 160.0, "kafka", True), (199.0, 300.0, "grid-2", True),
     (150.0, 160.0, "mail", False), (10.0, 20.0, "grid", False), (210.0, 220.0, "postgres", False)],
)  # fmt: skip
def test_a_fault_near_it_excuses_a_repeat(began: float, ended: float, part: str, excused: bool) -> None:
    books = added("published", REPEATED)(added("disturbances", Disturbance(part, began, ended))(sound()))
    assert (check(books) == []) is excused
    assert repeats(books) == (1, 0)


@pytest.mark.parametrize(
    ("began", "ended", "part", "excused"),
    [(95.0, 99.0, "mail", True), (104.0, 140.0, "notification-2", True), (120.0, 140.0, "notification", False),
     (95.0, 140.0, "kafka", False)],
)  # fmt: skip
def test_a_fault_at_its_sending_excuses_a_second_mail(began: float, ended: float, part: str, excused: bool) -> None:
    books = added("mails", AGAIN)(added("disturbances", Disturbance(part, began, ended))(sound()))
    assert (check(books) == []) is excused
    assert repeats(books) == (0, 1)
