"""Dispatch by routing rules, as a change of state and event."""

from __future__ import annotations

from dataclasses import replace

import pytest
from egov.grid.v1 import events_pb2

from services.chassis.call import SYSTEM
from services.grid import usecases
from services.grid.domain.reports import Source
from services.grid.domain.routing import RoutingRule
from services.grid.domain.standing import Which
from services.grid.domain.states import IncidentState
from services.kernel.errors import Refusal
from services.kernel.regions import Region
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import NOW, FakeUnitOfWork
from tests.unit.grid import samples
from tests.unit.grid.acting import OFFICER, SEAT, dispatch, file, keep
from tests.unit.grid.samples import (
    CENTRE,
    GRID,
    LIMITS,
    FakeDispatching,
    FakeIncidents,
    FakeReference,
    report,
)

TO_EITHER = RoutingRule(5, "", "", "", "", ("HBJ", "ZJJ"))


def test_a_dispatch_by_a_routing_rule_keeps_the_catalogues_limit_and_says_why() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    filed, dispatching = file(uow, incidents, FakeReference()), FakeDispatching(TO_EITHER)
    sent = dispatch(uow, incidents, filed, dispatching=dispatching)
    assert (sent.department, sent.handle_within) == ("371102-HBJ", Limit(24))
    assert sent.dispatch_reason.startswith("规则 5：任何事件；2 个部门中 371102-HBJ 负荷最低")
    assert dispatching.waited_for == ["371102-HBJ", "371102-ZJJ"]
    [(kept, version, decision)] = dispatching.kept
    assert (kept, version, decision.rules) == (sent, 1, (5,))


def test_the_event_of_a_dispatch_names_the_rule_that_decided_and_none_where_a_person_did() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    sent = dispatch(uow, incidents, file(uow, incidents, FakeReference()), dispatching=FakeDispatching(TO_EITHER))
    dispatch(uow, incidents, sent, named="371102-YJJ", dispatching=FakeDispatching(TO_EITHER))
    told = [each for each in uow.events if isinstance(each, events_pb2.IncidentDispatched)]
    assert [(each.rule, each.routing_version) for each in told] == [(5, 1), (0, 0)]


def test_who_may_not_dispatch_makes_nobody_wait() -> None:
    incidents, dispatching = FakeIncidents(), FakeDispatching(TO_EITHER)
    filed = keep(incidents, samples.incident())
    with pytest.raises(Refusal) as refused:
        dispatch(FakeUnitOfWork(caller=OFFICER), incidents, filed, dispatching=dispatching)
    assert (refused.value.reason, dispatching.waited_for, dispatching.kept) == ("NOT_THE_HOLDER", [], [])


def test_after_a_return_the_rule_gives_it_to_the_other_one() -> None:
    uow, incidents, dispatching = FakeUnitOfWork(caller=SEAT), FakeIncidents(), FakeDispatching(TO_EITHER)
    filed = keep(incidents, replace(samples.incident(), returned_by="371102-HBJ", returns=1))
    assert dispatch(uow, incidents, filed, dispatching=dispatching).department == "371102-ZJJ"


def test_an_automatic_rule_sends_what_was_filed_without_anybody_asking() -> None:
    by_itself = FakeDispatching(replace(TO_EITHER, automatic=True))
    uow, incidents, said = FakeUnitOfWork(caller=SEAT), FakeIncidents(), report()
    filed = usecases.file_incident(uow, incidents, FakeReference(), said, Region(GRID), "3711", LIMITS, by_itself)
    assert uow.dues[usecases.DISPATCH, str(filed.id)] == NOW
    time = FakeUnitOfWork(caller=SYSTEM)
    for _ in range(2):
        usecases.dispatch_by_itself(time, incidents, FakeReference(), by_itself, filed.id, LIMITS)
    sent = incidents.rows[filed.id]
    assert (sent.version, sent.state, sent.department) == (2, IncidentState.DISPATCHED, "371102-HBJ")
    assert len(time.events) == len(by_itself.kept) == 1


def test_what_is_checked_first_is_sent_by_such_a_rule_once_it_is_filed() -> None:
    by_itself = FakeDispatching(replace(TO_EITHER, automatic=True))
    uow, incidents, said = FakeUnitOfWork(caller=SEAT), FakeIncidents(), report(source=Source.HOTLINE)
    incident = usecases.file_incident(uow, incidents, FakeReference(), said, Region(GRID), "3711", LIMITS, by_itself)
    assert (usecases.DISPATCH, str(incident.id)) not in uow.dues
    usecases.check_report(
        uow, incidents, Which(incident.id, "3711", 1), found=True, remark="", proofs=(), limits=LIMITS
    )
    usecases.file_report(
        uow, incidents, Which(incident.id, "3711", 2), LIMITS, usecases.Rules(by_itself, FakeReference())
    )
    assert uow.dues[usecases.DISPATCH, str(incident.id)] == NOW
    usecases.dispatch_by_itself(
        FakeUnitOfWork(caller=SYSTEM), incidents, FakeReference(), by_itself, incident.id, LIMITS
    )
    assert incidents.rows[incident.id].department == "371102-HBJ"


def test_what_no_automatic_rule_decides_stays_with_the_centre() -> None:
    uow, incidents, said = FakeUnitOfWork(caller=SEAT), FakeIncidents(), report()
    asked, tie = FakeDispatching(TO_EITHER), replace(TO_EITHER, number=6, departments=("GAJ",), automatic=True)
    filed = usecases.file_incident(uow, incidents, FakeReference(), said, Region(GRID), "3711", LIMITS, asked)
    assert (usecases.DISPATCH, str(filed.id)) not in uow.dues
    for rules in (asked, FakeDispatching(TO_EITHER, tie)):
        usecases.dispatch_by_itself(FakeUnitOfWork(caller=SYSTEM), incidents, FakeReference(), rules, filed.id, LIMITS)
        assert (incidents.rows[filed.id].state, incidents.rows[filed.id].holder) == (IncidentState.FILED, CENTRE)


def test_an_automatic_rule_for_a_department_that_is_gone_leaves_it_with_the_centre() -> None:
    uow, incidents = FakeUnitOfWork(caller=SEAT), FakeIncidents()
    rules = FakeDispatching(replace(TO_EITHER, automatic=True))
    gone = replace(LIMITS, is_department=lambda code: code == CENTRE)
    filed = usecases.file_incident(uow, incidents, FakeReference(), report(), Region(GRID), "3711", gone, rules)
    usecases.dispatch_by_itself(FakeUnitOfWork(caller=SYSTEM), incidents, FakeReference(), rules, filed.id, gone)
    assert (incidents.rows[filed.id].state, incidents.rows[filed.id].holder) == (IncidentState.FILED, CENTRE)
