"""The report says what was done and what was found, to people and to machines."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.chaos.checker import check
from tests.chaos.records import Disturbance
from tests.chaos.report import Done, Report, report
from tests.chaos.test_checker import sound

DONE = [Done("kill grid", 100.0, 102.0), Done("kill grid", 200.0, 205.5), Done("drop kafka", 300.0)]


def made(*, lost: bool = False) -> Report:
    books = replace(sound(), mails=()) if lost else sound()
    return report(books, check(books), DONE, seed=7, seconds=60.0, quiet_after=1.5, retried=0)


def test_it_counts_what_was_done_and_what_came_of_it() -> None:
    found = made()
    assert found.faults == {"kill grid": 2, "drop kafka": 1} and found.fault_count == 3
    assert found.recoveries == {"kill grid": 5.5}
    assert (found.commands["acknowledged"], found.commands["refused"], found.commands["unknown"]) == (2, 1, 0)
    assert (found.events, found.effects, found.notices, found.mails) == (6, 2, 4, 2)


def test_a_recovery_begins_when_nothing_is_disturbed_any_more() -> None:
    done = Done("kill grid", 100.0, 130.0)
    assert done.recovery([]) == 30.0
    assert done.recovery([Disturbance("postgres", 90.0, 120.0), Disturbance("mail", 125.0, 140.0)]) == 10.0


def test_the_text_says_the_seed_and_the_verdict() -> None:
    text = made().as_text()
    assert "seed 7" in text and "lost 0, doubled 0, otherwise wrong 0" in text
    assert "lost 2, doubled 0" in made(lost=True).as_text() and "every mail: 2" in made(lost=True).as_text()


def test_the_json_holds_the_same() -> None:
    said = json.loads(made(lost=True).as_json())
    assert said["faults"] == {"kill grid": 2, "drop kafka": 1}
    assert (said["lost"], said["doubled"]) == (2, 0)
    assert [rule for rule, _ in said["findings"]] == ["every mail", "every mail"]
