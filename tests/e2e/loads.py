"""A load of work, and how it is kept going."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.city import City, Json, reference

THREADS = 4


BREATH_S = 1.0


INSPECTED = "SELECT count(*) FROM inspection WHERE case_number = ANY(%s)"


@dataclass
class Load:
    """Reports, each filed and then dispatched. `tries` says how often each command was sent."""

    city: City
    prefix: str = field(default_factory=lambda: reference("load"))
    filed: list[Json] = field(default_factory=list)
    dispatched: list[Json] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many reports there are so far."""
        return len(self.filed)

    @property
    def commands(self) -> int:
        """How many commands there are, when all is done."""
        return 2 * self.count

    @property
    def acknowledged(self) -> int:
        """How many have been answered so far."""
        return len(self.filed) + len(self.dispatched)

    def run(self, numbers: Iterator[int]) -> None:
        """Work off reports until none is left; the thread's own connection is closed at the end."""
        try:
            for number in numbers:
                self._report(number)
        except BaseException as failure:  # noqa: BLE001  # told by the thread that waits for this one
            self.failures.append(failure)
        finally:
            self.city.leave()

    def _report(self, number: int) -> None:
        answer = self.city.file(key=str(uuid.uuid4()), reference=f"{self.prefix}/{number}")
        self.tries.append(answer.tries)
        self.filed.append(answer.body["incident"])
        answer = self.city.dispatch(answer.body["incident"])
        self.tries.append(answer.tries)
        self.dispatched.append(answer.body["incident"])


@contextmanager
def load(city: City, count: int) -> Iterator[Load]:
    """Reports are filed and dispatched while the body runs; behind it every command has been acknowledged."""
    work = Load(city)
    with _working(work, Shared(lambda number: number < count)):
        yield work
    assert work.count == count


@contextmanager
def lasting_load(city: City) -> Iterator[Load]:
    """Reports are filed and dispatched, each worker taking breath, for as long as the body runs."""
    work, over = Load(city), threading.Event()
    with _working(work, Shared(lambda number: not over.wait(BREATH_S))):
        try:
            yield work
        finally:
            over.set()


@contextmanager
def _working(work: Load, numbers: Shared) -> Iterator[None]:
    threads = [threading.Thread(target=work.run, args=(iter(numbers),)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert not work.failures, work.failures
    assert work.acknowledged == work.commands


class Shared:
    """Numbers from 0, each handed out once, to whichever thread asks, while there is `more`."""

    def __init__(self, more: Callable[[int], bool]) -> None:
        self._more = more
        self._next = itertools.count()
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[int]:
        while True:
            with self._lock:
                number = next(self._next)
            if not self._more(number):
                return
            yield number
