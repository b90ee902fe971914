"""Lines about calls: a read and a write of the chassis, against the same by hand and the same in the usual ways.

All sides do their work in the same tables of the same PostgreSQL, over TLS, from one process each. A write's rows are
counted after each round: as many in every table as there were calls. No relay publishes while a write is measured; the
outbox is emptied between rounds. What a relay and Kafka do is the same behind every side, and on two cores it would
draw all ratios towards one; lines of their own measure it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from services.chassis.migrate import migrate
from services.kernel.ids import uuid7
from tests.bench.calls import FRESH, ROUND_S, Generator, Load
from tests.bench.measure import Line, Meter, Opened, Sample, Side, Told, ratio_of_cpu, ratio_of_rates
from tests.bench.rivals.environments import NotRun
from tests.bench.rivals.servers import Server, bare, chassis, collector, fastapi, nameko_grpc
from tests.integration.chassis import permits
from tests.integration.chassis.callers import PERMITS, REGION, token
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import SERVICE, Servers

PERMITS_READ = 1000
WRITTEN = (
    "public.permit", "chassis.event_log", "chassis.outbox", "chassis.idempotency", "chassis.audit_log", "chassis.job",
)  # fmt: skip
# Held by nobody: no process of the service finds the lease free, and none publishes.
HOLD_RELAY = "UPDATE chassis.lease SET expires_at = clock_timestamp() + interval '1 day' WHERE name = 'relay'"
SEED = (
    "INSERT INTO permit SELECT unnest(%s::uuid[]), 'seed-' || generate_series(1, %s), 1, %s, 'rizhao-office',"
    " gen_random_uuid(), clock_timestamp() + interval '30 days', false, false"
)


class Bench:
    """Servers of one line, and the measures of its sides. `spans_to`: the collector's address."""

    def __init__(self, world: World, spans_to: str, stack: ExitStack, folder: Path) -> None:
        self.world = world
        self.spans_to = spans_to
        self._stack = stack
        self._folder = folder
        self._read_ids: list[str] = []

    def start(self, server: AbstractContextManager[Server]) -> Server:
        """A server that runs until the line ends."""
        return self._stack.enter_context(server)

    def reads(self, name: str, server: Server, *, deadline: bool = True) -> Side:
        """A side that reads one of many permits in each call."""
        request = self.world.permits.contract.GetPermitRequest
        bodies = [request(permit_id=each).SerializeToString() for each in self._seeded()]
        return Side(name, self._measure(server, self._load(server, f"/{PERMITS}/GetPermit", bodies, deadline=deadline)))

    def writes(self, name: str, server: Server, *, deadline: bool = True) -> Side:
        """A side that grants a permit in each call."""
        request = self.world.permits.contract.GrantPermitRequest(region=REGION, incident_id=FRESH)
        path, bodies = f"/{PERMITS}/GrantPermit", [request.SerializeToString()]
        load = self._load(server, path, bodies, changes=True, deadline=deadline)
        return Side(name, self._measure(server, load))

    def posts(self, name: str, server: Server) -> Side:
        """A side that grants a permit in each call, over HTTP."""
        body = json.dumps({"region": REGION, "incident_id": FRESH}).encode()
        return Side(name, self._measure(server, self._load(server, "/v1/permits", [body], changes=True, https=True)))

    def _load(
        self,
        server: Server,
        path: str,
        bodies: Sequence[bytes],
        *,
        changes: bool = False,
        https: bool = False,
        deadline: bool = True,
    ) -> Load:
        files = self.world.servers.identities.workload("gateway")
        return Load(
            address=server.address,
            path=path,
            bodies=[body.hex() for body in bodies],
            trust=str(files.trust),
            key=str(files.key),
            cert=str(files.cert),
            https=https,
            changes=changes,
            deadline=deadline,
        )

    def _measure(self, server: Server, load: Load) -> Callable[[], Sample]:
        generator = self._stack.enter_context(Generator(load, self._folder / "calls.log"))
        postgres = self.world.servers.postgres.child.pid
        assert postgres is not None
        pids = {"server": [server.pid], "postgres": [postgres]}

        def measure() -> Sample:
            self._empty_queues()
            before = self._counts() if load.changes else {}
            meter = Meter(pids)
            played = generator.round(token(), meter)
            after = self._counts() if load.changes else {}
            odd = {
                table: after[table] - before[table] for table in after if after[table] - before[table] != played.calls
            }
            if odd:
                raise RuntimeError(f"{played.calls} calls wrote other numbers of rows: {odd}")
            return Sample(done=len(played.took_s), seconds=ROUND_S, cpu_s=meter.cpu_s, took_s=played.took_s)

        return measure

    def _empty_queues(self) -> None:
        with self.world.servers.postgres.connect(SERVICE) as administrator:
            administrator.execute("TRUNCATE chassis.outbox, chassis.job")

    def _counts(self) -> Mapping[str, int]:
        return {table: self.world.value(f"SELECT count(*) FROM {table}") for table in WRITTEN}

    def _seeded(self) -> list[str]:
        if not self._read_ids:
            self._read_ids = [str(uuid7()) for _ in range(PERMITS_READ)]
            self.world.sql(SEED, self._read_ids, PERMITS_READ, REGION)
        return self._read_ids


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    """PostgreSQL, Kafka, the example service's files and its tables."""
    example = folder / "permits"
    permits.build(example)
    with ExitStack() as stack:
        servers = Servers()
        # Before it is entered: it ends what it has started also when the rest does not start.
        stack.push(servers)
        servers.__enter__()
        modules = stack.enter_context(permits.imported(example))
        stack.callback(_forget_example)
        migrate(SERVICE, servers.postgres.url(f"{SERVICE}_owner", SERVICE))
        world = World(servers, modules)
        stack.callback(world.close)
        world.clear()
        world.sql(HOLD_RELAY)
        yield Bench(world, stack.enter_context(collector(world)), stack, folder)


def _forget_example() -> None:
    """The next line builds the example's files anew, elsewhere."""
    for name in [each for each in sys.modules if each.startswith("services.permits")]:
        del sys.modules[name]


@contextmanager
def read(folder: Path) -> Iterator[Line]:
    """Reading one row."""
    with _bench(folder) as bench:
        ours = [bench.start(chassis(bench.world, bench.spans_to, ratio)) for ratio in (0.1, 0.0, 1.0)]
        names = ("chassis, 10 % of traces recorded", "chassis, 0 %", "chassis, 100 %")
        mine = [bench.reads(name, server) for name, server in zip(names, ours, strict=True)]
        hand = bench.reads("bare grpcio, psycopg by hand", bench.start(bare(bench.world)))
        tells = [
            *_against(0, 3, "the same by hand", 0.8),
            Told("CPU of a call at 0 %, against 10 %", lambda samples: samples[1].cpu_ms / samples[0].cpu_ms, "x"),
            Told("CPU of a call at 100 %, against 10 %", lambda samples: samples[2].cpu_ms / samples[0].cpu_ms, "x"),
        ]
        yield Line("read", "Reading one row, all interceptors on", [*mine, hand], tells)


@contextmanager
def write(folder: Path) -> Iterator[Line]:
    """Writing state, event, outcome and audit row."""
    with _bench(folder) as bench:
        ours = bench.writes("chassis", bench.start(chassis(bench.world, bench.spans_to)))
        hand = bench.writes("bare grpcio, psycopg by hand", bench.start(bare(bench.world)))
        title = "Writing state, event log, outbox, idempotency, audit and job"
        yield Line("write", title, [ours, hand], _against(0, 1, "the same by hand", 0.75))


@contextmanager
def write_fastapi(folder: Path) -> Iterator[Line]:
    """The same write in the usual way."""
    key, title = "write-fastapi", "The same write, against FastAPI with SQLAlchemy's async ORM and OpenTelemetry"
    with _bench(folder) as bench:
        try:
            theirs = bench.posts("FastAPI, async ORM, asyncpg", bench.start(fastapi(bench.world, bench.spans_to)))
        except NotRun as error:
            yield _not_run(key, title, error)
            return
        ours = bench.writes("chassis", bench.start(chassis(bench.world, bench.spans_to)))
        yield Line(key, title, [ours, theirs], _against(0, 1, "FastAPI", 2.0))


@contextmanager
def by_nameko_grpc(folder: Path) -> Iterator[Line]:
    """The same read and write behind nameko's own gRPC server."""
    key, title = "nameko-grpc", "The same read and write, against nameko-grpc with psycopg2 by hand"
    with _bench(folder) as bench:
        try:
            theirs = bench.start(nameko_grpc(bench.world))
        except NotRun as error:
            yield _not_run(key, title, error)
            return
        ours = bench.start(chassis(bench.world, bench.spans_to))
        # nameko-grpc looks a thousand times a second whether a call's deadline is over. At its best it is given none.
        sides = [
            bench.reads("chassis, read", ours),
            bench.reads("nameko-grpc, read, without deadlines", theirs, deadline=False),
            bench.writes("chassis, write", ours),
            bench.writes("nameko-grpc, write, without deadlines", theirs, deadline=False),
            bench.reads("nameko-grpc, read", theirs),
        ]
        tells = [
            *_against(0, 1, "nameko-grpc, read", 2.0, who="chassis, read"),
            *_against(2, 3, "nameko-grpc, write", 2.0, who="chassis, write"),
            Told("calls/s, against nameko-grpc, read, with deadlines", ratio_of_rates(0, 4), "x"),
        ]
        yield Line(key, title, sides, tells)


def _against(ours: int, theirs: int, whom: str, least: float, who: str = "chassis") -> list[Told]:
    """Rates, processor time and durations of one side, against another's."""
    aim = f">= {least:.2f}" if least < 1 else f">= {least:g}x"
    return [
        Told(f"calls/s, against {whom}", ratio_of_rates(ours, theirs), "x", aim, lambda value: value >= least),
        Told(f"calls per CPU time, against {whom}", ratio_of_cpu(ours, theirs), "x"),
        *(_quantile(f"{who}, p{share:.0%}", ours, share) for share in (0.5, 0.99)),
        *(_quantile(f"{whom}, p{share:.0%}", theirs, share) for share in (0.5, 0.99)),
    ]


def _quantile(name: str, side: int, share: float) -> Told:
    return Told(name.rstrip("%"), lambda samples: samples[side].quantile_ms(share), "ms")


def _not_run(key: str, title: str, why: NotRun) -> Line:
    """A line that says why there is nothing to say."""
    return Line(key, title, [], [Told(f"not run: {why}", lambda _: math.nan)], warm=0)


LINES: Mapping[str, Callable[[Path], Opened]] = {
    "read": read,
    "write": write,
    "write-fastapi": write_fastapi,
    "nameko-grpc": by_nameko_grpc,
}
