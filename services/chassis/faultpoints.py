"""Points at which a test may make the process fail: `faultpoint("relay.after_ack")`.

Inert unless the environment names points: `EGOV_FAULTPOINTS="relay.after_ack=kill@3,uow.after_commit=raise"` kills the
process the third time it comes by, and raises at the other point the first time only; `@*` is every time. `stop`
freezes the process (SIGSTOP), `pause:<file>` waits until the file exists, `wait:<seconds>` waits so long. A process
that was started with `EGOV_FAULTPOINTS_FILE` takes new points from that file at every SIGUSR1, removes the file when it
has, and counts from one again. For tests; a running service names none.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import NamedTuple

EVERY_TIME = 0


class Rule(NamedTuple):
    """What happens at a point, at which of the times that the process comes by."""

    action: str
    time: int


class InjectedFault(Exception):
    """A test asked for this failure."""


def _parse(text: str) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for part in filter(None, text.strip().split(",")):
        name, _, action = part.partition("=")
        action, _, time = action.partition("@")
        rules[name.strip()] = Rule(action, EVERY_TIME if time == "*" else int(time or 1))
    return rules


_rules = _parse(os.environ.get("EGOV_FAULTPOINTS", ""))
_hits: dict[str, int] = {}
_lock = threading.Lock()


def _listen(file: str) -> None:
    """Take new points when a test says that there are."""

    def arm(*_: object) -> None:
        global _rules
        try:
            text = Path(file).read_text(encoding="utf-8")
        except FileNotFoundError:
            # Two signals, and what the second was about is taken already.
            return
        _hits.clear()
        _rules = _parse(text)
        Path(file).unlink(missing_ok=True)

    signal.signal(signal.SIGUSR1, arm)


if _file := os.environ.get("EGOV_FAULTPOINTS_FILE"):
    _listen(_file)


def faultpoint(name: str) -> None:
    """Fail here if a test asked for it."""
    if not _rules or name not in _rules:
        return
    action, time = _rules[name]
    with _lock:
        _hits[name] = _hits.get(name, 0) + 1
        hit = time in (EVERY_TIME, _hits[name])
    if hit:
        _fail(name, action)


def _fail(name: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "raise":
        raise InjectedFault(name)
    elif action.startswith("wait:"):
        threading.Event().wait(float(action.removeprefix("wait:")))
    elif action.startswith("pause:"):
        wait = threading.Event()
        while not Path(action.removeprefix("pause:")).exists():
            wait.wait(0.02)
