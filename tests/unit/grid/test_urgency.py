"""How urgent an incident is when it is dispatched, by a person, a rule or the catalogue; and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from egov.grid.v1 import stages_pb2

from services.grid import usecases
from services.grid.domain.catalogue import Stage, Urgency
from services.grid.domain.decisions import Decision, Source
from services.grid.domain.incidents import Incident
from services.grid.domain.routing import RoutingRule
from services.grid.domain.standing import Which
from services.grid.wire.messages import incident_message
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS, STANDARD, FakeDispatching, FakeIncidents, FakeReference

NORMAL, URGENT = Urgency.NORMAL, Urgency.URGENT
RULE = RoutingRule(7, "", "", "", "", ("CGJ",), automatic=True)
HURRY = replace(RULE, urgency=URGENT)


def stage(urgency: Urgency, hours: int) -> Stage:
    return Stage(STANDARD, "event", "06010", urgency, 1, "清运", Limit(hours), "现场已清理")


BOTH, URGENT_ALONE = [stage(NORMAL, 24), stage(URGENT, 2)], [stage(URGENT, 2)]


def sent(
    stages: list[Stage], *rules: RoutingRule, said: Urgency | None = None, by_itself: bool = False
) -> tuple[Incident, Decision]:
    """What was dispatched, by the seat or by itself, and the explanation that was kept."""
    incidents, reference, dispatching = FakeIncidents(), FakeReference(), FakeDispatching(*rules)
    reference.stages = stages
    filed = replace(samples.incident(), step=None)
    incidents.add(filed)
    if by_itself:
        usecases.dispatch_by_itself(FakeUnitOfWork(), incidents, reference, dispatching, filed.id, LIMITS)
    else:
        seat = FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
        usecases.dispatch_incident(
            seat, incidents, reference, Which(filed.id, "", 1), named="", limits=LIMITS, dispatching=dispatching,
            urgency=said,
        )  # fmt: skip
    [(incident, _, decision)] = dispatching.kept
    return incident, decision


@pytest.mark.parametrize(
    ("stages", "rule", "said", "hours", "by"),
    [
        (BOTH, RULE, None, 24, None),
        (BOTH, HURRY, None, 2, Source.RULE),
        (BOTH, HURRY, NORMAL, 24, Source.PERSON),
        (URGENT_ALONE, RULE, None, 2, Source.CATALOGUE),
        (URGENT_ALONE, RULE, NORMAL, 24, Source.PERSON),
        ([], HURRY, None, 24, Source.RULE),
    ],
)
def test_a_person_says_it_before_the_rule_before_the_catalogue(
    stages: list[Stage], rule: RoutingRule, said: Urgency | None, hours: int, by: Source | None
) -> None:
    incident, decision = sent(stages, rule, said=said)
    assert incident.handle_within == Limit(hours)
    assert (decision.urgent_by, decision.department) == (by, DEPARTMENT)


def test_what_is_sent_by_itself_is_as_urgent_as_its_rule_says_and_that_is_explained() -> None:
    incident, decision = sent(BOTH, HURRY, by_itself=True)
    assert (incident.handle_within, decision.urgency) == (Limit(2), URGENT)
    assert decision.text_en.endswith("to 371102-CGJ. The rule says how urgent it is: urgent.")
    assert decision.text_zh.endswith("紧急程度由该规则确定：紧急。")
    assert incident.dispatch_reason == decision.text_zh


def test_without_a_rule_the_catalogue_says_what_it_knows() -> None:
    incident, decision = sent(URGENT_ALONE)
    assert (decision.source, decision.urgent_by) == (Source.CATALOGUE, Source.CATALOGUE)
    assert "2 h" in incident.dispatch_reason


@pytest.mark.parametrize(("stages", "without"), [([], True), ([stage(NORMAL, 24)], True), (BOTH, False)])
def test_it_is_kept_also_where_the_catalogue_has_no_time_for_it_and_that_is_said(
    stages: list[Stage], without: bool
) -> None:
    incident, _ = sent(stages, said=URGENT)
    shown = incident_message(incident, CENTRE)
    assert (shown.urgency, shown.urgency_without_stages) == (stages_pb2.URGENCY_URGENT, without)
    assert not incident_message(sent(stages)[0], CENTRE).urgency_without_stages


def test_it_stays_when_another_department_takes_over_and_nobody_says_otherwise() -> None:
    incidents, dispatching = FakeIncidents(), FakeDispatching()
    incidents.add(before := replace(sent(BOTH, said=URGENT)[0], step=None))
    reference, seat = FakeReference(), FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    reference.stages = BOTH
    after = usecases.dispatch_incident(
        seat, incidents, reference, Which(before.id, "", before.version), named="371102-HBJ", limits=LIMITS,
        dispatching=dispatching,
    )  # fmt: skip
    assert (after.urgency, after.handle_within) == (URGENT, Limit(2))


def test_it_is_forgotten_when_it_comes_back_or_is_a_duplicate() -> None:
    incident, _ = sent([], said=URGENT)
    assert steps.give_back(incident).urgency is steps.merge(incident).urgency is NORMAL
