"""`make bench-grid`: what a phone and a desk read of grid's incidents, with few and with many, as its store answers.

EGOV_BENCH_SIZE=<share> of a million incidents, of which three in a hundred are open. The server makes them itself.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from services.chassis.database import create_engine, standalone
from services.chassis.migrate import migrate
from services.grid import load
from services.grid.domain.deadlines import Limits
from services.grid.domain.queues import Desk, QueueKind
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.routing import Case
from services.grid.domain.search import Circle, Sought
from services.grid.domain.sync import Audience, Place
from services.grid.store.calendars import KnownCalendars
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.queues import QueueStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.routing import KnownRoutings
from services.grid.store.search import SearchStore
from services.grid.store.sync import SyncStore
from services.grid.store.work import WorkStore
from services.grid.usecases.dispatching import LATELY, plan
from services.kernel.coordinates import Point
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.bench.casetrace.report import Times, times_row
from tests.bench.grid_filling import COUNTIES, fill
from tests.bench.report import machine
from tests.bench.stacks import running
from tests.conftest import RUN
from tests.unit.grid.samples import STANDARD, dispatched, incident

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample"
SETTING, FEW, MANY = "EGOV_BENCH_SIZE", 10_000, 1_000_000
SHARED_BUFFERS = "2GB"
CALLS, WARM, AIM_MS = 200, 20, 50.0
PAGE = PageRequest(50)
SEAT, OFFICER, APP, CITIZEN = "-ZHZX", "-CGJ", Party("client", "rizhao-ssp"), Party("person", "person-7")
Ask = Callable[[], object]


def main() -> int:
    """The command. An aim that is not met is said, and is no error."""
    many = max(FEW, round(MANY * float(os.environ.get(SETTING) or 1)))
    sizes = [_measured(FEW), _measured(many)]
    columns = f"{'p50':>8}{'p99':>8}" * 2
    head = f"  {'milliseconds':<44}{f'{FEW:,}':>16}{f'{many:,}':>16}\n  {'':<44}{columns}   aim of p99"
    rows = [times_row(name, [each[name] for each in sizes], AIM_MS) for name in sizes[0]]
    text = "\n".join((machine(), f"PostgreSQL with shared_buffers = {SHARED_BUFFERS}", head, *rows))
    folder = RUN / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"grid-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{path}")
    return 0


def _measured(cases: int) -> Mapping[str, Times]:
    folder = Path(tempfile.mkdtemp(prefix="egov-bench-"))
    folder.chmod(0o755)
    try:
        with running(folder, ["postgres"]) as stack:
            assert stack.postgres is not None, "the tables of a server of somebody else's are not filled"
            with stack.postgres.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'".encode())
            stack.restart_part("postgres")
            _fill(stack.wiring.database("grid", owner=True), cases)
            engine = create_engine(stack.wiring.database("grid", owner=False), application="bench", pool_size=2)
            try:
                return _measure(engine)
            finally:
                engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(url: str, cases: int) -> None:
    migrate("grid", url)
    owner = create_engine(url, application="bench-fill", pool_size=1, patience_s=None)
    begun = time.monotonic()
    fill(owner, cases)
    with owner.begin() as connection:
        load.save(connection, load.read(SAMPLE))
    owner.dispose()
    print(f"{cases:,} incidents, filled in {time.monotonic() - begun:,.0f} s", flush=True)


def _measure(engine: sa.Engine) -> dict[str, Times]:
    times: dict[str, Times] = {}
    with standalone(engine).connect() as looking, engine.connect() as writing:
        asked = {
            **_queues(looking),
            **_searches(looking),
            **_syncs(looking),
            **_dispatches(writing),
            **_writes(writing),
        }
        for name, ask in asked.items():
            took = []
            for n in range(WARM + CALLS):
                begun = time.perf_counter()
                ask()
                took += [time.perf_counter() - begun] if n >= WARM else []
            times[name] = Times.of(took)
            print(f"  {name}: {times[name]}", flush=True)
    return times


def _queues(connection: sa.Connection) -> dict[str, Ask]:
    store, now = QueueStore(connection), datetime.now(UTC)

    def desk(suffix: str = "", reporter: Party | None = None) -> Desk:
        county = random.choice(COUNTIES)
        bound = county if suffix else "3711"
        return Desk(bound, reporter, suffix and county + suffix, now, now + timedelta(days=1))

    return {
        "ListQueues, a centre": lambda: store.counts(desk(SEAT)),
        "ListQueues, a department": lambda: store.counts(desk(OFFICER)),
        "ListQueues, the city": lambda: store.counts(desk()),
        "GetQueue, to dispatch, a centre": lambda: store.page(desk(SEAT), QueueKind.TO_DISPATCH, PAGE),
        "GetQueue, overdue, a department": lambda: store.page(desk(OFFICER), QueueKind.OVERDUE, PAGE),
        "GetQueue, due soon, the city": lambda: store.page(desk(), QueueKind.DUE_SOON, PAGE),
        "GetQueue, mine, an app with a third": lambda: store.page(desk(reporter=APP), QueueKind.MINE, PAGE),
    }


def _searches(connection: sa.Connection) -> dict[str, Ask]:
    store = SearchStore(connection)
    city = Sought(bound="3711", reporter=None, asking=CITIZEN, asking_department="371102-ZHZX")

    def one_of(**asked: Callable[[], object]) -> Ask:
        return lambda: store.page(replace(city, **{name: value() for name, value in asked.items()}), PAGE)  # type: ignore[arg-type]

    county = one_of(bound=lambda: random.choice(COUNTIES))
    return {
        "SearchIncidents, all of a county": county,
        "…, text that one in 50,000 has": one_of(text=lambda: "狐狸"),
        "…, text that one in eight has": one_of(text=lambda: random.choice(("垃圾", "占道经营"))),
        "…, text that none has": one_of(text=lambda: "恐龙"),
        "…, that text in a township": one_of(text=lambda: "垃圾", bound=lambda: random.choice(COUNTIES) + "003"),
        "…, a reference": one_of(reference=lambda: f"SSP-{random.randrange(1, FEW)}"),
        "…, a day's case numbers": one_of(case_number_prefix=lambda: f"371102-{datetime.now(UTC):%Y%m%d}"),
        "…, a department's own number": one_of(department_number=lambda: f"CG-{random.randrange(1, FEW)}"),
        "…, an enterprise": one_of(enterprise_code=lambda: f"91350100M{9 * random.randrange(500):09}"),
        "…, a type of a department": one_of(
            type_code=lambda: f"06{random.randrange(1, 61):03}", department=lambda: "371102-SCJG"
        ),
        "…, within 500 m": one_of(
            near=lambda: Circle(Point(35.1 + random.random() / 2, 119.1 + random.random() / 2), 500)
        ),
        "…, within 2,000 m": one_of(near=lambda: Circle(Point(35.35, 119.35), 2000)),
    }


def _syncs(connection: sa.Connection) -> dict[str, Ask]:
    store, size = SyncStore(connection), 200

    def first(audience: Callable[[], Audience]) -> Ask:
        def ask() -> object:
            standing = store.standing()
            return store.changes(audience(), Place(), standing.horizon, standing.horizon, size)

        return ask

    return {
        "SyncIncidents, first 200, the city": first(lambda: Audience("3711")),
        "…, a county": first(lambda: Audience(random.choice(COUNTIES))),
        "…, a grid": first(lambda: Audience(random.choice(COUNTIES) + "003007002")),
        "…, a department": first(lambda: Audience("371102", None, "371102-CGJ")),
        "…, a citizen": first(lambda: Audience("3711", CITIZEN)),
    }


def _dispatches(connection: sa.Connection) -> dict[str, Ask]:
    """As a dispatch and a department's system ask, each in a transaction that ends at once."""
    store, waiting = DispatchStore(connection, KnownRoutings()), WorkStore(connection)

    def both() -> list[str]:
        county = random.choice(COUNTIES)
        return [county + OFFICER, county + "-SCJG"]

    def loads() -> None:
        departments = both()
        store.take_turns(departments)
        store.open_cases(departments)
        connection.rollback()

    reference, calendars = ReferenceStore(connection), KnownCalendars()

    def plans() -> None:
        county, now = random.choice(COUNTIES), datetime.now(UTC)
        codes = ("06010", "09006", "06027", "07001", "08005")
        cases = [Case(TypeKey(STANDARD, IncidentKind.EVENT, code), f"{county}003007002") for code in codes * 10]
        rules = reference.rules_for_each([(each.type, each.region, now) for each in cases])
        limits = Limits(calendar_of=calendars.now(connection).of)
        plan(store, list(zip(cases, rules, strict=True)), limits, now)
        connection.rollback()

    def last() -> None:
        key = TypeKey("", IncidentKind.EVENT, f"06{random.randrange(1, 61):03}")
        store.last_department(Case(key, random.choice(COUNTIES)), datetime.now(UTC) - LATELY)
        connection.rollback()

    def take() -> None:
        waiting.next_dispatched(both()[0], "3711")
        connection.rollback()

    return {
        "a dispatch compares the loads of two": loads,
        "…, who had the last of a type": last,
        "GetQueue, what the rules say of 50": plans,
        "TakeNextIncident finds what is next": take,
    }


def _writes(connection: sa.Connection) -> dict[str, Ask]:
    store = IncidentStore(connection)

    def file() -> None:
        store.add(replace(incident(), case_number=f"bench-{uuid7()}"))
        connection.commit()

    def file_and_dispatch() -> None:
        filed = replace(incident(), case_number=f"bench-{uuid7()}")
        store.add(filed)
        connection.commit()
        store.save(dispatched(filed))
        connection.commit()

    return {"an incident is added": file, "an incident is added, then dispatched": file_and_dispatch}


if __name__ == "__main__":
    sys.exit(main())
