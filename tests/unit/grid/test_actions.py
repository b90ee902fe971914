"""What an app is told that its caller may do now."""

from __future__ import annotations

from dataclasses import replace

from egov.grid.v1 import actions_pb2

from services.grid.domain.actions import actions_of
from services.grid.domain.incidents import Incident
from services.grid.wire.actions import actions_message, open_to
from services.kernel.parties import Party
from services.kernel.ports import Caller
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS

SEAT = frozenset({"grid.incidents.dispatch", "grid.incidents.verify", "grid.incidents.close"})
HANDLE = frozenset({"grid.incidents.handle"})


def staff(department: str, scopes: frozenset[str]) -> Caller:
    return replace(caller(subject=WANG, department=department), scopes=scopes)


def told(incident: Incident, who: Caller) -> list[actions_pb2.Action]:
    actions = actions_of(incident, open_to(who), who.department, Party(*who.party), LIMITS, NOW)
    answer = actions_message(incident, actions, NOW)
    assert answer.version == incident.version
    return list(answer.actions)


def commands(incident: Incident, who: Caller) -> list[str]:
    return [each.command for each in told(incident, who)]


def test_whoever_holds_it_is_told_what_they_may_do_and_nobody_else() -> None:
    at_work, officer, seat = samples.accepted(), staff(DEPARTMENT, HANDLE), staff(CENTRE, SEAT)
    assert commands(at_work, officer) == ["HANDLE", "RETURN", "ASK_EXTENSION", "ASK_HOLD", "SEND_OUTSIDE"]
    assert commands(at_work, seat) == []
    assert commands(at_work, staff("371102-SCJG", HANDLE)) == []
    assert commands(samples.incident(), seat) == ["DISPATCH", "DISMISS", "MERGE", "VOID"]


def test_what_was_asked_for_is_decided_by_the_centre() -> None:
    asked = steps.ask_hold(samples.accepted())
    assert commands(asked, staff(CENTRE, SEAT)) == ["GRANT_HOLD", "REFUSE_TIME"]
    assert commands(asked, staff(DEPARTMENT, HANDLE)) == ["HANDLE", "RETURN", "SEND_OUTSIDE"]


def test_a_second_return_is_called_what_it_is_and_a_bound_one_is_not_offered() -> None:
    officer, again = staff("371102-HBJ", HANDLE), steps.dispatch(steps.give_back(samples.dispatched()))
    assert commands(again, replace(officer, department=again.department)) == ["ACCEPT", "REFER"]
    bound = steps.dispatch(steps.give_back(again))
    assert commands(bound, replace(officer, department=bound.department)) == ["ACCEPT"]


def test_a_method_that_the_caller_may_not_call_is_not_offered() -> None:
    assert commands(samples.accepted(), staff(DEPARTMENT, SEAT)) == []
    assert commands(samples.accepted(), replace(staff(DEPARTMENT, HANDLE), level=1)) == []


def test_whoever_reported_it_may_reopen_and_rate_it_once() -> None:
    citizen = replace(caller(), scopes=frozenset({"grid.incidents.file"}))
    assert commands(samples.closed(), citizen) == ["REOPEN", "RATE"]
    assert commands(steps.rate(samples.closed()), citizen) == ["REOPEN"]
    assert commands(samples.accepted(), citizen) == []


def test_an_action_says_how_it_is_called_in_both_languages_and_what_it_needs() -> None:
    [accept, refuse] = told(samples.dispatched(), staff(DEPARTMENT, HANDLE))
    assert (accept.method, accept.label.zh_cn, accept.label.en) == ("AcceptIncident", "接单", "Accept")
    [reason] = refuse.fields
    assert (reason.name, reason.required, reason.label.zh_cn) == ("reason", True, "理由")
    assert list(reason.choices) == [
        "RETURN_REASON_NOT_OUR_DUTY", "RETURN_REASON_ELSEWHERE", "RETURN_REASON_UNCLEAR",
    ]  # fmt: skip


def test_what_makes_an_action_what_it_is_stands_fast() -> None:
    verify, rework = told(samples.handled(), staff(CENTRE, SEAT))
    assert [(each.name, each.value) for each in (*verify.fixed, *rework.fixed)] == [
        ("passed", "true"), ("passed", "false"),
    ]  # fmt: skip
    close, dismiss = told(samples.verified(), staff(CENTRE, SEAT))
    assert ([each.name for each in close.fields], close.fixed[0].value) == (["reply"], '"CLOSING_OUTCOME_HANDLED"')
    assert [each.name for each in dismiss.fields] == ["outcome", "reason", "reply"]
    assert "CLOSING_OUTCOME_HANDLED" not in dismiss.fields[0].choices
