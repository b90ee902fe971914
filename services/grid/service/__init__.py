"""The grid service (网格): incidents from the report to the close."""

from __future__ import annotations

import logging
from uuid import UUID

from egov.grid.v1 import grid_service_pb2 as grid
from egov.identity.v1 import identity_service_pb2
from egov.inspection.v1 import events_pb2 as inspection_events

from services.chassis import logs, metrics
from services.chassis.call import Call, Due
from services.chassis.client import GrpcClient
from services.chassis.config import Config
from services.chassis.entrypoints import BEGINNING, due, every, on
from services.chassis.reads import Reads
from services.chassis.uow import UnitOfWork
from services.grid import usecases
from services.grid.config import GridSettings
from services.grid.service.actions import ActionMethods
from services.grid.service.batches import BatchMethods
from services.grid.service.catalogue import CatalogueMethods
from services.grid.service.dispatching import DispatchMethods
from services.grid.service.ending import EndingMethods
from services.grid.service.incidents import IncidentMethods
from services.grid.service.intake import IntakeMethods
from services.grid.service.outside import OutsideMethods
from services.grid.service.places import PlaceMethods
from services.grid.service.progress import ProgressMethods
from services.grid.service.queues import QueueMethods
from services.grid.service.search import SearchMethods
from services.grid.service.supervising import SupervisingMethods
from services.grid.service.sync import SyncMethods
from services.grid.service.time import TimeMethods
from services.grid.service.work import WorkMethods
from services.grid.wire import inspections

log = logging.getLogger(__name__)

CONSUMER = "inspections"


class GridService(
    IncidentMethods,
    IntakeMethods,
    TimeMethods,
    ProgressMethods,
    OutsideMethods,
    EndingMethods,
    SupervisingMethods,
    ActionMethods,
    BatchMethods,
    SyncMethods,
    QueueMethods,
    SearchMethods,
    PlaceMethods,
    CatalogueMethods,
    DispatchMethods,
    WorkMethods,
):
    """Answers the contract's `GridService`: a class of methods for each noun; here what none of them has for itself."""

    name = "grid"
    contract = grid.DESCRIPTOR.services_by_name["GridService"]
    settings = GridSettings

    uow = UnitOfWork()
    reads = Reads()
    config = Config(GridSettings)
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")

    @on(inspection_events.InspectionOpened, id=CONSUMER, start=BEGINNING)
    def inspection_opened(self, event: inspection_events.InspectionOpened, call: Call) -> None:
        """Its incident is accepted."""
        usecases.begin_inspection(self.uow, self._incidents, inspections.opened_inspection(event), self._limits)

    @on(inspection_events.InspectionClosed, id=CONSUMER, start=BEGINNING)
    def inspection_closed(self, event: inspection_events.InspectionClosed, call: Call) -> None:
        """Its incident is handled."""
        usecases.end_inspection(self.uow, self._incidents, inspections.closed_inspection(event), self._limits)

    @due(usecases.CLOCK)
    def look_at_incident(self, due: Due) -> None:
        """Warns whoever holds it that its time runs out, or tells the next level up that it is over."""
        found = usecases.check_clock(self.uow, self._incidents, self._limits, UUID(due.key), due.at)
        if found is usecases.Finding.CALENDAR_ENDS:
            message = "a deadline waits for the next year's working days: load them"
            logs.event(log, logging.ERROR, message, reason=found.value)

    @due(usecases.DISPATCH)
    def dispatch_incident(self, due: Due) -> None:
        """Sends what was just filed where a rule says that asks nobody."""
        dispatching, limits = self._dispatching, self._limits
        usecases.dispatch_by_itself(self.uow, self._incidents, self._reference, dispatching, UUID(due.key), limits)

    @every(seconds=600)
    def mend_incidents(self) -> bool:
        """Mends one open incident that nobody would look at again, in a transaction of its own; then the next one."""
        mended = usecases.repair_next(self.uow, self._incidents, self._reference, self._limits)
        if mended is not None:
            what, case_number = mended
            logs.event(log, logging.WARNING, "an open incident was mended", reason=what, case_number=case_number)
            metrics.mended(what)
        else:
            self._tell_unheld()
        return mended is not None

    def _tell_unheld(self) -> None:
        """Says how many open incidents nobody answers for and no sweep can mend."""
        left = usecases.left_unheld(self._incidents, self._reference)
        metrics.unmended("UNHELD", left)
        if left:
            logs.event(log, logging.ERROR, "open incidents have no grid centre: load one", reason="UNHELD", count=left)
