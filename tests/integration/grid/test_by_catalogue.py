"""What the catalogue in force does to actions, and what another one would do to past cases, over a PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from egov.grid.v1 import actions_pb2, catalogue_pb2, grid_service_pb2, stages_pb2

from services.chassis.moments import stamp
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.decisions import Decision, Source
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.domain.versions import BEGINNING
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.routing import KnownRoutings
from services.kernel.ports import Caller
from tests.integration.grid.desk import Desk
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import CENTRE, DAY, DEPARTMENT, TYPES, accepted, handled, incident, rule

CATALOGUE = Catalogue((replace(TYPES[0], evidence=(Evidence.PHOTO_AFTER,)),), (rule(code_prefix="06010"),))


@pytest.fixture
def desk(desk: Desk, engine: sa.Engine) -> Desk:
    """A desk where this catalogue is in force."""
    with engine.begin() as connection:
        CatalogueStore(connection).add(CATALOGUE, BEGINNING, NOW)
    return desk


def field(desk: Desk, engine: sa.Engine, of: Incident, by: Caller) -> actions_pb2.ActionField:
    """The first field of the first action."""
    with engine.begin() as connection:
        IncidentStore(connection).add(of)
    request = actions_pb2.ListActionsRequest(incident_id=str(of.id))
    return desk.call("ListActions", request, actions_pb2.ListActionsResponse, by).actions[0].fields[0]


def staff(department: str, scope: str) -> Caller:
    return replace(caller(subject=WANG, department=department, region="371102"), scopes=frozenset({scope}))


def test_evidence_that_the_catalogue_demands_is_required(desk: Desk, engine: sa.Engine) -> None:
    evidence = field(desk, engine, accepted(), staff(DEPARTMENT, "grid.incidents.handle"))
    assert (evidence.name, evidence.required) == ("evidence", True)
    assert [each.kind for each in evidence.evidence] == [stages_pb2.EVIDENCE_PHOTO_AFTER]


def test_a_department_is_required_where_neither_rules_nor_catalogue_say_one(desk: Desk, engine: sa.Engine) -> None:
    seat = staff(CENTRE, "grid.incidents.dispatch")
    by_catalogue = field(desk, engine, incident(), seat)
    by_nobody = field(desk, engine, incident(type=TYPES[1].key), seat)
    assert [(each.name, each.required) for each in (by_catalogue, by_nobody)] == [
        ("department", False), ("department", True),
    ]  # fmt: skip


TYPES_SHEET = "standard,kind,category_code,category,code,name,name_en,evidence\n"
RULES_SHEET = "standard,kind,code_prefix,region_prefix,department,hours,reason\n"


def previewed(desk: Desk, evidence: str, department: str) -> list[catalogue_pb2.PreviewedCase]:
    sheets = {
        "incident_types.csv": f"{TYPES_SHEET}GB/T 47678.5-2026,event,06,市容环境,06010,暴露垃圾,,{evidence}\n",
        "dispatch_rules.csv": f"{RULES_SHEET},,06010,,{department},24,\n",
    }
    request = grid_service_pb2.PreviewCatalogueRequest(
        sheets=[catalogue_pb2.CatalogueSheet(name=name, content=text.encode()) for name, text in sheets.items()],
        filed_from=stamp(NOW - DAY),
        filed_until=stamp(NOW + DAY),
    )
    operator = caller(subject=WANG)
    answer = desk.call("PreviewCatalogue", request, grid_service_pb2.PreviewCatalogueResponse, operator)
    assert (list(answer.faults), answer.looked_at) == ([], 2)
    return list(answer.cases)


def test_another_catalogue_is_tried_with_what_past_cases_needed_and_who_chose(desk: Desk, engine: sa.Engine) -> None:
    by_catalogue, by_rule = handled(), handled()
    with engine.begin() as connection:
        dispatches = DispatchStore(connection, KnownRoutings())
        for each, source in ((by_catalogue, Source.CATALOGUE), (by_rule, Source.RULE)):
            IncidentStore(connection).add(each)
            dispatches.keep(each, 1, Decision(DEPARTMENT, source))
    assert previewed(desk, "photo_after", "CGJ") == []
    found = {each.incident_id: each for each in previewed(desk, "photo", "ZJJ")}
    evidence, department = catalogue_pb2.RULING_DIFFERENCE_EVIDENCE, catalogue_pb2.RULING_DIFFERENCE_DEPARTMENT
    assert list(found[str(by_catalogue.id)].differences) == [department, evidence]
    assert list(found[str(by_rule.id)].differences) == [evidence]
    assert list(found[str(by_rule.id)].evidence_missing) == [stages_pb2.EVIDENCE_PHOTO]
