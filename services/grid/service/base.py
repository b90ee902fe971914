"""What the methods of every noun have of the service class."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from egov.grid.v1 import incidents_pb2

from services.chassis.call import Call
from services.chassis.reads import Reading
from services.chassis.transaction import Transaction
from services.grid import usecases
from services.grid.config import GridSettings
from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Report, placed, sourced
from services.grid.geometry.keeping import KeptNet, NetKeeper
from services.grid.store.calendars import KnownCalendars
from services.grid.store.dispatching import DispatchStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.net import NetStore
from services.grid.store.numbers import NumberStore
from services.grid.store.reference import ReferenceStore
from services.grid.store.routing import KnownRoutings
from services.grid.wire import messages
from services.kernel.parties import Party
from services.kernel.worktime.calendars import Calendar
from services.kernel.worktime.terms import Limit

CALENDARS = KnownCalendars()
NET = NetKeeper()
ROUTINGS = KnownRoutings()


class Methods:
    """A part of the service class, which declares what it depends on."""

    uow: Transaction
    reads: Reading
    config: GridSettings
    identity: Any

    @property
    def _incidents(self) -> IncidentStore:
        return IncidentStore(self.uow.connection)

    @property
    def _reference(self) -> ReferenceStore:
        return ReferenceStore(self.uow.connection)

    @property
    def _dispatching(self) -> DispatchStore:
        return DispatchStore(self.uow.connection, ROUTINGS)

    @property
    def _rules(self) -> usecases.Rules:
        return usecases.Rules(self._dispatching, self._reference)

    @property
    def _numbers(self) -> NumberStore:
        return NumberStore(self.uow.connection)

    @property
    def _net(self) -> KeptNet:
        return KeptNet(NET, NetStore(self.reads))

    @property
    def _limits(self) -> Limits:
        """How long each step may take, as the settings say."""
        return Limits(
            check=self.config.check_limit or Limit(self.config.check_within_hours),
            file=self.config.file_limit or Limit(self.config.file_within_hours),
            dispatch=self.config.dispatch_limit or Limit(self.config.dispatch_within_hours),
            accept=self.config.accept_limit or Limit(self.config.accept_within_hours),
            handle=self.config.handle_limit or Limit(self.config.handle_within_hours),
            decide=self.config.decide_limit or Limit(self.config.decide_within_hours),
            verify=self.config.verify_limit or Limit(self.config.verify_within_hours),
            close=self.config.close_limit or Limit(self.config.close_within_hours),
            calendar_of=cache(self._calendar_of),
            centre_of=cache(self._centre_of),
            is_department=cache(self._is_department),
            escalate=timedelta(hours=self.config.escalate_every_hours),
            reopen=timedelta(days=self.config.reopen_days),
        )

    def _plans(self, incidents: Iterable[Incident]) -> dict[UUID, tuple[int, Decision]]:
        """What the rules say now of those incidents that can be dispatched by rules."""
        asked = [each for each in incidents if each.by_rules]
        rules = self._reference.rules_for_each(
            [(each.report.type, each.report.region, each.filed_at) for each in asked]
        )
        waiting = [(usecases.case_of(each), said) for each, said in zip(asked, rules, strict=True)]
        version, planned = usecases.plan(self._dispatching, waiting, self._limits, self.uow.now())
        return {each.id: (version, decision) for each, decision in zip(asked, planned, strict=True)}

    def _show_numbers(self, incidents: Collection[incidents_pb2.Incident], call: Call) -> None:
        """Departments are shown under which numbers departments keep incidents."""
        if not call.caller.department or not incidents:
            return
        numbers = self._numbers.of([UUID(each.incident_id) for each in incidents])
        for each in incidents:
            said = numbers.get(UUID(each.incident_id), ())
            each.department_numbers.extend(incidents_pb2.DepartmentNumber(**number._asdict()) for number in said)

    def _shown_with_numbers(self, incident: Incident, call: Call) -> incidents_pb2.Incident:
        """An incident as this caller may see it, with the numbers under which departments keep it."""
        message = shown(incident, call)
        self._show_numbers([message], call)
        return message

    def _calendar_of(self, department: str) -> Calendar:
        return CALENDARS.now(self.uow.connection).of(department)

    def _centre_of(self, region: str) -> str:
        return self._reference.centre_of(region) or ""

    def _is_department(self, code: str) -> bool:
        return self._reference.is_department(code)

    def _placed(self, report: Report) -> Report:
        """The report with the grid of its position, and with its source where the city decides on that."""
        found = placed(report, self._net)
        if self.config.check_unsaid:
            found = sourced(found, self.uow.caller)
        self.reads.close()  # A call never holds two connections: all of them could, and wait for one more.
        return found


def shown(incident: Incident, call: Call) -> incidents_pb2.Incident:
    """An incident as this caller may see it."""
    return messages.incident_message(incident, call.caller.department, Party(*call.caller.party))
