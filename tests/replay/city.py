"""Grid by itself: its database, the sample city's reference data, and a clock that is set instead of waited for.

There is no gateway, no Kafka and no second process. Every change is a unit of work of the chassis around the use case
that the RPC of that name calls, so that rows, events, clocks and what is due come to be as in production.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from deploy.local import parts
from deploy.local.replaying.rows import SAMPLE_FOLDER
from deploy.local.stack import Stack
from services.chassis.call import SYSTEM, Call
from services.chassis.migrate import migrate
from services.chassis.run import make_runtime
from services.chassis.runtime import Runtime
from services.chassis.transaction import Transaction
from services.grid import load
from services.grid.config import GridSettings
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision
from services.grid.domain.incidents import Incident
from services.grid.service.base import Methods
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.routing import KnownRoutings, RoutingStore
from services.grid.usecases import CLOCK, DISPATCH, Rules, take_version
from services.kernel.clock import FixedClock
from services.kernel.ports import Caller
from tests.conftest import RUN, environment
from tests.replay.rows import BEGIN

GRID = next(each for each in parts.SERVICES if each.name == "grid")
MONTHS = [datetime(2025 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(14)]
SHEETS = Path(__file__).parent / "sample" / "city"
"""What the city of the year has in place of the sample city's: so that all of dispatch and stages is played."""
_NEXT_DUE = sa.text("SELECT name, key, due_at FROM chassis.due WHERE name = ANY(:names) ORDER BY try_at, name LIMIT 1")
_DUE_DONE = sa.text("DELETE FROM chassis.due WHERE name = :name AND key = :key AND due_at = :at")


class DueRow(NamedTuple):
    """What is due first: by which name, the incident's id, and when."""

    name: str
    key: str
    at: datetime


class Desk(Methods):
    """What a method of the service class has at hand in one unit of work."""

    def __init__(self, uow: Transaction, config: GridSettings, routings: KnownRoutings) -> None:
        self.uow, self.config, self._routings = uow, config, routings

    @property
    def incidents(self) -> IncidentStore:
        """The incidents."""
        return self._incidents

    @property
    def reference(self) -> ReferenceStore:
        """Types, rules and grid centres."""
        return ReferenceStore(self.uow.connection)

    @property
    def rules(self) -> Rules:
        """Who says to whom an incident goes."""
        return self._rules

    @property
    def dispatching(self) -> DispatchStore:
        """What a dispatch reads."""
        return self._dispatching

    @property
    def _dispatching(self) -> DispatchStore:
        """By the rules of this database: those that the service class knows may be another one's."""
        return DispatchStore(self.uow.connection, self._routings)

    def planned(self, incident: Incident) -> Decision:
        """What the rules say now of what waits for its dispatch, as the seat's queue shows it."""
        return self._plans([incident])[incident.id][1]

    @property
    def limits(self) -> Limits:
        """How long each step may take."""
        return self._limits


class City:
    """The service's database and its clock."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.clock = FixedClock(BEGIN)
        runtime.clock = self.clock
        self._looking = runtime.looking.connect()
        self._routings = KnownRoutings()

    @contextlib.contextmanager
    def desk(self, name: str, caller: Caller = SYSTEM) -> Iterator[Desk]:
        """A unit of work for a method of this name, which is committed at its end."""
        with Transaction(self._runtime, Call(kind="replay", name=name, caller=caller)) as uow:
            yield Desk(uow, self._runtime.service_settings, self._routings)
            uow.commit()

    def next_due(self) -> DueRow | None:
        """What is due before everything else."""
        found = self._looking.execute(_NEXT_DUE, {"names": [CLOCK, DISPATCH]}).first()
        return DueRow(*found) if found else None

    def rows(self, statement: sa.Executable) -> Iterator[sa.RowMapping]:
        """What was written."""
        yield from self._looking.execute(statement).mappings()

    def close(self) -> None:
        """Give the connections back."""
        self._looking.close()
        self._runtime.engine.dispose()


def settle(desk: Desk, due: DueRow) -> None:
    """What was due is done, unless its use case sets it anew."""
    desk.uow.connection.execute(_DUE_DONE, {"name": due.name, "key": due.key, "at": due.at})


@contextlib.contextmanager
def running_city() -> Iterator[City]:
    """A PostgreSQL of its own with the city's reference data, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="egov-replay-"))
    # Other accounts may pass: PostgreSQL does not run as root.
    folder.chmod(0o755)
    stack = Stack(folder / "run", cache=RUN / "cache", only=["postgres"], environment=environment())
    try:
        with stack:
            runtime = _prepared(stack, folder / "sheets")
            with contextlib.closing(City(runtime)) as city:
                yield city
    finally:
        stack.forget()
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(stack: Stack, folder: Path) -> Runtime:
    assert stack.postgres is not None
    with stack.postgres.connect() as administrator:
        # Nothing of it has to outlive the run: waiting for the disk at every commit is half of the time.
        administrator.execute("ALTER DATABASE grid SET synchronous_commit = off")
    migrate("grid", stack.wiring.database("grid", owner=True))
    told = {**environment(), **stack.wiring.service(GRID, "grid")}
    runtime = make_runtime("grid", frozenset(), told)[1]
    owner = sa.create_engine(stack.wiring.database("grid", owner=True).replace("postgresql:", "postgresql+psycopg:", 1))
    with owner.begin() as connection:
        _load(connection, folder)
        _make_room(connection)
    owner.dispose()
    return runtime


def _load(connection: sa.Connection, folder: Path) -> None:
    """The sample city's sheets, with the year's in place of some. Its routing rules are in force from its begin."""
    folder.mkdir()
    for name, path in {each.name: each for each in (*SAMPLE_FOLDER.iterdir(), *SHEETS.iterdir())}.items():
        (folder / name).symlink_to(path.resolve())
    data = load.read(folder)
    assert data.routing is not None
    take_version(RoutingStore(connection), data.routing, effective_from=None, now=BEGIN)
    load.save(connection, data)


def _make_room(connection: sa.Connection) -> None:
    """The log of record has partitions from this month on; the simulated year needs its own."""
    for begin, end in itertools.pairwise(MONTHS):
        name = f"chassis.event_log_{begin:%Y%m%d}"
        if connection.execute(sa.text("SELECT to_regclass(:name)"), {"name": name}).scalar() is None:
            span = f"FROM ('{begin:%Y-%m-%d}') TO ('{end:%Y-%m-%d}')"
            connection.execute(sa.text(f"CREATE TABLE {name} PARTITION OF chassis.event_log FOR VALUES {span}"))
            connection.execute(sa.text(f"CREATE UNIQUE INDEX ON {name} (aggregate_id, aggregate_version)"))
