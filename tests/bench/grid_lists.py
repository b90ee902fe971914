"""What a phone, a desk and an operator have listed: each list that grid offers, as its stores answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from egov.grid.v1 import export_pb2

from services.grid.domain.queues import Desk, QueueKind
from services.grid.domain.search import Circle, Sought
from services.grid.domain.states import IncidentState
from services.grid.domain.sync import Audience, Place
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.numbers import NumberStore
from services.grid.store.past import PastIncidents
from services.grid.store.queues import QueueStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.routing import KnownRoutings, RoutingStore
from services.grid.store.search import SearchStore
from services.grid.store.sync import SyncStore
from services.grid.wire.export import MOST, export_message
from services.kernel.coordinates import Point
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.bench.grid_filling import COUNTIES

FEW = 10_000
PAGE = PageRequest(50)
SEAT, OFFICER, APP, CITIZEN = "-ZHZX", "-CGJ", Party("client", "rizhao-ssp"), Party("person", "person-7")
Ask = Callable[[], object]


def lists(connection: sa.Connection) -> dict[str, Ask]:
    """Each list by the name of its line."""
    return {
        **_queues(connection),
        **_listed(connection),
        **_searches(connection),
        **_syncs(connection),
        **_of_one(connection),
        **_reference(connection),
    }


def _queues(connection: sa.Connection) -> dict[str, Ask]:
    store, now = QueueStore(connection), datetime.now(UTC)

    def desk(suffix: str = "", reporter: Party | None = None) -> Desk:
        county = random.choice(COUNTIES)
        bound = county if suffix else "3711"
        return Desk(bound, reporter, suffix and county + suffix, now, now + timedelta(days=1))

    def counted(of: Desk, party: Party) -> None:
        store.counts(of)
        store.open_reports(of.reporting(party))

    return {
        "ListQueues, a centre": lambda: counted(desk(SEAT), CITIZEN),
        "ListQueues, a department": lambda: counted(desk(OFFICER), CITIZEN),
        "ListQueues, the city": lambda: counted(desk(), CITIZEN),
        "ListQueues, an app with a third": lambda: counted(desk(reporter=APP), APP),
        "GetQueue, to dispatch, a centre": lambda: store.page(desk(SEAT), QueueKind.TO_DISPATCH, PAGE),
        "GetQueue, overdue, a department": lambda: store.page(desk(OFFICER), QueueKind.OVERDUE, PAGE),
        "GetQueue, due soon, the city": lambda: store.page(desk(), QueueKind.DUE_SOON, PAGE),
        "GetQueue, mine, an app with a third": lambda: store.page(desk(reporter=APP), QueueKind.MINE, PAGE),
    }


def _listed(connection: sa.Connection) -> dict[str, Ask]:
    store = SearchStore(connection)
    city = Sought(bound="3711", reporter=None, asking=CITIZEN, asking_department="371102-ZHZX")

    def page(size: int = PAGE.size, **said: object) -> Ask:
        return lambda: store.page(replace(city, **said), PageRequest(size))  # type: ignore[arg-type]

    def export(format: export_pb2.ExportFormat.ValueType) -> Ask:
        return lambda: export_message(store.lines(city, PageRequest(MOST)), format, public_only=False)

    return {
        "ListIncidents, the city": page(),
        "…, in one state": page(state=IncidentState.HANDLED),
        "…, in a state that none is in": page(state=IncidentState.OUTSIDE),
        "…, in one state, a township": page(state=IncidentState.ACCEPTED, bound="371102003"),
        "…, all of a village": page(region="371102003007"),
        "…, all of a grid": page(bound="371103003007002"),
        "…, a citizen's own": page(reporter=CITIZEN),
        "ExportIncidents, 1,000 as CSV": export(export_pb2.EXPORT_FORMAT_CSV),
        "…, as GeoJSON": export(export_pb2.EXPORT_FORMAT_GEOJSON),
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
        "…, that text in a county": one_of(text=lambda: "占道经营", bound=lambda: random.choice(COUNTIES)),
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

    def next_of(audience: Audience) -> Ask:
        horizon = store.standing().horizon
        last = store.changes(audience, Place(), horizon, horizon, size).last
        return lambda: store.changes(audience, last, horizon, store.standing().horizon, size)

    def nothing_new() -> object:
        standing = store.standing()
        return store.changes(Audience("371102"), Place(standing.horizon), 0, standing.horizon, size)

    return {
        "SyncIncidents, first 200, the city": first(lambda: Audience("3711")),
        "…, a county": first(lambda: Audience(random.choice(COUNTIES))),
        "…, a grid": first(lambda: Audience(random.choice(COUNTIES) + "003007002")),
        "…, a department": first(lambda: Audience("371102", None, "371102-CGJ")),
        "…, a citizen": first(lambda: Audience("3711", CITIZEN)),
        "…, the next 200 of a county": next_of(Audience("371102")),
        "…, nothing new, a county": nothing_new,
    }


def _of_one(connection: sa.Connection) -> dict[str, Ask]:
    """What is read of one incident, and what stands beside the incidents of a page."""
    ids = list(connection.execute(sa.text("SELECT incident_id FROM department_number LIMIT 50")).scalars())
    incidents, numbers, dispatches = (
        IncidentStore(connection), NumberStore(connection), DispatchStore(connection, KnownRoutings())
    )  # fmt: skip
    return {
        "ListActions and ExplainClock read one": lambda: incidents.show(random.choice(ids), "3711", None),
        "ExplainDispatch reads why": lambda: dispatches.kept(random.choice(ids)),
        "departments' numbers of a page of 50": lambda: numbers.of(ids),
    }


def _reference(connection: sa.Connection) -> dict[str, Ask]:
    types, catalogues, routings = ReferenceStore(connection), CatalogueStore(connection), RoutingStore(connection)
    now = datetime.now(UTC)

    def listed_types() -> None:
        types.types(PageRequest(200), now)
        catalogues.stages(now)
        catalogues.mappings(now)

    def past(days: int, region: str) -> PastIncidents:
        return PastIncidents(connection, now - timedelta(days=days), now, bound="3711", region=region)

    return {
        "ListIncidentTypes, 200": listed_types,
        "ListCatalogues": lambda: catalogues.versions(PAGE),
        "ListRoutings": lambda: routings.versions(PAGE),
        "PreviewCatalogue reads 50 of a year": lambda: past(366, "").page(PAGE),
        "…, of a county": lambda: past(366, "371102").page(PAGE),
        "…, of a grid": lambda: past(366, "371102003007002").page(PAGE),
    }
