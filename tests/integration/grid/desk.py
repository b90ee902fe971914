"""Grid's service over a PostgreSQL, without its doors: its RPCs as a worker runs them, identity's answers at hand."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from egov.grid.v1 import batches_pb2, grid_service_pb2, incidents_pb2, sync_pb2
from egov.identity.v1 import identity_service_pb2, regions_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.chassis.call import Call, working_on
from services.chassis.contract import methods_of
from services.chassis.database import standalone
from services.chassis.items import Items
from services.chassis.moments import stamp
from services.chassis.reads import Reading
from services.chassis.runtime import Runtime
from services.chassis.transaction import Transaction
from services.chassis.validation import compile_rules
from services.grid.config import GridSettings
from services.grid.service import GridService
from services.kernel.clock import SystemClock
from services.kernel.ids import uuid7
from services.kernel.ports import Caller
from services.kernel.regions import scope_prefix
from tests.unit.fakes import WANG, caller
from tests.unit.grid.samples import GRID, RUBBISH

METHODS = methods_of(grid_service_pb2.DESCRIPTOR.services_by_name["GridService"])
Answer = TypeVar("Answer", bound=Message)


class Books:
    """Who was told what, where the service's own process would write it beside the change."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.audit = self

    def write(self, call: Call, outcome: str) -> None:
        self.outcomes.append((call.idempotency_key or "", outcome))


class Identity:
    """The regions of a city that has every code."""

    def GetRegion(self, request: identity_service_pb2.GetRegionRequest) -> identity_service_pb2.GetRegionResponse:
        return identity_service_pb2.GetRegionResponse(region=regions_pb2.Region(code=request.code))


class Desk:
    """Where calls come in."""

    def __init__(self, engine: sa.Engine) -> None:
        self.books = Books()
        self.identity: Any = Identity()
        self.runtime = Runtime(
            service="grid", settings=cast(Any, SimpleNamespace()), service_settings=None, environment={},
            engine=engine, clock=SystemClock(), tls=cast(Any, None),
        )  # fmt: skip

    def call(self, method: str, request: Message, answer: type[Answer], by: Caller) -> Answer:
        """The RPC's answer; raises what it refuses."""
        call = Call(
            kind="rpc", name=method, caller=by, region=scope_prefix(by.region), method=METHODS[method], request=request,
            idempotency_key=str(uuid7()) if METHODS[method].changing else None,
        )  # fmt: skip
        with working_on(call), Transaction(self.runtime, call) as uow:
            service = GridService()
            service.uow, service.reads = uow, Reading(standalone(self.runtime.engine))
            service.identity, service.config = self.identity, GridSettings()
            service.items = Items(self.runtime, cast(Any, self.books), _rules_of)
            try:
                result: Answer = getattr(service, method)(request, call)
                call.response = result.SerializeToString()
                uow.commit()
            finally:
                service.reads.close()
        return result

    def submit(self, *items: batches_pb2.BatchItem, by: Caller | None = None) -> list[batches_pb2.BatchResult]:
        """The results of a batch."""
        request = batches_pb2.SubmitBatchRequest(items=items)
        answer = self.call("SubmitBatch", request, batches_pb2.SubmitBatchResponse, by or PHONE)
        return list(answer.results)

    def sync(self, by: Caller, **said: Any) -> sync_pb2.SyncIncidentsResponse:
        """What changed."""
        request = sync_pb2.SyncIncidentsRequest(**said)
        return self.call("SyncIncidents", request, sync_pb2.SyncIncidentsResponse, by)


def empty(engine: sa.Engine) -> None:
    """No incidents, and nothing that knows of any."""
    with engine.begin() as connection:
        for table in ("incident", "incident_left", "submitted_item", "dispatch", "department_number", "chassis.due"):
            connection.execute(sa.text(f"DELETE FROM {table}"))


PHONE = caller(subject=WANG)
LAST_WEEK = SystemClock().now() - timedelta(days=7)


def _rules_of(item: Message) -> Any:
    return compile_rules(cast(Descriptor, item.DESCRIPTOR))


def noted(item_id: str = "", code: str = RUBBISH.code, **said: Any) -> batches_pb2.BatchItem:
    """A report that a phone noted down a week ago."""
    key = incidents_pb2.IncidentTypeKey(
        standard=RUBBISH.standard, kind=incidents_pb2.INCIDENT_KIND_EVENT, code=code
    )  # fmt: skip
    report = incidents_pb2.Report(**{"type": key, "region": GRID, "description": "巷口垃圾堆放", **said})
    return batches_pb2.BatchItem(item_id=item_id or str(uuid7()), report=report, captured_at=stamp(LAST_WEEK))
