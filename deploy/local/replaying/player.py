"""Plays the steps: several at a time, started in their order, each case's own steps strictly one after another.

A step that has to wait for an event's effect holds no thread: it is asked again a little later, and other cases go on.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from deploy.local.client import ApiError, Unreachable
from deploy.local.replaying.cases import Action, Noun, Step

ASK_AGAIN_S, LONGEST_PAUSE_S = 0.05, 1.0
PATIENCE_S = 180.0
MOST_WAITING = 500
EARLIER_STEP_FAILED, STOPPED = "EARLIER_STEP_FAILED", "STOPPED"


class NotYet(Exception):
    """An effect that the step needs is not there yet; the text is a reason such as `NOT_INSPECTED_YET`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a step changed, as it stands afterwards. `case_number`: empty for a certificate."""

    id: str
    version: int
    case_number: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands after a step, as the gateway acknowledged it. `department`: who is in charge, once known."""

    marks: Mapping[Noun, Mark]
    department: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """An acknowledged step, and what it changed."""

    step: Step
    mark: Mark


# Makes the call of a step. The standing is what the step before it left; None for the first. Raises NotYet.
Act = Callable[[Step, Standing | None], Standing]


@dataclass(slots=True)
class Played:
    """What the gateway acknowledged, and what failed by (action, reason).

    A step whose earlier one failed is not tried; it counts under `EARLIER_STEP_FAILED`.
    """

    done: list[Done] = field(default_factory=list)
    failed: Counter[tuple[Action, str]] = field(default_factory=Counter)
    unreachable: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class _Lane:
    """The steps of one case that were begun and are not done, the first of them in hand when `busy`."""

    steps: deque[Step] = field(default_factory=deque)
    standing: Standing | None = None
    failed: bool = False
    busy: bool = False
    asked: int = 0
    waits_since: float = 0.0


class Player:
    """Plays steps on `threads` threads; at most `rate` steps a second are begun, 0: as fast as they are answered."""

    def __init__(
        self,
        act: Act,
        threads: int,
        rate: float,
        progress: Callable[[int, int], None],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._act, self._threads, self._rate, self._progress = act, threads, rate, progress
        self._patience_s = patience_s
        self._lanes: dict[str, _Lane] = {}
        self._waiting: list[tuple[float, int, _Lane]] = []
        self._open = self._begun = self._active = self._order = 0
        self._played = Played()
        self._changed = threading.Condition()
        self._stopped = False
        self._fault: BaseException | None = None

    def play(self, steps: Sequence[Step]) -> Played:
        """Play them all. Ends early when the gateway cannot be reached; when interrupted, calls in flight are ended."""
        began = time.monotonic()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="replay") as pool:
            try:
                self._play(pool, steps, began)
            except BaseException:
                self._stopped = True
                raise
        if self._fault is not None:
            raise self._fault
        self._progress(len(steps), len(steps))
        self._played.seconds = time.monotonic() - began
        return self._played

    def _play(self, pool: ThreadPoolExecutor, steps: Sequence[Step], began: float) -> None:
        """Begin step after step while there is room, and ask those again that wait, until nothing is left to do."""
        while True:
            with self._changed:
                self._wake(pool)
                if self._begun < len(steps) and not self._stopped and self._room(began):
                    self._begin(pool, steps[self._begun])
                elif not self._open and (self._stopped or self._begun == len(steps)):
                    return
                else:
                    self._changed.wait(self._pause(began))
                ended = self._begun - self._open
            if ended < len(steps):
                self._progress(ended, len(steps))

    def _room(self, began: float) -> bool:
        """A few cases more than threads keep these busy; what waits takes no room, or else it would stall the rest."""
        ahead = self._active < 4 * self._threads and len(self._waiting) < MOST_WAITING
        return ahead and (self._rate <= 0 or time.monotonic() >= began + self._begun / self._rate)

    def _pause(self, began: float) -> float:
        """Seconds until something may be due without a step having ended."""
        now = time.monotonic()
        due = [self._waiting[0][0]] if self._waiting else []
        if self._rate > 0:
            due.append(began + self._begun / self._rate)
        return min(LONGEST_PAUSE_S, max(0.001, min((moment - now for moment in due if moment > now), default=1.0)))

    def _wake(self, pool: ThreadPoolExecutor) -> None:
        while self._waiting and (self._stopped or self._waiting[0][0] <= time.monotonic()):
            self._submit(pool, heapq.heappop(self._waiting)[2])

    def _begin(self, pool: ThreadPoolExecutor, step: Step) -> None:
        lane = self._lanes.setdefault(step.case.key, _Lane())
        lane.steps.append(step)
        self._begun += 1
        self._open += 1
        if not lane.busy:
            lane.busy = True
            self._submit(pool, lane)

    def _submit(self, pool: ThreadPoolExecutor, lane: _Lane) -> None:
        self._active += 1
        pool.submit(self._run, pool, lane)

    def _run(self, pool: ThreadPoolExecutor, lane: _Lane) -> None:
        """Do the first step of a lane. Whatever is neither an answer nor a refusal ends the play and is raised."""
        step = lane.steps[0]
        outcome: Standing | str | NotYet
        try:
            outcome = self._outcome(step, lane)
        except BaseException as fault:  # noqa: BLE001 - raised by `play`
            self._fault, self._stopped = self._fault or fault, True
            outcome = STOPPED
        with self._changed:
            self._active -= 1
            if isinstance(outcome, NotYet):
                self._wait(lane)
            else:
                self._end(pool, lane, outcome)
            self._changed.notify()

    def _outcome(self, step: Step, lane: _Lane) -> Standing | str | NotYet:
        if lane.failed:
            return EARLIER_STEP_FAILED
        if self._stopped:
            return STOPPED
        try:
            if step.after:
                self._demand(step.after)
            return self._act(step, lane.standing)
        except NotYet as reason:
            since = lane.waits_since or time.monotonic()
            lane.waits_since = since
            return reason if time.monotonic() < since + self._patience_s else str(reason)
        except ApiError as error:
            return error.reason
        except Unreachable as fault:
            self._stopped, self._played.unreachable = True, str(fault)
            return "UNREACHABLE"

    def _demand(self, key: str) -> None:
        """The licence of this key, begun before, has to be issued. Raises NotYet, or ApiError when that failed."""
        other = self._lanes[key]
        if other.failed:
            raise ApiError(0, 0, EARLIER_STEP_FAILED, "")
        if other.standing is None:
            raise NotYet("LICENCE_NOT_ISSUED_YET")

    def _wait(self, lane: _Lane) -> None:
        lane.asked += 1
        self._order += 1
        pause = min(LONGEST_PAUSE_S, ASK_AGAIN_S * 2.0 ** (lane.asked - 1))
        heapq.heappush(self._waiting, (time.monotonic() + pause, self._order, lane))

    def _end(self, pool: ThreadPoolExecutor, lane: _Lane, outcome: Standing | str) -> None:
        """Enter a step into the books, as acknowledged or with the reason why not, and go on with its case."""
        step = lane.steps.popleft()
        lane.asked, lane.waits_since = 0, 0.0
        self._open -= 1
        if isinstance(outcome, Standing):
            lane.standing = outcome
            self._played.done.append(Done(step, outcome.marks[step.action.noun]))
        else:
            lane.failed = True
            self._played.failed[step.action, outcome] += 1
        lane.busy = bool(lane.steps)
        if lane.busy:
            self._submit(pool, lane)
