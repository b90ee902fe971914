"""Does faults to the parts of a running stack, undoes them, and notes which part was not itself, and when."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local import parts
from deploy.local.children import Child, wait_until
from deploy.local.errors import StackError
from deploy.local.stack import Stack
from tests.chaos.front import Front, Mode
from tests.chaos.readers import is_frozen
from tests.chaos.records import Disturbance
from tests.chaos.schedule import Fault, Kind, possible

REACHED_WITHIN_S = 8.0
STARTS = 5
ACTIONS = {Kind.KILL_AT: "kill", Kind.FREEZE_AT: "stop", Kind.FAIL_AT: "raise"}


class Faults:
    """What can be done to a stack. `fronts`: the proxies before its parts; `points`: see `points_of`."""

    def __init__(self, stack: Stack, fronts: Mapping[str, Front], points: Path) -> None:
        self._stack = stack
        self._fronts = fronts
        self._points = points
        self._lock = threading.Lock()
        self._disturbances: list[Disturbance] = []
        self._cut_off: set[str] = set()

    @property
    def disturbances(self) -> tuple[Disturbance, ...]:
        """All that was done so far, part by part."""
        with self._lock:
            return tuple(self._disturbances)

    def do(self, fault: Fault) -> bool:
        """Do it and wait until the part is there again. False when nothing happened.

        The point was not reached; or the lanes have drifted apart, and what the schedule keeps apart would coincide.
        """
        if fault.kind is not Kind.NETWORK and not possible(self._cut_off, fault):
            return False
        began = time.time()
        if fault.kind is Kind.KILL:
            self._kill(fault)
        elif fault.kind is Kind.FREEZE:
            self._freeze(fault)
        elif fault.kind is Kind.NETWORK:
            self._break(fault)
        elif not self._catch(fault):
            return False
        self._note(fault.part, began)
        return True

    def _note(self, part: str, began: float) -> None:
        with self._lock:
            self._disturbances.append(Disturbance(part, began, time.time()))

    def _kill(self, fault: Fault) -> None:
        self._stack.supervisor.kill_part(fault.part)
        time.sleep(fault.lasts)
        self._start(fault.part)

    def _freeze(self, fault: Fault) -> None:
        self._stack.pause(fault.part)
        try:
            time.sleep(fault.lasts)
        finally:
            self._stack.resume(fault.part)

    def _break(self, fault: Fault) -> None:
        front = self._fronts[fault.part]
        self._cut_off.add(fault.part)
        front.become(Mode(fault.how))
        try:
            time.sleep(fault.lasts)
        finally:
            front.become(Mode.PASS)
            self._cut_off.discard(fault.part)

    def _catch(self, fault: Fault) -> bool:
        """Wait until a process of the service comes by the point; whichever is first."""
        processes = self._processes(fault.part)
        for part in processes:
            self._arm(part, _points(fault))
        if fault.kind is Kind.FAIL_AT:
            # What was raised shows in what the service does; there is nothing to wait for but the time.
            time.sleep(fault.lasts)
            reached = True
        else:
            reached = wait_until(lambda: any(map(self._is_caught, processes)), REACHED_WITHIN_S)
        for part in processes:
            self._arm(part, "")
        # Until it has heard, a process may still come by.
        wait_until(lambda: not any(map(self._is_deaf, processes)), REACHED_WITHIN_S)
        reached = reached or any(map(self._is_caught, processes))
        if reached and fault.kind is not Kind.FAIL_AT:
            time.sleep(fault.lasts)
        for part in processes:
            self._bring_back(part)
        return reached

    def _processes(self, service: str) -> list[str]:
        return [part for part in (service, parts.replica_of(service)) if part in self._stack.supervisor.parts]

    def _arm(self, part: str, points: str) -> None:
        file = points_file(self._points, part)
        # At once: the process may be about to read what it was told before.
        new = file.with_suffix(".new")
        new.write_text(points, encoding="utf-8")
        new.replace(file)
        pid = self._child(part).pid
        if pid is not None:
            os.kill(pid, signal.SIGUSR1)

    def _is_deaf(self, part: str) -> bool:
        """Whether it lives, is not frozen, and has not taken its points yet."""
        return not self._is_caught(part) and points_file(self._points, part).exists()

    def _is_caught(self, part: str) -> bool:
        pid = self._child(part).pid
        return pid is None or is_frozen(pid)

    def _bring_back(self, part: str) -> None:
        pid = self._child(part).pid
        if pid is None:
            self._start(part)
        elif is_frozen(pid):
            os.kill(pid, signal.SIGCONT)

    def _start(self, part: str) -> None:
        """Start a part again; what it needs may be away for a while."""
        for left in reversed(range(STARTS)):
            try:
                self._stack.supervisor.start_part(part)
                return
            except StackError:
                if not left:
                    raise

    def _child(self, part: str) -> Child:
        child = self._stack.part(part).child
        assert child is not None
        return child


def _points(fault: Fault) -> str:
    """What a process is told. An event is resumed only after it failed."""
    wanted = f"{fault.how}={ACTIONS[fault.kind]}"
    return f"consumer.before_commit=raise,{wanted}" if fault.how.startswith("resume.") else wanted


def points_file(folder: Path, part: str) -> Path:
    """Where a process reads at which points it is to fail."""
    return folder / f"{part}.points"


def settings(folder: Path, armed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the services' processes are told, so that they can be caught; mails are tried again soon.

    `armed`: points that are armed from the start, by part.
    """
    services = [*parts.names(), *map(parts.replica_of, parts.names())]
    told = {part: {"EGOV_FAULTPOINTS_FILE": str(points_file(folder, part))} for part in services}
    for part in ("notification", parts.replica_of("notification")):
        told[part] |= {"MAIL_RETRY_S": "1"}
    for part, points in armed.items():
        told[part] |= {"EGOV_FAULTPOINTS": points}
    return told
