"""What a store of inspection does: one suite for the fake of the unit tests and for the real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.inspection.domain.inspections import Inspection, RefusedEffect
from services.inspection.domain.reference import ChecklistItem, InspectedType
from services.inspection.domain.transitions import InspectionState
from services.inspection.store.inspections import InspectionStore
from services.inspection.store.reference import ReferenceStore, replace_inspected_types, replace_items
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.inspection.samples import (
    DEPARTMENT,
    ELSEWHERE,
    EXPIRED,
    FRIDGE,
    INSPECTED,
    ITEMS,
    LIN,
    SOON,
    VILLAGE,
    FakeInspections,
    FakeReference,
    assigned,
    found,
    inspection,
)

ALL = PageRequest()


@dataclass
class Stores:
    inspections: InspectionStore | FakeInspections
    reference: ReferenceStore | FakeReference
    connection: sa.Connection | None = None

    def refill(self, items: tuple[ChecklistItem, ...], inspected: list[InspectedType]) -> None:
        if self.connection is None:
            assert isinstance(self.reference, FakeReference)
            self.reference.replace(items, inspected)
        else:
            replace_items(self.connection, items)
            replace_inspected_types(self.connection, inspected)


@pytest.fixture
def stores(backing: str, request: pytest.FixtureRequest) -> Iterator[Stores]:
    if backing == "fake":
        yield Stores(FakeInspections(), FakeReference())
        return
    engine_of: Engine = request.getfixturevalue("engine_of")
    with engine_of("inspection").connect() as connection:
        yield Stores(InspectionStore(connection), ReferenceStore(connection), connection)
        connection.rollback()


def kept(stores: Stores, *inspections: Inspection) -> tuple[Inspection, ...]:
    for each in inspections:
        stores.inspections.add(each)
    return inspections


def saved(stores: Stores, after: Inspection) -> Inspection:
    """Save, and hold what is read back to what was saved."""
    stores.inspections.save(after)
    assert stores.inspections.load(after.id, "3711") == after
    return after


def test_an_inspection_comes_back_as_it_was_kept_through_all_its_states(stores: Stores) -> None:
    [opened] = kept(stores, inspection())
    assert stores.inspections.load(opened.id, VILLAGE) == opened
    named = saved(stores, assigned(opened))
    first = saved(stores, found(EXPIRED, before=named))
    second = saved(stores, found(FRIDGE, before=first))
    ordered = saved(stores, second.order_rectification(SOON, seen=second.version, by=LIN, now=NOW))
    passed = saved(stores, ordered.recheck(passed=True, until=None, seen=ordered.version, by=LIN, now=SOON))
    closed = saved(stores, passed.close(seen=passed.version, by=LIN, now=SOON))
    assert [finding.item_code for finding in closed.findings] == ["FOOD-04", "FOOD-10"]


def test_an_inspection_by_request_has_no_incident(stores: Stores) -> None:
    [opened] = kept(stores, inspection(incident_id=None, reporter=None))
    assert stores.inspections.load(opened.id, "37") == opened


@pytest.mark.parametrize("bound", ["371121", "3710", ELSEWHERE, VILLAGE + "0"])
def test_an_inspection_outside_the_bound_does_not_exist(stores: Stores, bound: str) -> None:
    [opened] = kept(stores, inspection())
    for unknown in (opened.id, uuid7()):
        with pytest.raises(Refusal) as refused:
            stores.inspections.load(unknown, bound)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "INSPECTION_NOT_FOUND")


def test_of_two_changes_to_one_version_the_second_is_refused(stores: Stores) -> None:
    [opened] = kept(stores, inspection())
    named = saved(stores, assigned(opened))
    saved(stores, found(EXPIRED, before=named))
    with pytest.raises(Refusal) as refused:
        stores.inspections.save(found(FRIDGE, before=named))
    assert (refused.value.kind, refused.value.reason) == (Kind.CONFLICT, "STALE_VERSION")
    assert [finding.item_code for finding in stores.inspections.load(opened.id, "37").findings] == ["FOOD-04"]


def test_a_department_inspects_once_at_a_time_because_of_an_incident(stores: Stores) -> None:
    [opened] = kept(stores, inspection())
    assert opened.incident_id
    assert stores.inspections.is_open_for(opened.incident_id, DEPARTMENT)
    assert not stores.inspections.is_open_for(opened.incident_id, "371102-CGJ")
    assert not stores.inspections.is_open_for(uuid7(), DEPARTMENT)
    named = saved(stores, assigned(opened))
    saved(stores, named.close(seen=2, by=LIN, now=NOW))
    assert not stores.inspections.is_open_for(opened.incident_id, DEPARTMENT)
    kept(stores, inspection(incident_id=opened.incident_id, case_number=opened.case_number))


def test_the_database_itself_keeps_a_second_inspection_out(engine_of: Engine) -> None:
    first = inspection()
    with engine_of("inspection").connect() as connection:
        InspectionStore(connection).add(first)
        with pytest.raises(sa.exc.IntegrityError):
            InspectionStore(connection).add(inspection(incident_id=first.incident_id))


def test_a_refused_effect_is_kept_once_with_the_newest_inspection_of_its_case(stores: Stores) -> None:
    [older] = kept(stores, inspection(at=NOW - timedelta(days=9)))
    [newer] = kept(stores, inspection(case_number=older.case_number))
    effects = [RefusedEffect("certificates", uuid7(), "CERTIFICATE_REVOKED") for _ in range(2)]
    for effect in (*effects, effects[0]):
        stores.inspections.keep_refused_effect(older.case_number, effect)
    assert stores.inspections.load(newer.id, "37") == replace(newer, refused_effects=tuple(effects))
    assert stores.inspections.load(older.id, "37") == older
    with pytest.raises(Refusal) as refused:
        stores.inspections.keep_refused_effect("371102-20261123-2999999-X", effects[0])
    assert refused.value.reason == "INSPECTION_NOT_FOUND"


def test_a_refused_effect_disturbs_no_change_that_is_under_way(stores: Stores) -> None:
    [opened] = kept(stores, inspection())
    effect = RefusedEffect("certificates", uuid7(), "CERTIFICATE_REVOKED")
    stores.inspections.keep_refused_effect(opened.case_number, effect)
    after = assigned(opened)
    stores.inspections.save(after)
    assert stores.inspections.load(opened.id, "37") == replace(after, refused_effects=(effect,))


def test_a_list_shows_the_newest_first_page_by_page_whatever_is_opened_meanwhile(stores: Stores) -> None:
    same_moment = [inspection(at=NOW) for _ in range(3)]
    opened = kept(stores, *(inspection(at=NOW - timedelta(minutes=n)) for n in range(1, 5)), *same_moment)
    expected = sorted(opened, key=lambda each: (each.opened_at, each.id), reverse=True)
    shown: list[Inspection] = []
    page = PageRequest(size=2)
    while True:
        answer = stores.inspections.search("3711", page)
        shown.extend(answer.rows)
        if not answer.next_token:
            break
        page = PageRequest(size=2, after=(answer.rows[-1].opened_at, answer.rows[-1].id))
        kept(stores, inspection(at=NOW + timedelta(minutes=1)))
    assert shown == expected


def test_a_list_stays_in_the_callers_region(stores: Stores) -> None:
    here, there = kept(stores, inspection(), inspection(region=ELSEWHERE, department="371121-SCJG"))
    for bound, expected in (("3711", {here, there}), ("371102", {here}), ("371121", {there}), ("370213", set())):
        assert set(stores.inspections.search(bound, ALL).rows) == expected


def test_a_list_is_narrowed_and_shows_each_with_its_own_findings(stores: Stores) -> None:
    first, second = kept(stores, inspection(), inspection(department="371100-SCJG"))
    named = saved(stores, assigned(first))
    graver = saved(stores, found(EXPIRED, before=named))

    def listed(**filters: object) -> tuple[Inspection, ...]:
        return stores.inspections.search("3711", ALL, **filters).rows  # type: ignore[arg-type]

    assert set(listed()) == {graver, second}
    assert listed(state=InspectionState.ASSIGNED) == (graver,)
    assert listed(department="371100-SCJG") == (second,)
    assert listed(case_number=first.case_number) == (graver,)
    assert listed(incident_id=second.incident_id) == (second,)
    assert listed(incident_id=uuid7()) == ()


def test_items_are_listed_by_code_page_by_page(stores: Stores) -> None:
    stores.refill(ITEMS, [INSPECTED])
    first = stores.reference.items(PageRequest(size=1))
    assert first.rows == (EXPIRED,)
    second = stores.reference.items(PageRequest(size=1, after=("FOOD-04",)))
    assert (second.rows, second.next_token) == ((FRIDGE,), "")


def test_a_folder_is_the_whole_truth_and_may_be_loaded_again(stores: Stores) -> None:
    for _ in range(2):
        stores.refill(ITEMS, [INSPECTED])
    assert list(stores.reference.inspected_types()) == [INSPECTED]
    changed = replace(FRIDGE, name_en="Cold storage below 8 °C")
    stores.refill((changed,), [])
    assert stores.reference.items(ALL).rows == (changed,)
    assert (stores.reference.item(EXPIRED.code), stores.reference.item(FRIDGE.code)) == (None, changed)
    assert list(stores.reference.inspected_types()) == []
    stores.refill(ITEMS, [INSPECTED])
    assert stores.reference.item(EXPIRED.code) == EXPIRED
