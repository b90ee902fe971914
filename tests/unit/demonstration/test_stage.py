from typing import Any

import pytest

from deploy.local.client import Answer
from deploy.local.demonstration.cast import Actor
from deploy.local.demonstration.stage import KAFKA, SMTP, Effect, NotInTime, Stage, Step, until


class Token:
    """A source of tokens that has one."""

    def token(self) -> str:
        return "token"


STEP = Step("report 上报", Actor("citizen", Token()), "IncidentFiled")


def act(stage: Stage, **body: Any) -> None:
    stage.act(STEP, lambda: Answer(body, "", "", 0.012, 1), lambda said: f"says {said}")


def effect(*answers: bool, door: str = KAFKA, needed: bool = False) -> Effect:
    """One that has happened when the last answer is given, and stays so."""
    left = list(answers)
    return Effect("grid", "IncidentAccepted", lambda: left.pop(0) if len(left) > 1 else left[0], str, door, needed)


def test_a_step_is_a_row_with_its_number_and_the_calls_own_time() -> None:
    stage = Stage()
    act(stage)
    act(stage, version=2)
    assert stage.rows == [
        (" 1 report 上报", "citizen", "HTTPS/JSON", "IncidentFiled", "says {}", "12 ms"),
        (" 2 report 上报", "citizen", "HTTPS/JSON", "IncidentFiled", "says {'version': 2}", "12 ms"),
    ]


def test_an_effect_is_asked_for_until_it_has_happened_and_says_how_long_that_took() -> None:
    stage = Stage()
    act(stage)
    stage.follow(effect(False, False, True), effect(True))
    assert [row[:4] for row in stage.rows[1:]] == [("", "└ grid", "Kafka", "IncidentAccepted")] * 2
    assert all(row[-1].startswith("+") for row in stage.rows[1:])
    assert stage.complete


def test_an_effect_that_does_not_come_is_said_and_the_play_is_not_complete() -> None:
    stage = Stage(limit_s=0)
    act(stage)
    stage.follow(effect(False), effect(True))
    assert stage.rows[1][-1] == "not in time"
    assert stage.rows[2][-1].startswith("+")
    assert not stage.complete


def test_without_an_effect_that_the_next_step_needs_the_play_ends_with_all_rows_told() -> None:
    stage = Stage(limit_s=0)
    act(stage)
    with pytest.raises(NotInTime, match="IncidentAccepted by grid"):
        stage.follow(effect(False, needed=True), effect(True))
    assert len(stage.rows) == 3


def test_behind_a_late_mail_the_next_is_looked_for_once() -> None:
    stage = Stage(limit_s=0)
    act(stage)
    stage.follow(effect(False, door=SMTP))
    stage.limit_s = 3600
    stage.follow(effect(False, door=SMTP), effect(False, True, door=KAFKA))
    assert [row[-1][0] for row in stage.rows[2:]] == ["n", "+"]


def test_waiting_ends_when_the_condition_holds_or_time_is_over() -> None:
    answers = iter([False, True])
    assert until(lambda: next(answers), within_s=5)
    assert not until(lambda: False, within_s=0)
