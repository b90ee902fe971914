"""Calls by the thousand: processes that each keep a window of calls in flight, and count those that end in a round.

Run as a module it is one such process: the load on its first line of input, then one line for each round.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Self

import grpc

from tests.bench.measure import Meter
from tests.bench.rivals.wire import Wire
from tests.conftest import RUN

PROCESSES = 2
WINDOW = 8
WARM_S = 1.0
ROUND_S = 4.0
# Longer than a round with all that it waits for.
GIVE_UP_S = 60.0
DEADLINE_S = 10.0
FRESH = "00000000-0000-4000-8000-000000000000"
"""Stands in the body of a call that changes something, for an id that is another one in each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is called. `bodies` go round, in hexadecimal; `path` of a method, or of a resource when `https`.

    `trust`, `key`, `cert`: PEM files of the caller's TLS identity. `changes`: each call has a key and an id of its own.
    `deadline`: each gRPC call names one.
    """

    address: str
    path: str
    bodies: Sequence[str]
    trust: str
    key: str
    cert: str
    https: bool = False
    changes: bool = False
    deadline: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """One round: calls that end between `begin` and `end` (monotonic, seconds) count; `token` is the caller's."""

    begin: float
    end: float
    token: str


@dataclass(frozen=True, slots=True)
class Round:
    """What came of it: all `calls` that were made, also before and after, and how long those took that count."""

    calls: int
    took_s: list[float]


class Generator:
    """The processes that make the calls of one load; a context manager."""

    def __init__(self, load: Load, log: Path) -> None:
        self._load = load
        self._log = log
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        with self._log.open("a") as log:
            self._processes = [self._start(log) for _ in range(PROCESSES)]
        for process in self._processes:
            _say(process.stdin, asdict(self._load))
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            # Their input ends, and they with it.
            try:
                process.communicate(timeout=GIVE_UP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def round(self, token: str, meter: Meter) -> Round:
        """Call for WARM_S seconds that do not count and ROUND_S that do, which `meter` measures.

        RuntimeError when a call was refused or came to nothing.
        """
        begin = time.monotonic() + WARM_S
        end = begin + ROUND_S
        for process in self._processes:
            _say(process.stdin, asdict(Order(begin, end, token)))
        time.sleep(max(0.0, begin - time.monotonic()))
        with meter:
            time.sleep(max(0.0, end - time.monotonic()))
        rounds = [self._heard(process) for process in self._processes]
        return Round(sum(each.calls for each in rounds), [took for each in rounds for took in each.took_s])

    def _start(self, log: IO[str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.bench.calls"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=RUN.parent, stdin=pipe, stdout=pipe, stderr=log, text=True)

    def _heard(self, process: subprocess.Popen[str]) -> Round:
        assert process.stdout is not None
        patience = threading.Timer(GIVE_UP_S, process.kill)
        patience.start()
        line = process.stdout.readline()
        patience.cancel()
        answer = json.loads(line or '{"failed": "a process that makes calls ended, or had no answer for a minute"}')
        if "failed" in answer:
            raise RuntimeError(f"{self._load.address}{self._load.path}: {answer['failed']}")
        return Round(**answer)


class Caller:
    """One process's calls."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._bodies = [bytes.fromhex(body) for body in load.bodies]
        self._made = 0
        self._play: Callable[[Order], list[tuple[float, float]]] = self._by_https if load.https else self._by_grpc
        if not load.https:
            self._channel = _channel(load)
            self._ask: Any = self._channel.unary_unary(load.path)

    def play(self, order: Order) -> Round:
        """Keep WINDOW calls in flight until the round's end, and wait for those still in flight."""
        ended = self._play(order)
        return Round(len(ended), [at - began for began, at in ended if order.begin <= at < order.end])

    def _by_grpc(self, order: Order) -> list[tuple[float, float]]:
        arrived: SimpleQueue[tuple[float, float, Any]] = SimpleQueue()
        bearer = (("authorization", f"Bearer {order.token}"),)
        timeout = DEADLINE_S if self._load.deadline else None

        def call() -> None:
            body, key = self._next()
            metadata = (*bearer, ("idempotency-key", key)) if key else bearer
            began = time.monotonic()
            future = self._ask.future(body, timeout, metadata=metadata)
            future.add_done_callback(lambda done: arrived.put((began, time.monotonic(), done)))

        for _ in range(WINDOW):
            call()
        ended: list[tuple[float, float]] = []
        made = WINDOW
        while len(ended) < made:
            began, at, done = arrived.get()
            if done.code() is not grpc.StatusCode.OK:
                raise RuntimeError(f"{done.code().name} {done.details()}")
            ended.append((began, at))
            if at < order.end:
                call()
                made += 1
        return ended

    def _by_https(self, order: Order) -> list[tuple[float, float]]:
        # A connection each, as HTTP/1.1 has it; the threads do nothing but wait.
        with ThreadPoolExecutor(WINDOW) as pool:
            works = [pool.submit(self._by_one_connection, order) for _ in range(WINDOW)]
            return [each for work in works for each in work.result()]

    def _by_one_connection(self, order: Order) -> list[tuple[float, float]]:
        ended: list[tuple[float, float]] = []
        at = 0.0
        with Wire(self._load.address, _context(self._load), self._load.path, order.token) as wire:
            while at < order.end:
                body, key = self._next()
                began = time.monotonic()
                wire.post(body, key)
                at = time.monotonic()
                ended.append((began, at))
        return ended

    def _next(self) -> tuple[bytes, str]:
        """Body and key of the next call; no key for one that changes nothing."""
        self._made += 1
        body = self._bodies[self._made % len(self._bodies)]
        if not self._load.changes:
            return body, ""
        return body.replace(FRESH.encode(), str(uuid.uuid4()).encode(), 1), uuid.uuid4().hex


def _channel(load: Load) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(*(Path(each).read_bytes() for each in (load.trust, load.key, load.cert)))
    options = [("grpc.ssl_target_name_override", "permits"), ("grpc.enable_retries", 0)]
    return grpc.secure_channel(load.address, credentials, options)


def _context(load: Load) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=load.trust)
    context.load_cert_chain(load.cert, load.key)
    return context


def _say(stream: IO[str] | None, what: dict[str, Any]) -> None:
    assert stream is not None
    stream.write(json.dumps(what) + "\n")
    stream.flush()


def main() -> None:
    """One process: rounds as they are asked for, until the input ends or a call fails."""
    caller = Caller(Load(**json.loads(sys.stdin.readline())))
    for line in sys.stdin:
        try:
            _say(sys.stdout, asdict(caller.play(Order(**json.loads(line)))))
        except (RuntimeError, OSError) as error:
            _say(sys.stdout, {"failed": str(error)})


if __name__ == "__main__":
    main()
