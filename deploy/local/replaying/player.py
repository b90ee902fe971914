"""Plays the steps: several at a time, started in their order, each report's own steps strictly one after another."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from deploy.local.client import ApiError, Unreachable
from deploy.local.replaying.timeline import Action, Step


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an incident stands after a step, as the gateway acknowledged it."""

    incident_id: str
    version: int
    department: str


# Makes the call of a step. The standing is what the step before it left; None for the first.
Act = Callable[[Step, Standing | None], Standing]


@dataclass(slots=True)
class Played:
    """What the gateway acknowledged: by action the (incident id, version) pairs; what failed by (action, reason).

    A step whose earlier one failed is not tried; it counts under `EARLIER_STEP_FAILED`.
    """

    acknowledged: dict[Action, list[tuple[str, int]]] = field(default_factory=lambda: {action: [] for action in Action})
    failed: Counter[tuple[Action, str]] = field(default_factory=Counter)
    unreachable: str = ""
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        """Calls that were acknowledged."""
        return sum(len(pairs) for pairs in self.acknowledged.values())


class Player:
    """Plays steps on `threads` threads; at most `rate` calls a second are started, 0: as fast as they are answered."""

    def __init__(self, act: Act, threads: int, rate: float, progress: Callable[[int, int], None]) -> None:
        self._act, self._threads, self._rate, self._progress = act, threads, rate, progress
        self._reports: dict[str, Future[Standing | None]] = {}
        self._played = Played()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._fault: BaseException | None = None

    def play(self, steps: Sequence[Step]) -> Played:
        """Play them all. Ends early when the gateway cannot be reached; when interrupted, calls in flight are ended."""
        began = time.monotonic()
        room = threading.Semaphore(4 * self._threads)  # keeps the queue short, so that an interrupt is quick
        with ThreadPoolExecutor(self._threads, thread_name_prefix="replay") as pool:
            try:
                for number, step in enumerate(steps):
                    self._pace(began, number)
                    room.acquire()
                    if self._stopped.is_set():
                        break
                    self._submit(pool, step, room)
                    self._progress(number, len(steps))
            except BaseException:
                self._stopped.set()
                raise
        if self._fault is not None:
            raise self._fault
        self._progress(len(steps), len(steps))
        self._played.seconds = time.monotonic() - began
        return self._played

    def _submit(self, pool: ThreadPoolExecutor, step: Step, room: threading.Semaphore) -> None:
        key = step.mapped.row.key
        earlier = self._reports.get(key)
        future = pool.submit(self._run, step, earlier)
        future.add_done_callback(lambda done: self._ended(done, room))
        if step.action is Action.CLOSE:
            self._reports.pop(key, None)
        else:
            self._reports[key] = future

    def _ended(self, done: Future[Standing | None], room: threading.Semaphore) -> None:
        """Whatever is neither an answer nor a refusal ends the play and is raised from it."""
        if fault := done.exception():
            self._fault = self._fault or fault
            self._stopped.set()
        room.release()

    def _run(self, step: Step, earlier: Future[Standing | None] | None) -> Standing | None:
        # The earlier step was submitted before, so a thread has it already: waiting here cannot lock up the pool.
        standing = earlier.result() if earlier else None
        if earlier is not None and standing is None:
            return self._count(step, "EARLIER_STEP_FAILED")
        if self._stopped.is_set():
            return self._count(step, "STOPPED")
        try:
            return self._count(step, self._act(step, standing))
        except ApiError as error:
            return self._count(step, error.reason)
        except Unreachable as fault:
            self._stopped.set()
            self._played.unreachable = str(fault)
            return self._count(step, "UNREACHABLE")

    def _count(self, step: Step, outcome: Standing | str) -> Standing | None:
        """Enter a step into the books, as acknowledged or with the reason why not."""
        with self._lock:
            if isinstance(outcome, Standing):
                self._played.acknowledged[step.action].append((outcome.incident_id, outcome.version))
                return outcome
            self._played.failed[step.action, outcome] += 1
            return None

    def _pace(self, began: float, number: int) -> None:
        if self._rate > 0:
            self._stopped.wait(max(0.0, began + number / self._rate - time.monotonic()))
