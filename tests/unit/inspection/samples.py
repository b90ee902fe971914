"""Inspections, people and fake stores that the tests of inspection share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.inspection.domain.inspections import Inspection, RefusedEffect
from services.inspection.domain.officers import Nominee, Staff
from services.inspection.domain.opening import DispatchedIncident
from services.inspection.domain.reference import ChecklistItem, Gravity, IncidentType, InspectedType
from services.inspection.domain.transitions import InspectionState
from services.kernel import casenumber, regions
from services.kernel.clock import shanghai_day
from services.kernel.errors import conflict, not_found
from services.kernel.ids import uuid7
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from tests.unit.fakes import NOW, FakeUnitOfWork, caller

VILLAGE, ELSEWHERE = "371102001001", "371121100201"
DEPARTMENT = "371102-SCJG"
ENTERPRISE = "91350100M000100Y43"
LICENCE = "11100000MB0328832T014"
FOOD = IncidentType("RZ-LOCAL", "event", "90001")
INSPECTED = InspectedType("RZ-LOCAL", "event", "90", "SCJG")
LIN, ZHANG, REPORTER, GRID_WORKER, STRANGER = (f"018f3c4e-0000-7000-8000-00000000000{n}" for n in range(1, 6))
FRIDGE = ChecklistItem("FOOD-10", "冷藏冷冻设备温度符合要求", "Cold storage at temperature", Gravity.MINOR)
EXPIRED = ChecklistItem("FOOD-04", "不使用超过保质期的食品", "", Gravity.GRAVE, LICENCE)
ITEMS = (EXPIRED, FRIDGE)
SOON = NOW + timedelta(days=10)
SERIALS = iter(range(1, 10**6))


def staff(person_id: str = LIN, **changes: Any) -> Staff:
    return replace(Staff(person_id, DEPARTMENT, frozenset({"officer"}), "SD-371102-0001", True), **changes)


def nominee(person_id: str = LIN, **changes: Any) -> Nominee:
    return Nominee(person_id, staff(person_id, **changes))


BOTH = (nominee(LIN), nominee(ZHANG))


def case_number(region: str = VILLAGE, at: datetime = NOW) -> str:
    return str(casenumber.make(regions.county_of(region), shanghai_day(at), 2, next(SERIALS)))


def dispatched_incident(**changes: Any) -> DispatchedIncident:
    told = DispatchedIncident(
        id=uuid7(),
        case_number=case_number(),
        region=VILLAGE,
        department=DEPARTMENT,
        type=FOOD,
        reporter=Party("person", REPORTER),
        enterprise_code=ENTERPRISE,
    )
    return replace(told, **changes)


def inspection(*, at: datetime = NOW, **changes: Any) -> Inspection:
    opened = Inspection(
        id=uuid7(),
        case_number=case_number(),
        version=1,
        state=InspectionState.OPENED,
        region=VILLAGE,
        department=DEPARTMENT,
        enterprise_code=ENTERPRISE,
        opened_at=at,
        incident_id=uuid7(),
        reporter=Party("person", REPORTER),
    )
    return replace(opened, **changes)


def assigned(opened: Inspection | None = None, **changes: Any) -> Inspection:
    before = opened or inspection(**changes)
    return before.assign(BOTH, seen=before.version, by_department=before.department)


def found(*items: ChecklistItem, before: Inspection | None = None) -> Inspection:
    """An inspection with a finding on each item, as grave as the item says."""
    after = before or assigned()
    for item in items:
        after = after.find(item, item.least_gravity, finding_id=uuid7(), seen=after.version, by=LIN, now=NOW)
    return after


def rectifying(*items: ChecklistItem, before: Inspection | None = None) -> Inspection:
    after = found(*(items or (EXPIRED,)), before=before)
    return after.order_rectification(SOON, seen=after.version, by=LIN, now=NOW)


def rechecked() -> Inspection:
    before = rectifying()
    return before.recheck(passed=True, until=None, seen=before.version, by=ZHANG, now=SOON)


def as_officer(subject: str | None = LIN, department: str | None = DEPARTMENT) -> FakeUnitOfWork:
    return FakeUnitOfWork(
        caller=caller(subject=subject, department=department, client_id="rizhao-office"),
        digit=casenumber.DIGIT["inspection"],
    )


class FakeInspections:
    """Inspections in memory; the suite in tests/integration/inspection holds it to what the database does."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Inspection] = {}

    def add(self, inspection: Inspection) -> None:
        self.rows[inspection.id] = inspection

    def load(self, inspection_id: UUID, bound: str) -> Inspection:
        found = self.rows.get(inspection_id)
        if found is None or not found.region.startswith(bound):
            raise not_found("INSPECTION_NOT_FOUND")
        return found

    def save(self, inspection: Inspection) -> None:
        before = self.rows[inspection.id]
        if before.version != inspection.version - 1:
            raise conflict("STALE_VERSION")
        self.rows[inspection.id] = replace(inspection, refused_effects=before.refused_effects)

    def is_open_for(self, incident_id: UUID, department: str) -> bool:
        return any(
            row.state is not InspectionState.CLOSED
            for row in self.rows.values()
            if (row.incident_id, row.department) == (incident_id, department)
        )

    def keep_refused_effect(self, case_number: str, effect: RefusedEffect) -> None:
        of_case = [row for row in self.rows.values() if row.case_number == case_number]
        if not of_case:
            raise not_found("INSPECTION_NOT_FOUND")
        row = max(of_case, key=_age)
        if (effect.service, effect.event_id) not in {(each.service, each.event_id) for each in row.refused_effects}:
            effects = sorted((*row.refused_effects, effect), key=lambda each: (each.event_id, each.service))
            self.rows[row.id] = replace(row, refused_effects=tuple(effects))

    def search(
        self,
        bound: str,
        page: PageRequest,
        *,
        state: InspectionState | None = None,
        department: str = "",
        case_number: str = "",
        incident_id: UUID | None = None,
    ) -> Page[Inspection]:
        found = [
            row
            for row in sorted(self.rows.values(), key=_age, reverse=True)
            if row.region.startswith(bound)
            and state in (None, row.state)
            and department in ("", row.department)
            and case_number in ("", row.case_number)
            and incident_id in (None, row.incident_id)
            and (page.after is None or _age(row) < page.after)
        ]
        return page.cut(found[: page.fetch], _age)


def _age(row: Inspection) -> tuple[datetime, UUID]:
    return row.opened_at, row.id


class FakeReference:
    """Reference data in memory."""

    def __init__(self) -> None:
        self.published: tuple[ChecklistItem, ...] = ITEMS
        self.inspected: list[InspectedType] = [INSPECTED]

    def replace(self, items: Iterable[ChecklistItem], inspected: Iterable[InspectedType]) -> None:
        self.published, self.inspected = tuple(items), list(inspected)

    def item(self, code: str) -> ChecklistItem | None:
        return next((item for item in self.published if item.code == code), None)

    def items(self, page: PageRequest) -> Page[ChecklistItem]:
        (after,) = page.after or ("",)
        found = sorted((item for item in self.published if item.code > after), key=lambda item: item.code)
        return page.cut(found[: page.fetch], key=lambda item: (item.code,))

    def inspected_types(self) -> Sequence[InspectedType]:
        return self.inspected
