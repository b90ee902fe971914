"""Line `size`: the same calls with few rows in grid's tables and with many, and the relay's look at its queue."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import psycopg
from egov.grid.v1 import incidents_pb2

from deploy.local.stack import Stack
from services.chassis.outbox import HEAD
from services.chassis.relay import MOST_IN_FLIGHT
from tests.bench.direct import Call, closed_loop, grid_at
from tests.bench.filling import Filling
from tests.bench.measure import Line, Meter, Sample, Side, Told
from tests.bench.stacks import GRID_ONLY, pids, running, visiting
from tests.e2e.city import COUNTY, VILLAGE

SETTING = "EGOV_BENCH_SIZE"
FEW, MANY, EVENTS_EACH = 10_000, 1_000_000, 10
# The share of MANY that fits into some minutes and 15 GB; EGOV_BENCH_SIZE=1 fills all of it.
SHARE = 0.3
# Of a hundred events, one passed after the snapshot was taken: none of them can be cleaned away.
DEAD_SHARE = 0.01
SECONDS, THREADS, IDS = 2.5, 2, 2_000
FROM_THE_BEGINNING = "100 waiting, from the beginning"
WAITING, LOOKS = {"100 waiting": 100, "20,000 waiting": 20_000, FROM_THE_BEGINNING: 100}, 9
"""Events in the queue at a look: on an ordinary day, and when Kafka was away for a while; and at the look every 5 s."""
LONGEST_LOOK_MS = 5_000.0
MOST, MOST_HEAD = 1.2, 1.5
KINDS = ("read", "list", "list of one state", "list of one village", "write")
LOOK = HEAD.text.replace(":busy", "%(busy)s::text[]").replace(":most", "%(most)s").replace(":floor", "%(floor)s")
# Where the relay begins when nothing but this waits.
FLOOR = "SELECT min(position) FROM chassis.outbox"
QUEUE = (
    "INSERT INTO chassis.outbox (event_id, logged_at)"
    " SELECT event_id, logged_at FROM chassis.event_log ORDER BY event_id DESC LIMIT %s"
)


@dataclass(frozen=True, kw_only=True)
class Looked(Sample):
    """Calls, and how long the relay's look at its queue takes in the database, in milliseconds, by what waits there."""

    head_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Filled:
    """Grid with so many rows, and the calls that are made of it."""

    name: str
    stack: Stack
    filling: Filling
    calls: Mapping[str, Call]

    def sides(self) -> list[Side]:
        """One for each kind of call."""
        return [Side(f"{kind}, {self.name}", self._measure_of(kind)) for kind in KINDS]

    def _measure_of(self, kind: str) -> Callable[[], Sample]:
        if kind == KINDS[0]:
            return lambda: Looked(**vars(self._measure(kind)), head_ms=_head_ms(self.stack))
        return lambda: self._measure(kind)

    def _measure(self, kind: str) -> Sample:
        with Meter({name: pids(self.stack, name) for name in ("grid", "postgres")}) as meter:
            sample = closed_loop(self.calls[kind], SECONDS, THREADS)
        return replace(sample, cpu_s=meter.cpu_s)


@contextlib.contextmanager
def size(folder: Path) -> Iterator[Line]:
    """Two stacks with a grid each. The rows are made first, which takes most of the time."""
    share = float(os.environ.get(SETTING) or SHARE)
    many = max(FEW, round(MANY * share))
    with contextlib.ExitStack() as opened:
        small = opened.enter_context(_filled(folder / "few", FEW))
        large = opened.enter_context(_filled(folder / "many", many))
        dead = round(many * EVENTS_EACH * DEAD_SHARE)
        opened.enter_context(_old_snapshot(large.stack))
        large.filling.pass_through(dead)
        title = (
            f"grid with {FEW:,} and with {many:,} cases; {FEW * EVENTS_EACH:,} and {many * EVENTS_EACH:,} events passed"
            f" log, outbox and inbox; beside the many a snapshot, {dead:,} events old"
        )
        yield Line("size", title, [*small.sides(), *large.sides()], _tells(small.name, large.name))


@contextlib.contextmanager
def _filled(folder: Path, cases: int) -> Iterator[Filled]:
    folder.mkdir()
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(running(folder, GRID_ONLY))
        _, people = opened.enter_context(visiting(stack))
        grid = opened.enter_context(grid_at(stack, [stack.ports.address("grid-rpc")]))
        grid.file(people.citizens)
        assert stack.postgres is not None, "the tables of a server of somebody else's are not filled"
        filling = Filling(stack.postgres, cases, cases * EVENTS_EACH)
        filling.fill()
        seat = people.seat(COUNTY)
        calls = {
            "read": grid.reads(filling.ids(COUNTY, IDS), seat),
            "list": grid.lists(seat),
            "list of one state": grid.lists(seat, incidents_pb2.INCIDENT_STATE_DISPATCHED),
            "list of one village": grid.lists(seat, region=VILLAGE),
            "write": grid.files(people.citizens),
        }
        yield Filled(f"{cases:,} cases", stack, filling, calls)


@contextlib.contextmanager
def _old_snapshot(stack: Stack) -> Iterator[None]:
    """A transaction that began before all that follows and does not end, as a forgotten session or a dump has one."""
    assert stack.postgres is not None
    with stack.postgres.connect("grid") as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM chassis.outbox")
        yield


def _head_ms(stack: Stack) -> dict[str, float]:
    """How long the relay's statement takes inside the database; the median of some looks."""
    assert stack.postgres is not None
    with stack.database("grid") as connection, stack.postgres.connect("grid") as administrator:
        found = {
            name: look_ms(connection, waiting, whole=name == FROM_THE_BEGINNING) for name, waiting in WAITING.items()
        }
        # What was undone is cleaned away at once, not beside the next measurement.
        administrator.execute("VACUUM chassis.outbox")
    return found


def look_ms(connection: psycopg.Connection, waiting: int, *, whole: bool = False) -> float:
    """With so many events in the queue, from where the relay looks or from the beginning.

    They wait in a transaction that is undone, so that the relay leaves them. What takes longer than the service's
    statements may take counts as ended there.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(QUEUE, (waiting,))
            row = connection.execute(FLOOR).fetchone()
            assert row is not None
            return median(_explained_ms(connection, 0 if whole else row[0]) for _ in range(LOOKS))
    except psycopg.errors.QueryCanceled:
        return LONGEST_LOOK_MS


def _explained_ms(connection: psycopg.Connection, floor: int) -> float:
    facts = {"floor": floor, "busy": [], "most": MOST_IN_FLIGHT}
    row = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {LOOK}".encode(), facts).fetchone()
    assert row is not None
    return float(row[0][0]["Execution Time"])


def _tells(few: str, many: str) -> list[Told]:
    bound = f"<= {MOST}x"
    told: list[Told] = []
    for index, kind in enumerate(KINDS):
        large = index + len(KINDS)
        told.append(Told(f"{kind}: processor time, many : few", _cpu_ratio(large, index), "x", bound, _is_flat))
        told.append(Told(f"{kind}: median time, many : few", _time_ratio(large, index), "x", bound, _is_flat))
    for waiting in WAITING:
        name = f"head read, {waiting}"
        told.append(Told(f"{name}, {few}", _head_of(0, waiting), "ms"))
        told.append(Told(f"{name}, {many}", _head_of(len(KINDS), waiting), "ms"))
        if waiting != FROM_THE_BEGINNING:
            ratio = _head_ratio(waiting)
            told.append(Told(f"{name}, many : few", ratio, "x", f"flat (<= {MOST_HEAD}x)", _is_flat_head))
    return told


def _is_flat(value: float) -> bool:
    return value <= MOST


def _is_flat_head(value: float) -> bool:
    return value <= MOST_HEAD


def _cpu_ratio(one: int, other: int) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[one].cpu_ms / samples[other].cpu_ms


def _time_ratio(one: int, other: int) -> Callable[[Sequence[Sample]], float]:
    return lambda samples: samples[one].quantile_ms(0.5) / samples[other].quantile_ms(0.5)


def _head_of(side: int, waiting: str) -> Callable[[Sequence[Sample]], float]:
    def figure(samples: Sequence[Sample]) -> float:
        looked = samples[side]
        assert isinstance(looked, Looked)
        return looked.head_ms[waiting]

    return figure


def _head_ratio(waiting: str) -> Callable[[Sequence[Sample]], float]:
    many, few = _head_of(len(KINDS), waiting), _head_of(0, waiting)
    return lambda samples: many(samples) / few(samples)
