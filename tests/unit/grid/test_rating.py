"""What whoever reported it thinks of the outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from egov.grid.v1 import events_pb2, incidents_pb2

from services.grid import usecases
from services.grid.domain import ending
from services.grid.domain.standing import Which
from services.grid.domain.states import Command, IncidentState, Satisfaction
from services.grid.wire.telling import event_of
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, FakeUnitOfWork
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import LIMITS
from tests.unit.grid.test_merging import kept


def test_whoever_reported_it_rates_it_once() -> None:
    closed = samples.closed()
    incidents, uow = kept(closed), FakeUnitOfWork()
    usecases.rate_incident(uow, incidents, Which(closed.id, "37", closed.version), Satisfaction.NEUTRAL, LIMITS)
    rated = incidents.rows[closed.id]
    assert (rated.state, rated.satisfaction) == (IncidentState.CLOSED, Satisfaction.NEUTRAL)
    [event] = uow.events
    assert isinstance(event, events_pb2.IncidentRated)
    assert event.satisfaction == incidents_pb2.SATISFACTION_NEUTRAL
    with pytest.raises(Refusal) as refused:
        steps.rate(rated)
    assert refused.value.reason == "RATED_ALREADY"
    reopened = steps.DO[Command.REOPEN](rated)
    assert reopened.satisfaction is Satisfaction.NEUTRAL, "it is asked once, not once per close"


def test_who_has_rated_it_is_not_asked_again_when_it_is_closed_again() -> None:
    first, reopened = samples.closed(), steps.DO[Command.REOPEN](steps.rate(samples.closed()))
    again = steps.close(steps.verify(samples.handled(steps.accept(steps.dispatch(reopened)))))
    for before, closed, rated in ((samples.verified(), first, False), (reopened, again, True)):
        event = event_of(before, closed, NOW)
        assert isinstance(event, events_pb2.IncidentClosed)
        assert event.rated is rated


def test_it_is_rated_as_long_as_it_could_be_reopened() -> None:
    closed = samples.closed()
    for at, reason in ((NOW + LIMITS.reopen, ""), (NOW + LIMITS.reopen + timedelta(seconds=1), "RATE_TOO_LATE")):
        try:
            ending.rate(
                closed, Satisfaction.SATISFIED, seen=closed.version, by=samples.REPORTER, limits=LIMITS, now=at
            )  # fmt: skip
            found = ""
        except Refusal as refusal:
            found = refusal.reason
        assert found == reason
