"""Points at which a test may make the process fail: `faultpoint("relay.after_ack")`.

Inert unless the environment names the point: `EGOV_FAULTPOINTS="relay.after_ack=kill@3,uow.after_commit=raise"` kills
the process the third time it comes by, and raises at the other point the first time only. `pause:<file>` waits there
until the file exists. For tests; a running service names none.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

Rule = tuple[str, int]


class InjectedFault(Exception):
    """A test asked for this failure."""


def _parse(text: str) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for part in filter(None, text.split(",")):
        name, _, action = part.partition("=")
        action, _, count = action.partition("@")
        rules[name.strip()] = (action, int(count or 1))
    return rules


_rules = _parse(os.environ.get("EGOV_FAULTPOINTS", ""))
_hits: dict[str, int] = {}
_lock = threading.Lock()


def faultpoint(name: str) -> None:
    """Fail here if a test asked for it."""
    if not _rules or name not in _rules:
        return
    action, count = _rules[name]
    with _lock:
        _hits[name] = _hits.get(name, 0) + 1
        hit = _hits[name] == count
    if not hit:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "raise":
        raise InjectedFault(name)
    elif action.startswith("pause:"):
        wait = threading.Event()
        while not Path(action.removeprefix("pause:")).exists():
            wait.wait(0.02)
