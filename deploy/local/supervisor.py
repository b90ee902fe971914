"""Brings the parts of a stack up in the order of their needs, watches them, and takes them down again.

Each part comes up on a thread of its own, which waits for the parts it needs. A part that fails or dies is told with
the last lines it said; those that need it are told so; the others go on. A part that was up and died is started again
where that is asked for, each time after a longer wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from deploy.local.children import rotate
from deploy.local.errors import StackError
from deploy.local.supervised import Part, State, ended, said

STOP_TIMEOUT_S = 15.0
WATCH_EVERY_S = 0.5
# Wait before a part that died is started again: doubled each time, and forgotten when it lived for that long.
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
Say = Callable[[str], None]


class Supervisor:
    """Runs `parts`; `say` is told every change in one line of text.

    `restarted` is called when a part that died runs again; None: whoever started the parts sees to the dead ones.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        say: Say = lambda text: None,
        *,
        restarted: Callable[[], None] | None = None,
    ) -> None:
        self.parts = {part.name: part for part in parts}
        self._say = say
        self._restarted = restarted
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Bring all parts up; returns when each is ready or has failed, see `failures`."""
        threads = [
            threading.Thread(target=self._bring_up, args=(part,), name=f"up-{part.name}", daemon=True)
            for part in self.parts.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._watcher = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._watcher.start()

    def failures(self) -> list[Part]:
        """The parts that failed or died."""
        return [part for part in self.parts.values() if part.state is State.FAILED]

    def stop(self) -> None:
        """Take all parts down, those that are needed after those that need them. May be called while they come up."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        for part in reversed(self.in_order()):
            self.stop_part(part.name)

    def start_part(self, name: str) -> None:
        """Start one part again and wait until it is ready. Raises StackError when it does not come up."""
        part = self.parts[name]
        begun = time.monotonic()
        part.problem = ""
        try:
            self._launch(part)
        except StackError as error:
            part.state, part.problem = State.FAILED, str(error)
            raise
        _is_ready(part, begun)

    def stop_part(self, name: str) -> None:
        """Ask one part to end, and wait for it."""
        part = self.parts[name]
        # Set first: the watcher must not take the end for a death.
        was, part.state = part.state, State.STOPPED
        if part.child is not None and part.child.alive():
            in_time = part.child.stop(STOP_TIMEOUT_S)
            self._say(f"{name} stopped" if in_time else f"{name} was ended: it did not stop in {STOP_TIMEOUT_S:.0f} s")
        elif was is State.FAILED:
            part.state = was

    def kill_part(self, name: str) -> None:
        """End one part at once, as a crash would."""
        part = self.parts[name]
        part.state = State.STOPPED
        if part.child is not None:
            part.child.kill()

    def _bring_up(self, part: Part) -> None:
        try:
            self._wait_for(part.needs)
            begun = time.monotonic()
            part.state = State.STARTING
            if part.prepare is not None:
                part.prepare()
            self._wait_for(part.awaits)
            self._settled(part.after)
            self._launch(part)
            if part.finish is not None:
                part.finish()
            _is_ready(part, begun)
            self._say(f"{part.name} is ready ({part.seconds:.1f} s)")
        except StackError as error:
            self._fail(part, str(error))
        except Exception as error:  # noqa: BLE001 - one part's fault must not keep the others from being told
            self._fail(part, f"{type(error).__name__}: {error}")
        finally:
            part.settled.set()

    def _wait_for(self, names: Sequence[str]) -> None:
        for need in self._settled(names):
            if need.state is not State.READY:
                raise StackError(f"it needs {need.name}, which is not there")

    def _settled(self, names: Sequence[str]) -> list[Part]:
        """Those parts, each ready or failed; what is not a part of this stack is played by an existing server."""
        found = [self.parts[name] for name in names if name in self.parts]
        for part in found:
            part.settled.wait()
        return found

    def _launch(self, part: Part) -> None:
        """Start the process and wait until it is ready."""
        if part.child is None:
            return
        if self._stopping.is_set():
            raise StackError("the stack is being stopped")
        part.child.start()
        end = time.monotonic() + part.timeout_s
        while not part.ready():
            if not part.child.alive():
                raise StackError(ended(part))
            if time.monotonic() > end or self._stopping.is_set():
                part.child.stop(STOP_TIMEOUT_S)
                raise StackError(f"it was not ready within {part.timeout_s:.0f} s{said(part)}")
            time.sleep(0.05)

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_EVERY_S):
            for part in self.parts.values():
                if part.child is None:
                    continue
                rotate(part.child.log)
                if part.state is State.READY and not part.child.alive():
                    self._died(part)

    def _died(self, part: Part) -> None:
        self._fail(part, ended(part))
        if self._restarted is not None:
            threading.Thread(target=self._start_again, args=(part,), name=f"again-{part.name}", daemon=True).start()

    def _start_again(self, part: Part) -> None:
        """Wait and start it, until it is ready or somebody else has seen to it."""
        lived_s = time.monotonic() - part.ready_at
        part.deaths = 1 if lived_s > LONGEST_WAIT_S else part.deaths + 1
        while part.state is State.FAILED:
            wait_s = min(FIRST_WAIT_S * 2 ** (part.deaths - 1), LONGEST_WAIT_S)
            self._say(f"{part.name} is started again in {wait_s:.0f} s")
            if self._stopping.wait(wait_s) or part.state is not State.FAILED:
                return
            try:
                self.start_part(part.name)
            except StackError as error:
                part.deaths += 1
                self._fail(part, str(error))
                continue
            self._say(f"{part.name} is ready again ({part.seconds:.1f} s)")
            if self._restarted is not None:
                self._restarted()

    def _fail(self, part: Part, problem: str) -> None:
        part.state, part.problem = State.FAILED, problem
        self._say(f"{part.name} failed: {problem}")

    def in_order(self) -> list[Part]:
        """Parts, each behind those it needs."""
        ordered: dict[str, Part] = {}

        def place(part: Part) -> None:
            for name in (*part.needs, *part.awaits, *part.after):
                if name in self.parts:
                    place(self.parts[name])
            ordered.setdefault(part.name, part)

        for part in self.parts.values():
            place(part)
        return list(ordered.values())


def _is_ready(part: Part, begun: float) -> None:
    part.state, part.ready_at = State.READY, time.monotonic()
    part.seconds = part.ready_at - begun
