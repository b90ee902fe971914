"""Incidents, rules and fake stores that the tests of grid share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.grid.domain.catalogue import Stage
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision, Undecided
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule, Evidence, IncidentKind, IncidentType, TypeKey
from services.grid.domain.reports import Report
from services.grid.domain.routing import Case, Routing, RoutingRule
from services.grid.domain.states import ClosingOutcome, IncidentState
from services.kernel import casenumber, regions
from services.kernel.clock import shanghai_day
from services.kernel.errors import not_found
from services.kernel.ids import uuid7
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from tests.unit.fakes import NOW

STANDARD = "GB/T 47678.5-2026"
RUBBISH = TypeKey(STANDARD, IncidentKind.EVENT, "06010")
FOOD = TypeKey("RZ-LOCAL", IncidentKind.EVENT, "90001")
COVER = TypeKey(STANDARD, IncidentKind.COMPONENT, "01001")
VILLAGE = "371102001001"
GRID = "371102001001002"
ELSEWHERE = "371121100201"
CENTRE = "371102-ZHZX"
DEPARTMENT = "371102-CGJ"
REPORTER = Party("client", "rizhao-ssp")
CENTRES = {code: f"{code}-ZHZX" for code in ("371100", "371102", "371121")}
LIMITS = Limits(centre_of=lambda region: CENTRES.get(region, ""))
DAY = timedelta(hours=24)
"""What each step has by LIMITS, but handling, which has three."""
TYPES = (
    IncidentType(RUBBISH, "市容环境", "暴露垃圾"),
    IncidentType(FOOD, "食品与公共卫生", "餐饮食品卫生", "Food hygiene", local=True),
    IncidentType(COVER, "市政公用设施", "供水井盖"),
)
SERIALS = iter(range(1, 10**6))


def report(**changes: Any) -> Report:
    return replace(Report(type=RUBBISH, region=GRID, description="巷口垃圾堆放"), **changes)


def rule(department: str = "CGJ", hours: int = 24, **changes: Any) -> DispatchRule:
    anything = DispatchRule("", "", "", "", department, hours)
    return replace(anything, **changes)


def proof(kind: Evidence) -> Proof:
    return Proof(kind=kind, reference="media/2026/1.jpg", sha256="a" * 64, given_at=NOW)


def case_number(region: str = GRID, at: datetime = NOW) -> str:
    return str(casenumber.make(regions.county_of(region), shanghai_day(at), 2, next(SERIALS)))


def incident(*, at: datetime = NOW, **changes: Any) -> Incident:
    said = report(**changes)
    return Incident.file(
        said,
        id=uuid7(),
        case_number=case_number(said.region, at),
        reporter=REPORTER,
        centre=f"{said.region[:6]}-ZHZX",
        limits=LIMITS,
        now=at,
    )


def dispatched(filed: Incident | None = None, **changes: Any) -> Incident:
    before = filed or incident(**changes)
    at = before.filed_at
    return before.dispatch(seen=before.version, by=CENTRE, rules=[rule()], named="", limits=LIMITS, now=at)


def accepted(before: Incident | None = None) -> Incident:
    before = before or dispatched()
    return before.accept(seen=before.version, by=before.department, limits=LIMITS, now=before.filed_at)


def handled(before: Incident | None = None) -> Incident:
    before = before or accepted()
    return before.handle(seen=before.version, by=before.department, limits=LIMITS, now=before.filed_at)


def verified(before: Incident | None = None) -> Incident:
    before = before or handled()
    return before.verify(passed=True, seen=before.version, by=CENTRE, limits=LIMITS, now=before.filed_at)


def closed(before: Incident | None = None) -> Incident:
    before = before or verified()
    return before.close(ClosingOutcome.HANDLED, seen=before.version, by=CENTRE, limits=LIMITS, now=before.filed_at)


class FakeIncidents:
    """Incidents in memory; the suite in tests/integration/grid holds it to what the database does."""

    def __init__(self, dues: Mapping[tuple[str, str], datetime] = MappingProxyType({})) -> None:
        self.rows: dict[UUID, Incident] = {}
        self.dues = dues

    def add(self, incident: Incident) -> None:
        self.rows[incident.id] = incident

    def load(self, incident_id: UUID, bound: str) -> Incident:
        found = self.rows.get(incident_id)
        if found is None or not found.report.region.startswith(bound):
            raise not_found("INCIDENT_NOT_FOUND")
        return found

    def show(self, incident_id: UUID, bound: str, reported_by: Party | None) -> Incident:
        found = self.load(incident_id, bound)
        if reported_by not in (None, found.reporter):
            raise not_found("INCIDENT_NOT_FOUND")
        return found

    def load_main(self, incident_id: UUID, bound: str) -> Incident:
        return self.load(incident_id, bound)

    def duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        return [row.id for row in self.rows.values() if row.main and row.main.id == main_id and not row.state.ended]

    def closed_duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        return [
            row.id
            for row in self.rows.values()
            if row.main and row.main.id == main_id and row.state is IncidentState.CLOSED
        ]

    def save(self, incident: Incident) -> None:
        if self.rows[incident.id].version != incident.version - 1:
            raise self.rows[incident.id].overtook(incident)
        self.rows[incident.id] = incident

    def unwatched(self, timer: str) -> Incident | None:
        unwatched = (row for row in self.rows.values() if row.holder and (timer, str(row.id)) not in self.dues)
        return next((row for row in unwatched if not self._follows(row)), None)

    def _follows(self, row: Incident) -> bool:
        return row.state is IncidentState.MERGED and row.main is not None and not self.rows[row.main.id].state.ended

    def unheld(self, centres: Mapping[str, str]) -> Incident | None:
        def gone(code: str) -> bool:
            return code not in centres.values()

        unheld = (row for row in self.rows.values() if gone(row.owner) or (row.coordinator and gone(row.coordinator)))
        places = ((row, row.report.region) for row in unheld if not row.state.ended)
        return next((row for row, region in places if {region[:6], f"{region[:4]}00"} & centres.keys()), None)

    def count_unheld(self, centres: Mapping[str, str]) -> int:
        return sum(not row.state.ended and row.owner not in centres.values() for row in self.rows.values())


class FakeReference:
    """Reference data in memory."""

    def __init__(self) -> None:
        self.catalogue: tuple[IncidentType, ...] = TYPES
        self.rules: list[DispatchRule] = [rule()]
        self.stages: list[Stage] = []
        self.centres: dict[str, str] = {"371102": CENTRE}

    def replace(self, types: Iterable[IncidentType], rules: Iterable[DispatchRule], centres: dict[str, str]) -> None:
        self.catalogue, self.rules, self.centres = tuple(types), list(rules), dict(centres)

    def type_in_force(self, key: TypeKey, at: datetime) -> bool:
        return any(each.key == key for each in self.catalogue)

    def centre_of(self, county: str) -> str | None:
        return self.centres.get(county)

    def all_centres(self) -> Mapping[str, str]:
        return self.centres

    def rules_for(self, region: str, at: datetime) -> Sequence[DispatchRule]:
        return [rule for rule in self.rules if region.startswith(rule.region_prefix)]

    def stages_for(self, key: TypeKey, at: datetime) -> Sequence[Stage]:
        return [stage for stage in self.stages if stage.matches(key)]

    def evidence_for(self, key: TypeKey, at: datetime) -> Sequence[Evidence]:
        return next((each.evidence for each in self.catalogue if each.key == key), ())

    def types(
        self, page: PageRequest, at: datetime, *, kind: IncidentKind | None = None, category_code: str = ""
    ) -> Page[IncidentType]:
        found = [
            each
            for each in sorted(self.catalogue, key=lambda each: each.key)
            if kind in (None, each.key.kind)
            and each.key.code.startswith(category_code)
            and (page.after is None or each.key > page.after)
        ]
        return page.cut(found[: page.fetch], key=lambda each: each.key)


class FakeDispatching:
    """Routing rules, and what was decided by them, in memory."""

    def __init__(self, *rules: RoutingRule) -> None:
        self.rules = Routing(rules)
        self.kept: list[tuple[Incident, int, Decision]] = []
        self.waited_for: list[str] = []
        self.left: dict[UUID, Undecided | None] = {}

    def routing(self, at: datetime) -> tuple[int, Routing]:
        return (1, self.rules) if self.rules.rules else (0, Routing())

    def open_cases(self, departments: Sequence[str]) -> Mapping[str, int]:
        return {}

    def take_turns(self, departments: Sequence[str]) -> None:
        self.waited_for += departments

    def last_department(self, case: Case, since: datetime) -> str:
        return ""

    def leave(self, incident_id: UUID, why: Undecided | None) -> None:
        self.left[incident_id] = why

    def keep(self, incident: Incident, routing: int, decision: Decision) -> None:
        self.kept.append((incident, routing, decision))
