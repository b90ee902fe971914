"""How incidents and types are read, and what is shown to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.grid.domain.reference import Evidence, IncidentKind, TypeKey
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from tests.integration.grid.keeping import ALL, RULES, Stores, kept
from tests.unit.fakes import NOW
from tests.unit.grid.samples import (
    CENTRE,
    COVER,
    ELSEWHERE,
    FOOD,
    GRID,
    RUBBISH,
    TYPES,
    incident,
)


def test_a_type_says_what_evidence_it_demands(stores: Stores) -> None:
    stores.refill((replace(TYPES[0], evidence=(Evidence.PHOTO_AFTER,)), *TYPES[1:]), RULES, {"371102": CENTRE})
    found = [list(stores.reference.evidence_for(key, NOW)) for key in (TYPES[0].key, TYPES[1].key)]
    assert found == [[Evidence.PHOTO_AFTER], []]


@pytest.mark.parametrize("bound", ["371121", "3710", ELSEWHERE, GRID + "0"])
def test_an_incident_outside_the_bound_does_not_exist(stores: Stores, bound: str) -> None:
    [filed] = kept(stores, incident())
    for unknown in (filed.id, uuid7()):
        with pytest.raises(Refusal) as refused:
            stores.incidents.load(unknown, bound)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "INCIDENT_NOT_FOUND")


def test_who_is_shown_their_own_reports_finds_no_other(stores: Stores) -> None:
    [filed] = kept(stores, incident())
    stranger = Party(filed.reporter.kind, str(uuid7()))
    assert stores.incidents.show(filed.id, "3711", filed.reporter) == filed
    assert stores.incidents.show(filed.id, "3711", None) == filed
    for bound, reader in (("3711", stranger), ("371121", filed.reporter), ("371121", None)):
        with pytest.raises(Refusal) as refused:
            stores.incidents.show(filed.id, bound, reader)
        assert refused.value.reason == "INCIDENT_NOT_FOUND"


def test_types_are_listed_by_key_page_by_page(stores: Stores) -> None:
    stores.refill(TYPES, RULES, {})
    first = stores.reference.types(PageRequest(size=2), NOW)
    assert [each.key for each in first.rows] == [COVER, RUBBISH]
    second = stores.reference.types(PageRequest(size=2, after=tuple(first.rows[-1].key)), NOW)
    assert ([each.key for each in second.rows], second.next_token) == ([FOOD], "")
    assert second.rows == (TYPES[1],)


def test_types_are_narrowed_by_kind_and_category(stores: Stores) -> None:
    stores.refill(TYPES, RULES, {})
    assert [each.key for each in stores.reference.types(ALL, NOW, kind=IncidentKind.COMPONENT).rows] == [COVER]
    assert [each.key for each in stores.reference.types(ALL, NOW, category_code="90").rows] == [FOOD]


def test_a_component_is_no_event_of_the_same_code(stores: Stores) -> None:
    stores.refill(TYPES, RULES, {})
    assert stores.reference.type_in_force(RUBBISH, NOW)
    assert not stores.reference.type_in_force(TypeKey(RUBBISH.standard, IncidentKind.COMPONENT, RUBBISH.code), NOW)


def test_only_the_rules_of_a_region_are_read(stores: Stores) -> None:
    stores.refill(TYPES, RULES, {})
    assert list(stores.reference.rules_for(GRID, NOW)) == RULES[:1]
    assert sorted(stores.reference.rules_for(ELSEWHERE, NOW), key=lambda each: each.department_suffix) == RULES
