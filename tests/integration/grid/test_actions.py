"""What a caller is told to say with an action, by the catalogue and the rules over a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from egov.grid.v1 import actions_pb2, stages_pb2

from services.grid.domain.catalogue import BEGINNING, Catalogue
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.incidents import IncidentStore
from services.kernel.ports import Caller
from tests.integration.grid.desk import Desk
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid.samples import CENTRE, DEPARTMENT, TYPES, accepted, incident, rule

CATALOGUE = Catalogue((replace(TYPES[0], evidence=(Evidence.PHOTO_AFTER,)),), (rule(code_prefix="06010"),))
TABLES = ("catalogue_type", "catalogue_rule", "catalogue", "incident_type", "dispatch_rule")


@pytest.fixture
def desk(engine: sa.Engine) -> Iterator[Desk]:
    with engine.begin() as connection:
        CatalogueStore(connection).add(CATALOGUE, CATALOGUE.digest, BEGINNING, NOW)
    yield Desk(engine)
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(sa.text(f"DELETE FROM {table}"))


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
