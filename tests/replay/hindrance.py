"""What comes between the acceptance and the report that it is handled: stages, holds, extensions, outside bodies."""

from __future__ import annotations

from datetime import datetime

from tests.replay.steps import DAY, HOUR, Action, Draws, Step

HELD, EXTENDED, OUTSIDE = 0.06, 0.12, 0.18
"""Shares of one draw, each from the one before on."""
GRANTED, CUT = 0.7, 0.3
RESUMED, ENDED = 0.3, 0.5
ANSWERED_LATE, DONE_OUTSIDE = 0.4, 0.7
NO_STAGES = 0.2
STUCK_OUTSIDE, STUCK_ON_HOLD = 0.3, 0.6


def work(accepted: datetime, handled: datetime, draws: Draws) -> list[Step]:
    """Until it is first reported handled: at the thirds of that time stages, between them what hinders."""
    stages = [] if draws.share("stages") < NO_STAGES else [accepted + (handled - accepted) * n / 3 for n in (1, 2)]
    steps = [*(Step(at, Action.PROGRESS) for at in stages), *_hindrance(accepted, handled, draws)]
    return sorted(steps, key=lambda each: each.at)


def stuck(accepted: datetime, draws: Draws) -> list[Step]:
    """What a department does with what its source left open: some wait outside, or were on hold for a month."""
    asked, drawn = accepted + HOUR, draws.share("stuck")
    if drawn < STUCK_OUTSIDE:
        return [Step(asked, Action.SEND_OUTSIDE, asked + 10 * DAY)]
    if drawn < STUCK_ON_HOLD:
        return [Step(asked, Action.ASK_HOLD, asked + 30 * DAY), Step(accepted + 2 * HOUR, Action.GRANT)]
    return []


def _hindrance(accepted: datetime, handled: datetime, draws: Draws) -> list[Step]:
    """At twentieths of the time: asked or sent at 8, decided at 9, over at 12 at the latest."""
    asked, decided, half, later, over = (accepted + (handled - accepted) * n / 20 for n in (8, 9, 10, 11, 12))
    granted, drawn = draws.share("granted") < GRANTED, draws.share("hindered")
    if drawn < HELD:
        ends = _hold_ends(half, later, draws) if granted else []
        return [Step(asked, Action.ASK_HOLD, over), Step(decided, _decision(granted)), *ends]
    if drawn < EXTENDED:
        cut = granted and draws.share("cut") < CUT
        return [Step(asked, Action.ASK_EXTENSION), Step(decided, Action.GRANT_ONE if cut else _decision(granted))]
    if drawn < OUTSIDE:
        done = draws.share("done-outside") < DONE_OUTSIDE
        answered = over if draws.share("answered-late") < ANSWERED_LATE else decided
        answer = Action.OUTSIDE_DONE if done else Action.OUTSIDE_FAILED
        return [Step(asked, Action.SEND_OUTSIDE, half), Step(answered, answer)]
    return []


def _decision(granted: bool) -> Action:
    return Action.GRANT if granted else Action.REFUSE


def _hold_ends(half: datetime, later: datetime, draws: Draws) -> list[Step]:
    """By the department, by the grid centre, or by itself at the review."""
    drawn = draws.share("hold-ends")
    if drawn < RESUMED:
        return [Step(half, Action.RESUME)]
    return [Step(later, Action.END_HOLD)] if drawn < ENDED else []
