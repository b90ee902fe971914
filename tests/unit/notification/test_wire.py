"""The occasions that notification makes of other services' events, and the notices that it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from egov.certificates.v1 import certificates_pb2
from egov.grid.v1 import events_pb2 as grid_events
from egov.grid.v1 import incidents_pb2, outside_bodies_pb2
from egov.notification.v1 import notices_pb2
from google.protobuf.message import Message

from services.grid.domain import holding
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.states import ClosingOutcome, Command, ReturnReason
from services.grid.domain.transitions import TRANSITIONS
from services.grid.wire import events, intake
from services.grid.wire.telling import CALENDAR, event_of
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.notification.domain.notices import EmailState, Reporter, notices_of
from services.notification.service import NotificationService
from services.notification.wire import certificates, codes, incident_changes, incidents, inspections
from tests.unit.fakes import NOW
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS
from tests.unit.notification.addressed import addressed, demand_texts
from tests.unit.notification.samples import WORDINGS

LATER = NOW + timedelta(days=9)
FILED = samples.incident(reference="SSP-1")
DISPATCHED = samples.dispatched(FILED)
HANDLED = samples.handled(samples.accepted(DISPATCHED))
CLOSED = samples.closed(samples.verified(HANDLED))
RETURNED = DISPATCHED.give_back(ReturnReason.UNCLEAR, seen=2, by=DEPARTMENT, limits=LIMITS, now=NOW)
REWORK = HANDLED.verify(passed=False, seen=4, by=CENTRE, limits=LIMITS, now=NOW)
DISMISSED = FILED.close(ClosingOutcome.DUPLICATE, seen=1, by=CENTRE, limits=LIMITS, now=NOW, reason="重复")
TOLD = DISPATCHED.escalate(limits=LIMITS, now=LATER)

# What each event of grid is told, to whom besides the reporter; the events are made by grid's own code.
INCIDENTS: list[tuple[Message, str, dict[str, str]]] = [
    (events.incident_filed(FILED, NOW), "incident-filed", {"department": CENTRE}),
    (events.incident_dispatched(FILED, DISPATCHED), "incident-dispatched", {"department": DEPARTMENT}),
    (events.incident_accepted(samples.accepted(DISPATCHED)), "incident-accepted", {"centre": CENTRE}),
    (events.incident_returned(RETURNED, NOW), "incident-returned", {"centre": CENTRE}),
    (events.incident_handled(HANDLED), "incident-handled", {"centre": CENTRE}),
    (events.incident_verified(samples.verified(HANDLED)), "incident-verified", {"department": DEPARTMENT}),
    (events.rework_ordered(REWORK, NOW), "incident-rework", {"department": DEPARTMENT}),
    (events.incident_closed(CLOSED), "incident-closed", {"department": DEPARTMENT}),
    (events.incident_closed(DISMISSED), "incident-dismissed", {}),
    (events.incident_reopened(FILED, NOW), "incident-reopened", {"centre": CENTRE}),
    (
        events.incident_escalated(DISPATCHED, TOLD, LATER),
        "incident-escalated",
        {"department": DEPARTMENT, "supervisor": CENTRE},
    ),
]


@pytest.mark.parametrize(("event", "wording", "others"), INCIDENTS, ids=[each[1] for each in INCIDENTS])
def test_whom_each_event_of_grid_concerns(event: Message, wording: str, others: dict[str, str]) -> None:
    said = incidents.occasion(event, str(uuid7()))
    assert (said.wording, said.case_number, said.tell_reporter) == (wording, FILED.case_number, False)
    assert addressed(said) == {"reporter": "rizhao-ssp", **others}
    assert said.addressees[0].reference == "SSP-1"
    assert incidents.reporter(event) == Reporter(Party("client", "rizhao-ssp"), "SSP-1")
    demand_texts(said)


def test_the_department_from_which_it_was_taken_is_told() -> None:
    at_work = samples.accepted(DISPATCHED)
    event = events.incident_dispatched(at_work, steps.dispatch(at_work))
    said = incidents.occasion(event, str(uuid7()))
    assert addressed(said) == {"reporter": "rizhao-ssp", "department": "371102-HBJ", "former": DEPARTMENT}
    demand_texts(said)


def test_who_has_rated_it_is_not_asked_again() -> None:
    for rated in (False, True):
        for closed in (CLOSED, FOLLOWED):
            event = events.incident_closed(closed)
            event.rated = rated
            said = incidents.occasion(event, str(uuid7()))
            [notice, *_] = notices_of(said, WORDINGS[said.wording], NOW)
            asked = [("评价" in text.body or "satisfied" in text.body) for text in notice.texts]
            assert asked == [not rated, not rated]


def test_reminders_are_for_those_who_can_act() -> None:
    at_the_top = replace(TOLD, level=Level.CITY)
    reminded = at_the_top.escalate(limits=LIMITS, now=LATER + LIMITS.escalate)
    event = events.incident_escalated(at_the_top, reminded, LATER)
    said = incidents.occasion(event, str(uuid7()))
    assert (event.reminder, said.wording) == (True, "incident-reminded")
    assert addressed(said) == {"department": DEPARTMENT, "supervisor": "371100-ZHZX"}
    demand_texts(said)


def test_whoever_holds_it_is_warned_that_its_time_runs_out() -> None:
    said = incidents.occasion(events.incident_due_soon(DISPATCHED, uuid7(), NOW), str(uuid7()))
    assert (said.wording, addressed(said)) == ("incident-due-soon", {"department": DEPARTMENT})
    demand_texts(said)


def test_every_code_of_grid_is_put_into_words() -> None:
    for name, fact, codes_of in (
        ("incident-returned", "reason", incidents_pb2.ReturnReason),
        ("incident-handled", "outcome", incidents_pb2.HandlingOutcome),
        ("incident-closed", "outcome", incidents_pb2.ClosingOutcome),
        ("incident-referred", "reason", incidents_pb2.ReturnReason),
        ("incident-rated", "satisfaction", incidents_pb2.Satisfaction),
        ("incident-closed-with-main", "outcome", incidents_pb2.ClosingOutcome),
        ("incident-declined", "outcome", incidents_pb2.DeclineKind),
        ("incident-outside-answered", "outcome", outside_bodies_pb2.OutsideAnswer),
    ):
        prefix = codes_of.keys()[0].removesuffix("UNSPECIFIED")
        known = {value.removeprefix(prefix) for value in codes_of.keys()} - {"UNSPECIFIED"}
        for language in ("zh-CN", "en"):
            assert set(WORDINGS[name].words[fact, language]) == known


WORK = samples.accepted(DISPATCHED)
HELD = steps.grant(steps.ask_hold(WORK))
UNDECIDED = holding.chase(steps.ask_hold(WORK), limits=LIMITS, now=NOW + timedelta(hours=20))
EXTENDED = steps.grant(steps.ask_extension(WORK))
REFERRED = steps.give_back(steps.dispatch(RETURNED))
MERGED, VOIDED, RATED = steps.merge(FILED), steps.void(DISPATCHED), steps.rate(CLOSED)
SPLIT, RESUMED = steps.DO[Command.SPLIT](MERGED), steps.DO[Command.RESUME](HELD)
ORDERED = steps.supervise(WORK, "371100-ZHZX")
STAGED = steps.accept(steps.dispatch(FILED))
REPORTED, SENT, FOLLOWED = steps.reported(), steps.send_outside(WORK), steps.DO[Command.FOLLOW](MERGED)
OF_REPORTER = {"reporter": "rizhao-ssp"}
OF_BOTH = {**OF_REPORTER, "department": DEPARTMENT}
# The steps beside the plain way: from, to, and what is told to whom.
CHANGES = [
    (DISPATCHED, REFERRED, "incident-referred", {**OF_REPORTER, "coordinator": CENTRE, "centre": CENTRE}),
    (WORK, steps.ask_hold(WORK), "incident-hold-asked", {"centre": CENTRE}),
    (WORK, steps.ask_extension(WORK), "incident-extension-asked", {"centre": CENTRE}),
    (steps.ask_hold(WORK), steps.refuse(steps.ask_hold(WORK)), "incident-time-refused", {"department": DEPARTMENT}),
    (steps.ask_hold(WORK), HELD, "incident-held", OF_BOTH),
    (steps.ask_hold(WORK), UNDECIDED, "incident-decision-soon", {"centre": CENTRE}),
    (HELD, RESUMED, "incident-resumed", OF_BOTH),
    (steps.ask_extension(WORK), EXTENDED, "incident-extended", OF_BOTH),
    (FILED, MERGED, "incident-merged", OF_REPORTER),
    (DISPATCHED, steps.merge(DISPATCHED), "incident-merged", OF_BOTH),
    (MERGED, SPLIT, "incident-split", {**OF_REPORTER, "centre": CENTRE}),
    (steps.merge(REPORTED), steps.split(steps.merge(REPORTED)), "incident-split", {**OF_REPORTER, "centre": CENTRE}),
    (DISPATCHED, VOIDED, "incident-voided", OF_BOTH),
    (FILED, steps.void(FILED), "incident-voided", OF_REPORTER),
    (CLOSED, RATED, "incident-rated", {"centre": CENTRE}),
    (STAGED, steps.progress(STAGED), "incident-progressed", {"centre": CENTRE}),
    (REPORTED, steps.check(REPORTED), "incident-checked", {"centre": CENTRE}),
    (REPORTED, steps.decline(REPORTED), "incident-declined", OF_REPORTER),
    (WORK, SENT, "incident-sent-outside", {**OF_REPORTER, "centre": CENTRE}),
    (SENT, steps.answered(SENT), "incident-outside-answered", {"centre": CENTRE}),
    (HELD, steps.end_hold(HELD), "incident-hold-ended", OF_BOTH),
    (FOLLOWED, steps.DO[Command.REJOIN](FOLLOWED), "incident-rejoined", OF_REPORTER),
    (WORK, ORDERED, "incident-supervised", {"department": DEPARTMENT, "centre": CENTRE}),
    (WORK, steps.supervise(WORK), "incident-supervised", {"department": DEPARTMENT}),
    (
        ORDERED, steps.DO[Command.REMIND](ORDERED), "incident-supervision-missed",
        {"supervisor": "371100-ZHZX", "department": DEPARTMENT},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wording", "told"), CHANGES, ids=[each[2] for each in CHANGES])
def test_whom_a_step_beside_the_plain_way_concerns(
    before: Incident, after: Incident, wording: str, told: dict[str, str]
) -> None:
    said = incident_changes.occasion(event_of(before, after, NOW), str(uuid7()))
    assert (said.wording, said.case_number, addressed(said)) == (wording, after.case_number, told)
    for notice in notices_of(said, WORDINGS[said.wording], NOW):
        assert not any("$" in text.subject + text.body or "UNSPECIFIED" in text.body for text in notice.texts)


def test_what_is_checked_first_and_what_ends_with_its_main_incident_is_told_as_that() -> None:
    for event, wording, told in (
        (intake.incident_reported(REPORTED, NOW), "incident-reported", {**OF_REPORTER, "centre": CENTRE}),
        (events.incident_closed(FOLLOWED), "incident-closed-with-main", OF_REPORTER),
    ):
        said = incidents.occasion(event, str(uuid7()))
        assert (said.wording, addressed(said)) == (wording, told)
        demand_texts(said)


def test_of_a_decision_that_is_late_the_level_above_is_told() -> None:
    late_at = NOW + timedelta(hours=24)
    late = holding.chase(UNDECIDED, limits=LIMITS, now=late_at)
    said = incident_changes.occasion(event_of(UNDECIDED, late, late_at), str(uuid7()))
    assert (said.wording, addressed(said)) == (
        "incident-decision-late",
        {"centre": CENTRE, "supervisor": "371100-ZHZX"},
    )
    demand_texts(said)


def test_of_a_calendar_that_moved_a_deadline_nobody_is_told() -> None:
    said = incident_changes.occasion(events.deadline_moved(DISPATCHED, DISPATCHED, CALENDAR, NOW), str(uuid7()))
    assert notices_of(said, WORDINGS[said.wording], NOW) == ()


def test_whoever_was_told_of_a_delay_hears_when_the_calendar_makes_it_none() -> None:
    not_late = replace(DISPATCHED, supervisor=TOLD.supervisor)
    said = incident_changes.occasion(events.deadline_moved(TOLD, not_late, CALENDAR, NOW), str(uuid7()))
    assert (said.wording, addressed(said)) == (
        "incident-not-late",
        {"supervisor": TOLD.supervisor, "department": DEPARTMENT},
    )
    demand_texts(said)


def test_every_state_that_can_be_late_is_put_into_words() -> None:
    late = {state.value for (state, command) in TRANSITIONS if command is Command.ESCALATE}
    for name in ("incident-escalated", "incident-reminded", "incident-due-soon"):
        assert set(WORDINGS[name].words["state", "en"]) == late


def test_every_event_that_is_taken_means_something() -> None:
    taken = {
        entrypoint.kind.message
        for name in ("incident_moved", "incident_due_soon", "inspection_moved", "certificate_moved")
        for entrypoint in getattr(NotificationService, name).nameko_entrypoints
    }
    assert taken == {*incidents.OCCASIONS, *inspections.OCCASIONS, *certificates.OCCASIONS}


def test_an_event_of_the_release_before_is_understood() -> None:
    old = grid_events.IncidentFiled.FromString(events.incident_filed(FILED, NOW).SerializeToString())
    old.ClearField("dispatch_by")
    assert addressed(incidents.occasion(old, str(uuid7()))) == {"reporter": "rizhao-ssp", "department": CENTRE}


def test_everything_that_the_contract_enumerates_is_known() -> None:
    assert {state.name for state in EmailState} == {
        name.removeprefix("EMAIL_STATE_") for name in notices_pb2.EmailState.keys() if not name.endswith("UNSPECIFIED")
    }
    assert set(codes.RESULTS.values()) == set(notices_pb2.AttemptResult.values()) - {0}
    assert set(incidents.KINDS) == set(incidents_pb2.IncidentKind.values()) - {0}
    assert set(certificates.HOLDERS) == set(certificates_pb2.HolderKind.values()) - {0}
