from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings

from services.grid import usecases
from services.grid.domain.catalogue import Catalogue, Stage, Urgency, stages_of
from services.grid.domain.courses import Course, course_of
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Which
from services.kernel.worktime.terms import Limit, Unit
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid.catalogues import catalogues
from tests.unit.grid.samples import (
    CENTRE,
    COVER,
    LIMITS,
    RUBBISH,
    STANDARD,
    FakeDispatching,
    FakeIncidents,
    FakeReference,
    incident,
    rule,
)

LATER = NOW + timedelta(days=30)


@settings(max_examples=30, deadline=None)
@given(catalogues())
def test_the_order_of_lines_says_nothing(there: Catalogue) -> None:
    turned = Catalogue(there.types[::-1], there.rules[::-1], there.stages[::-1], there.mappings[::-1])
    assert turned.digest == there.digest
    assert replace(there, types=()).digest != there.digest


def stage(position: int, amount: int, urgency: Urgency = Urgency.NORMAL, code: str = "06010") -> Stage:
    limit = Limit(amount, Unit.WORKING_HOUR)
    return Stage(STANDARD, "event", code, urgency, position, "清运", limit, "现场已清理")


STAGES = [stage(2, 8), stage(1, 4), stage(1, 2, Urgency.URGENT), stage(1, 40, code="06"), stage(1, 1, code="")]


def test_the_most_exact_stages_hold() -> None:
    assert [(each.urgency, each.position) for each in stages_of(RUBBISH, STAGES)] == [
        (Urgency.NORMAL, 1), (Urgency.NORMAL, 2), (Urgency.URGENT, 1),
    ]  # fmt: skip
    assert stages_of(COVER, STAGES) == []


def test_the_stages_of_an_urgency_hold_and_else_those_of_the_normal_one() -> None:
    hours = {each: [stage.limit.amount for stage in held.stages] for each in Urgency if (held := course(each))}
    assert hours == {Urgency.NORMAL: [4, 8], Urgency.URGENT: [2], Urgency.VERY_URGENT: [4, 8]}
    assert course_of(COVER, Urgency.NORMAL, STAGES) is None


def course(urgency: Urgency) -> Course | None:
    return course_of(RUBBISH, urgency, STAGES)


class Changing(FakeReference):
    """Reference data that is another one from LATER on."""

    def rules_for(self, region: str, at: datetime):  # type: ignore[no-untyped-def]
        return [rule("ZJJ", 8)] if at >= LATER else [rule("CGJ", 4)]


def dispatch(filed_at: datetime, reference: FakeReference, urgency: Urgency = Urgency.NORMAL, to: str = "") -> Incident:
    filed, incidents = incident(at=filed_at), FakeIncidents()
    incidents.add(filed)
    uow = FakeUnitOfWork(caller=caller(subject=WANG, department=CENTRE))
    return usecases.dispatch_incident(
        uow,
        incidents,
        reference,
        Which(filed.id, "3711", 1),
        named=to,
        limits=LIMITS,
        dispatching=FakeDispatching(),
        urgency=urgency,
    )


def test_a_case_keeps_the_rules_that_it_was_filed_under() -> None:
    before, after = (dispatch(at, Changing()) for at in (LATER - timedelta(seconds=1), LATER))
    assert (before.department, before.handle_within) == ("371102-CGJ", Limit(4))
    assert (after.department, after.handle_within) == ("371102-ZJJ", Limit(8))


def test_stages_go_before_the_rules_hours_by_urgency_whoever_is_chosen() -> None:
    reference = FakeReference()
    reference.stages = [stage(1, 4), stage(1, 2, Urgency.URGENT)]
    assert dispatch(NOW, reference).handle_within == Limit(4, Unit.WORKING_HOUR)
    assert dispatch(NOW, reference, Urgency.URGENT).handle_within == Limit(2, Unit.WORKING_HOUR)
    reference.rules = []
    assert dispatch(NOW, reference, to="371102-ZJJ").handle_within == Limit(4, Unit.WORKING_HOUR)
