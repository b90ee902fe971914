"""A collector in a process of its own, on free loopback ports, and what its files hold."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from observability import files
from observability.records import SpanRecord, parse

_WITHIN_S = 20.0


@dataclass
class Collector:
    """A started collector; `log` holds what it said."""

    process: subprocess.Popen[bytes]
    endpoint: str
    admin: str
    folder: Path
    log: Path

    def spans(self) -> list[SpanRecord]:
        """All stored spans."""
        return [span for line in files.lines(self.folder) if (span := parse(line))]

    def get(self, page: str) -> bytes:
        """A page of the admin port."""
        with urllib.request.urlopen(f"http://{self.admin}{page}", timeout=5) as answer:
            body: bytes = answer.read()
            return body

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and wait."""
        self.process.send_signal(number)
        return self.process.wait(_WITHIN_S)


def wait_for(condition: Callable[[], bool], what: str, within_s: float = _WITHIN_S) -> None:
    """Until `condition` holds; fails with `what` when it does not in time."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {within_s} s")
        time.sleep(0.02)


@contextmanager
def collector(folder: Path, settings: Mapping[str, str] | None = None, port: int = 0) -> Iterator[Collector]:
    """Start one, wait until it is ready, end it in any case. Port 0 takes a free one."""
    settings = settings or {}
    log = folder.parent / f"collector-{time.monotonic_ns()}.log"
    environment = os.environ | {
        "EGOV_COLLECTOR_LISTEN": f"127.0.0.1:{port}",
        "EGOV_ADMIN_LISTEN": "127.0.0.1:0",
        "EGOV_TELEMETRY_FOLDER": str(folder),
        **settings,
    }
    with log.open("wb") as sink:
        process = subprocess.Popen([sys.executable, "-m", "observability.collector"], env=environment, stderr=sink)
    try:
        wait_for(lambda: process.poll() is not None or _said(log) is not None, "the collector starts")
        rpc, admin = _said(log) or ("", "")
        assert rpc, log.read_text()
        scheme = "https" if "EGOV_TLS_CERT" in settings else "http"
        yield Collector(process, f"{scheme}://{rpc}", admin, folder, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(_WITHIN_S)


def _said(log: Path) -> tuple[str, str] | None:
    """The addresses that the collector's log names, once it takes spans."""
    told = {}
    for line in log.read_text().splitlines():
        if line.startswith("{") and line.endswith("}"):
            record = json.loads(line)
            told[record["message"]] = record.get("address", "")
    return (told["takes spans"], told["serves admin"]) if "takes spans" in told else None
