"""What an app is told that its caller may do now."""

from __future__ import annotations

from dataclasses import replace

from egov.grid.v1 import stages_pb2
from egov.grid.v1.actions_pb2 import Action

from services.grid.domain.actions import Asked, actions_of, needing
from services.grid.domain.decisions import Decision, Undecided
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence
from services.grid.wire.actions import actions_message, open_to
from services.kernel.parties import Party
from services.kernel.ports import Caller
from tests.unit.fakes import NOW, WANG, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS

SEAT = frozenset({"grid.incidents.dispatch", "grid.incidents.verify", "grid.incidents.close"})
HANDLE = frozenset({"grid.incidents.handle"})
BY_RULE = Decision(DEPARTMENT)


def staff(department: str, scopes: frozenset[str]) -> Caller:
    return replace(caller(subject=WANG, department=department), scopes=scopes)


def told(incident: Incident, who: Caller, *demanded: Evidence, decision: Decision = BY_RULE) -> list[Action]:
    actions = actions_of(incident, open_to(who), who.department, Party(*who.party), LIMITS, NOW)
    asked = Asked(lambda: demanded, lambda: decision)
    answer = actions_message(incident, [needing(each, incident, asked, NOW) for each in actions], NOW)
    assert answer.version == incident.version
    return list(answer.actions)


def commands(incident: Incident, who: Caller) -> list[str]:
    return [each.command for each in told(incident, who)]


def test_whoever_holds_it_is_told_what_they_may_do_and_nobody_else() -> None:
    at_work, officer, seat = samples.accepted(), staff(DEPARTMENT, HANDLE), staff(CENTRE, SEAT)
    assert commands(at_work, officer) == ["HANDLE", "RETURN", "ASK_EXTENSION", "ASK_HOLD", "SEND_OUTSIDE"]
    assert commands(at_work, seat) == ["DISPATCH", "MERGE"]
    assert commands(at_work, staff("371102-SCJG", HANDLE)) == []
    assert commands(samples.incident(), seat) == ["DISPATCH", "DISMISS", "MERGE", "VOID"]


def test_what_was_asked_for_is_decided_by_the_centre() -> None:
    asked = steps.ask_hold(samples.accepted())
    assert commands(asked, staff(CENTRE, SEAT)) == ["DISPATCH", "GRANT_HOLD", "REFUSE_TIME", "MERGE"]
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


def test_evidence_that_the_catalogue_demands_is_required_by_kind_until_it_is_there() -> None:
    officer = staff(DEPARTMENT, HANDLE)
    [evidence] = told(samples.accepted(), officer, Evidence.PHOTO, Evidence.PHOTO_AFTER)[0].fields
    assert (evidence.name, evidence.required) == ("evidence", True)
    assert [(each.kind, each.label.zh_cn, each.label.en) for each in evidence.evidence] == [
        (stages_pb2.EVIDENCE_PHOTO, "上报照片", "Picture of what was reported"),
        (stages_pb2.EVIDENCE_PHOTO_AFTER, "处置后照片", "Picture once it is handled"),
    ]
    there = samples.accepted(samples.dispatched(evidence=(samples.proof(Evidence.PHOTO),)))
    [evidence] = told(there, officer, Evidence.PHOTO)[0].fields
    assert (evidence.required, list(evidence.evidence)) == (False, [])


def test_a_check_on_site_and_a_rework_order_need_no_evidence() -> None:
    worker = staff(CENTRE, frozenset({"grid.incidents.file"}))
    check, deny = told(steps.reported(), worker, Evidence.PHOTO)
    assert [each.name for each in check.fields if each.required] == []
    assert [each.name for each in deny.fields if each.required] == ["remark"]
    verify, rework = told(samples.handled(), staff(CENTRE, SEAT), Evidence.PHOTO)
    assert ([each.required for each in verify.fields], list(rework.fields)) == ([True], [])


def test_a_department_is_to_be_named_where_the_rules_say_none_or_the_one_that_has_it() -> None:
    open_ = Decision.left_to_a_person(Undecided.NO_RULE, (), "")
    cases = ((samples.incident(), BY_RULE), (samples.incident(), open_), (samples.dispatched(), BY_RULE))
    named = [told(incident, staff(CENTRE, SEAT), decision=decision)[0].fields[0] for incident, decision in cases]
    assert [(each.name, each.required) for each in named] == [
        ("department", False), ("department", True), ("department", True),
    ]  # fmt: skip


def test_whoever_dispatches_is_told_that_it_can_be_urgent() -> None:
    dispatch = told(samples.incident(), staff(CENTRE, SEAT))[0]
    department, urgency = dispatch.fields
    assert (department.name, urgency.name, urgency.required, urgency.label.zh_cn) == (
        "department", "urgency", False, "紧急程度",
    )  # fmt: skip
    assert list(urgency.choices) == ["URGENCY_NORMAL", "URGENCY_URGENT", "URGENCY_VERY_URGENT"]
