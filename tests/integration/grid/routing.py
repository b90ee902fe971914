"""Routing rules as tests import them, and what is asked of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from egov.grid.v1 import (
    incidents_pb2,
    routing_pb2,
)

from services.grid.domain.incidents import Incident
from services.grid.store.incidents import IncidentStore
from services.kernel.ports import Caller
from tests.integration.grid.desk import Desk
from tests.unit.fakes import WANG, caller
from tests.unit.grid.samples import CENTRE, RUBBISH

OPERATOR, SEAT = caller(subject=WANG), caller(subject=WANG, department=CENTRE, region="371102")
CGJ, SCJG = (caller(subject=WANG, department=f"371102-{each}", region="371102") for each in ("CGJ", "SCJG"))


def kept(engine: sa.Engine, *incidents: Incident) -> list[Incident]:
    with engine.begin() as connection:
        for each in incidents:
            IncidentStore(connection).add(each)
    return list(incidents)


COLUMNS = "rule,standard,kind,code_prefix,region_prefix,days,start,end,off_duty,departments,reason\n"
SHARED = COLUMNS + "12,,,06010,371102,,,,,CGJ;SCJG,\n"
CAPACITIES = "department,capacity\nCGJ,20\nSCJG,10\n"


def imported(
    desk: Desk, rules: str = SHARED, capacities: str = CAPACITIES, **said: Any
) -> routing_pb2.ImportRoutingResponse:
    sheets = {"routing_rules.csv": rules, "capacities.csv": capacities}
    sent = [routing_pb2.RoutingSheet(name=name, content=text.encode()) for name, text in sheets.items()]
    request = routing_pb2.ImportRoutingRequest(sheets=sent, **said)
    return desk.call("ImportRouting", request, routing_pb2.ImportRoutingResponse, OPERATOR)


def explained(desk: Desk, of: Incident, by: Caller = SEAT) -> routing_pb2.ExplainDispatchResponse:
    request = routing_pb2.ExplainDispatchRequest(incident_id=str(of.id))
    return desk.call("ExplainDispatch", request, routing_pb2.ExplainDispatchResponse, by)


def planned(desk: Desk, **said: Any) -> routing_pb2.DispatchDecision:
    key = incidents_pb2.IncidentTypeKey(standard=RUBBISH.standard, kind=incidents_pb2.INCIDENT_KIND_EVENT, code="06010")
    request = routing_pb2.PlanDispatchRequest(type=key, region="371102001001", **said)
    return desk.call("PlanDispatch", request, routing_pb2.PlanDispatchResponse, SEAT).planned
