"""What README.md's draws make of a row: what somebody does about it when."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.replay.recount_raw import Raw
from tests.replay.recount_time import HOUR as H

M = timedelta(minutes=1)
Share = Callable[[str], float]


class Step(NamedTuple):
    """What is done, and until when what is asked for shall last."""

    at: datetime
    what: str
    until: datetime | None = None


class Draws(NamedTuple):
    """The draws of a row."""

    seed: int
    key: str

    def share(self, what: str) -> float:
        """A number below 1."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{self.key}/{what}".encode()).digest()[:6], "big") / 2**48

    def wait(self, what: str, least: timedelta, span: timedelta) -> timedelta:
        """From `least` on, in whole seconds."""
        return least + timedelta(seconds=int(self.share(what) * span.total_seconds()))

    def seat(self, at: datetime) -> datetime:
        """When the seat dispatches it."""
        return at + self.wait("dispatch", 26 * H if self.share("slow-dispatch") < 0.03 else 5 * M, 85 * M)

    def accepted(self, at: datetime) -> datetime:
        """When the department accepts it."""
        return at + self.wait("accept", 25 * H if self.share("slow-accept") < 0.05 else 10 * M, 3 * H)


def steps_of(row: Raw, seed: int, merged: bool) -> list[Step]:
    """Everything that people do about a row; `merged`: it is a duplicate of a row that is there."""
    draws = Draws(seed, row.key)
    at = row.created + (draws.wait("filed", 7 * H, 12 * H) if row.dated else timedelta())
    if row.duplicate:
        found = at + draws.wait("merge", 10 * M, H)
        return [Step(at, "file"), *_asked_again(at, found), Step(found, "merge" if merged else "dismiss")]
    by_hotline = not row.dated and draws.share("hotline") < 0.5
    steps = list(_checked(at, draws)) if by_hotline else [Step(at, "file")]
    if steps[-1].what == "decline":
        return steps
    steps += _asked_again(filed := steps[-1].at, seat := draws.seat(filed))
    steps += _dispatched(seat, draws)
    accepted = draws.accepted(steps[-1].at)
    steps.append(Step(accepted, "accept"))
    if row.closed is None:
        return [*steps, *_stuck(accepted, draws.share("stuck"))]
    done = row.closed + (draws.wait("done", 8 * H, 10 * H) if row.dated else timedelta())
    return [*steps, *_handled(accepted, max(accepted + H, done), draws)]


def _checked(at: datetime, draws: Draws) -> Iterator[Step]:
    """By the hotline: looked at, filed or declined; of the declined some are looked at once more."""
    yield Step(at, "report")
    checked = at + draws.wait("check", 26 * H if draws.share("slow-check") < 0.1 else 20 * M, 6 * H)
    decided = checked + draws.wait("decide", 10 * M, 2 * H)
    declined = draws.share("declined") < 0.2
    yield from (Step(checked, "check"), Step(decided, "decline" if declined else "file"))
    if declined and draws.share("objected") < 0.4:
        objected = decided + draws.wait("object", 24 * H, 72 * H)
        checked = objected + draws.wait("check-again", 20 * M, 6 * H)
        decided = checked + draws.wait("decide-again", 10 * M, 2 * H)
        again = "decline" if draws.share("declined-again") < 0.5 else "file"
        yield from (Step(objected, "object"), Step(checked, "check"), Step(decided, again))


def _asked_again(filed: datetime, seat: datetime) -> list[Step]:
    """Rules are asked every hour whether one sends it by itself, until the seat does."""
    return [Step(filed + hour * H, "ask again") for hour in range(1, -((filed - seat) // H))]


def _dispatched(at: datetime, draws: Draws) -> Iterator[Step]:
    yield Step(at, "dispatch")
    if draws.share("returned") < 0.06:
        yield from (Step(at + H, "return"), Step(at + 2 * H, "dispatch"))
        if draws.share("returned-twice") < 0.3:
            yield from (Step(at + 4 * H, "return"), Step(at + 7 * H, "decide"))


def _handled(accepted: datetime, done: datetime, draws: Draws) -> Iterator[Step]:
    """From the acceptance to the end, and for some once more."""
    rework = draws.share("rework") < 0.1
    first = accepted + (done - accepted) / 2 if rework else done
    yield from sorted(_work(accepted, first, draws), key=lambda each: each.at)
    if rework:
        yield from (Step(first, "handle"), Step(first + (done - first) / 2, "rework"))
    yield from (ended := _ended(done, draws))
    if draws.share("reopened") < 0.05:
        again = Draws(draws.seed, f"{draws.key}/again")
        reopened = ended[-1].at + again.wait("reopen", 24 * H, 96 * H)
        accepted = again.accepted(seat := again.seat(reopened))
        yield from (Step(reopened, "reopen"), Step(seat, "dispatch"), Step(accepted, "accept"))
        yield from _ended(accepted + again.wait("work", 2 * H, 48 * H), again)


def _ended(done: datetime, draws: Draws) -> list[Step]:
    verified = done + draws.wait("verify", 30 * H if draws.share("slow-verify") < 0.03 else 30 * M, 8 * H)
    closed = verified + draws.wait("close", 10 * M, 4 * H)
    return [Step(done, "handle"), Step(verified, "verify"), Step(closed, "close")]


def _work(accepted: datetime, first: datetime, draws: Draws) -> Iterator[Step]:
    """Between the acceptance and the first report that it is handled."""
    drawn, granted = draws.share("hindered"), draws.share("granted") < 0.7

    def at(twentieths: int) -> datetime:
        return accepted + (first - accepted) * twentieths / 20

    if draws.share("stages") >= 0.2:
        yield from (Step(accepted + (first - accepted) * third / 3, "progress") for third in (1, 2))
    if drawn < 0.06:
        yield from (Step(at(8), "ask hold", at(12)), Step(at(9), "grant" if granted else "refuse"))
        ends = draws.share("hold-ends")
        if granted:
            early, late = Step(at(11), "end hold"), Step(at(12), "review")
            yield Step(at(10), "resume") if ends < 0.3 else early if ends < 0.5 else late
    elif drawn < 0.12:
        more = "grant one" if draws.share("cut") < 0.3 else "grant"
        yield from (Step(at(8), "ask extension"), Step(at(9), more if granted else "refuse"))
    elif drawn < 0.18:
        answer = "done outside" if draws.share("done-outside") < 0.7 else "failed outside"
        yield from (Step(at(8), "outside", at(10)), Step(at(12 if draws.share("answered-late") < 0.4 else 9), answer))


def _stuck(accepted: datetime, drawn: float) -> list[Step]:
    """What its source left open: with an outside body for ever, or on hold for a month."""
    asked = accepted + H
    if drawn < 0.3:
        return [Step(asked, "outside", asked + 240 * H)]
    if drawn < 0.6:
        review = asked + 720 * H
        return [Step(asked, "ask hold", review), Step(accepted + 2 * H, "grant"), Step(review, "review")]
    return []
