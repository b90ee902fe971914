"""Processes of the stack: started, watched, stopped; each ends when the stack's own process ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.places import Account

GUARD = Path(__file__).with_name("guard.py")
LOG_LIMIT = 10_000_000
LAST_LINES = 12

# Linux ties a child to the thread that started it, so all are started by one thread that lives as long as the process.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class Child:
    """One process of the stack. What it says goes to its log."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        account: Account | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.command = list(command)
        self.env = dict(env)
        self.log = log
        self.stop_signal = stop_signal
        self.account = account
        self.cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._paused: list[int] = []
        self._log_begin = 0

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        return self._process.pid if self._process is not None and self.alive() else None

    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal); None while it lives or was never started."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start it; returns at once."""
        rotate(self.log)
        self._log_begin = self.log.stat().st_size if self.log.exists() else 0
        self._process = _spawner.submit(self._spawn).result()

    def run(self, timeout_s: float) -> int:
        """Start it and wait for its end; the exit code. It is killed when the time is over."""
        self.start()
        assert self._process is not None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise StackError(f"{' '.join(self.command[:4])} did not end within {timeout_s:.0f} s") from None

    def stop(self, timeout_s: float) -> bool:
        """Ask it to end and wait; kill it when the time is over. Whether it ended by itself."""
        if self._process is None:
            return True
        self.resume()
        if self.alive():
            self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """End it and its children at once, without a chance to tidy up."""
        if self._process is None:
            return
        _signal_all(self.tree(), signal.SIGKILL)
        self._process.wait(10)
        self._paused = []

    def pause(self) -> None:
        """Stop it and its children from running until `resume`; its connections stay open."""
        self._paused = self.tree()
        _signal_all(self._paused, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        _signal_all(self._paused, signal.SIGCONT)
        self._paused = []

    def last_lines(self) -> list[str]:
        """The last lines it said since it was started."""
        return last_lines(self.log, since=self._log_begin)

    def tree(self) -> list[int]:
        """Its process id and those of its descendants."""
        return descendants(self.pid) if self.pid is not None else []

    def memory_bytes(self) -> int:
        """Memory that it and its descendants use, shared pages counted in proportion."""
        return sum(_proportional_bytes(pid) for pid in self.tree())

    def _spawn(self) -> subprocess.Popen[bytes]:
        uid, gid = (self.account.uid, self.account.gid) if self.account else (-1, -1)
        bond = (os.getpid(), int(self.stop_signal), uid, gid)
        guard = [sys.executable, "-I", "-S", str(GUARD), *map(str, bond)]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [*guard, *self.command],
                env=self.env,
                cwd=self.cwd or "/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def rotate(log: Path, limit: int = LOG_LIMIT) -> None:
    """Keep a log bounded: past `limit` bytes its content moves to `<name>.1`. The writer goes on appending."""
    if log.exists() and log.stat().st_size > limit:
        content = log.read_bytes()[-limit:]
        os.truncate(log, 0)
        log.with_name(log.name + ".1").write_bytes(content)


def last_lines(log: Path, count: int = LAST_LINES, since: int = 0) -> list[str]:
    """The last lines of a log; `since`: byte offset that they must not lie before, unless the log was rotated."""
    if not log.exists():
        return []
    size = log.stat().st_size
    with open(log, "rb") as file:
        file.seek(max(since if since <= size else 0, size - 20_000))
        return file.read().decode(errors="replace").splitlines()[-count:]


def descendants(pid: int) -> list[int]:
    """`pid` and all processes below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (parent := _parent(int(entry))) is not None:
            children.setdefault(parent, []).append(int(entry))
    found = [pid]
    for known in found:
        found.extend(children.get(known, ()))
    return found


def wait_until(ready: Callable[[], bool], timeout_s: float, every_s: float = 0.05) -> bool:
    """Wait until `ready()` is true; whether it was in time."""
    end = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True


def listens(address: str) -> bool:
    """Whether someone takes connections at `host:port`."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except (OSError, ValueError):
        return False


def answers(url: str) -> bool:
    """Whether a plain HTTP address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _parent(pid: int) -> int | None:
    try:
        # The name in brackets may hold anything; the fields count from behind it.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _signal_all(pids: Sequence[int], which: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, which)
        except ProcessLookupError:
            continue


def _proportional_bytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
