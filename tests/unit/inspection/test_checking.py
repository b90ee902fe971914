from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from services.inspection.domain.inspections import Inspection, InspectionOutcome
from services.inspection.domain.reference import Gravity
from services.inspection.domain.transitions import InspectionState
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from tests.unit.fakes import NOW
from tests.unit.inspection.samples import (
    EXPIRED,
    FRIDGE,
    LICENCE,
    LIN,
    SOON,
    STRANGER,
    ZHANG,
    assigned,
    found,
    inspection,
    rechecked,
    rectifying,
)


def violations(refused: pytest.ExceptionInfo[Refusal]) -> list[tuple[str, str]]:
    assert refused.value.kind is Kind.INVALID
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def test_a_finding_keeps_what_the_item_concerned_then() -> None:
    [finding] = found(EXPIRED).findings
    assert (finding.item_code, finding.gravity, finding.certificate_type) == ("FOOD-04", Gravity.GRAVE, LICENCE)
    assert (finding.officer, finding.recorded_at) == (LIN, NOW)


def test_a_finding_may_be_graver_than_its_item_but_not_less() -> None:
    before = assigned()
    graver = before.find(FRIDGE, Gravity.GRAVE, finding_id=uuid7(), seen=2, by=ZHANG, now=NOW)
    assert graver.findings[0].gravity is Gravity.GRAVE
    with pytest.raises(Refusal) as refused:
        before.find(EXPIRED, Gravity.ORDINARY, finding_id=uuid7(), seen=2, by=LIN, now=NOW)
    assert violations(refused) == [("gravity", "GRAVITY_TOO_LOW")]


def test_what_is_not_published_is_not_inspected() -> None:
    with pytest.raises(Refusal) as refused:
        assigned().find(None, Gravity.MINOR, finding_id=uuid7(), seen=2, by=LIN, now=NOW)
    assert violations(refused) == [("item_code", "ITEM_UNKNOWN")]


def test_without_a_finding_nothing_is_ordered() -> None:
    with pytest.raises(Refusal) as refused:
        assigned().order_rectification(SOON, seen=2, by=LIN, now=NOW)
    assert (refused.value.kind, refused.value.reason) == (Kind.FAILED_STATE, "NOTHING_TO_RECTIFY")


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("until", [NOW, NOW - SECOND, NOW + timedelta(days=90) + SECOND])
def test_a_date_that_does_not_fit_is_refused(until: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        found(FRIDGE).order_rectification(until, seen=3, by=LIN, now=NOW)
    assert violations(refused) == [("rectify_by", "DATE_UNFIT")]
    assert refused.value.violations[0].params == {"limit": 90}


@pytest.mark.parametrize("until", [NOW + SECOND, NOW + timedelta(days=90)])
def test_a_date_from_now_to_ninety_days_fits(until: datetime) -> None:
    after = found(FRIDGE).order_rectification(until, seen=3, by=LIN, now=NOW)
    assert (after.state, after.rectify_by) == (InspectionState.RECTIFYING, until)


def test_a_recheck_that_was_not_passed_needs_a_new_date_and_one_that_was_needs_none() -> None:
    before = rectifying()
    later = SOON + timedelta(days=5)
    for passed, until in ((False, None), (False, SOON), (True, later)):
        with pytest.raises(Refusal) as refused:
            before.recheck(passed=passed, until=until, seen=4, by=LIN, now=SOON)
        assert violations(refused) == [("rectify_by", "DATE_UNFIT")]
    failed = before.recheck(passed=False, until=later, seen=4, by=LIN, now=SOON)
    assert (failed.state, failed.rectify_by) == (InspectionState.RECTIFYING, later)
    passed_now = failed.recheck(passed=True, until=None, seen=5, by=LIN, now=later)
    assert (passed_now.state, passed_now.rectify_by) == (InspectionState.RECHECKED, later)


def test_only_a_later_date_puts_rectification_off() -> None:
    before = rectifying()
    for until in (SOON, SOON - SECOND, NOW, NOW + timedelta(days=90) + SECOND):
        with pytest.raises(Refusal) as refused:
            before.extend(until, seen=4, by=LIN, now=NOW)
        assert violations(refused) == [("rectify_by", "DATE_UNFIT")]
    after = before.extend(SOON + SECOND, seen=4, by=LIN, now=NOW)
    assert (after.state, after.rectify_by, after.version) == (InspectionState.RECTIFYING, SOON + SECOND, 5)


def close(before: Inspection) -> Inspection:
    return before.close(seen=before.version, by=LIN, now=SOON)


def test_the_outcome_follows_from_what_was_found_and_rectified() -> None:
    for before, outcome in (
        (assigned(), InspectionOutcome.IN_ORDER),
        (found(FRIDGE), InspectionOutcome.IN_ORDER),
        (rechecked(), InspectionOutcome.RECTIFIED),
    ):
        after = close(before)
        assert (after.state, after.outcome, after.closed_at) == (InspectionState.CLOSED, outcome, SOON)


@pytest.mark.parametrize("before", [found(FRIDGE, EXPIRED), rectifying(), rectifying(FRIDGE)])
def test_what_is_not_rectified_is_not_closed(before: Inspection) -> None:
    with pytest.raises(Refusal) as refused:
        close(before)
    assert (refused.value.kind, refused.value.reason) == (Kind.FAILED_STATE, "NOT_RECTIFIED")


@pytest.mark.parametrize("by", [None, "", STRANGER])
def test_only_its_officers_act_on_an_inspection(by: str | None) -> None:
    asked: tuple[Callable[[], Inspection], ...] = (
        lambda: assigned().find(FRIDGE, Gravity.MINOR, finding_id=uuid7(), seen=2, by=by, now=NOW),
        lambda: assigned().order_rectification(SOON, seen=2, by=by, now=NOW),
        lambda: rectifying().extend(SOON + SECOND, seen=4, by=by, now=NOW),
        lambda: rectifying().recheck(passed=True, until=None, seen=4, by=by, now=NOW),
        lambda: rechecked().close(seen=5, by=by, now=NOW),
    )
    for ask in asked:
        with pytest.raises(Refusal) as refused:
            ask()
        assert (refused.value.kind, refused.value.reason) == (Kind.DENIED, "NOT_AN_OFFICER_HERE")


def test_a_stale_version_comes_before_everything_else() -> None:
    with pytest.raises(Refusal) as refused:
        inspection().close(seen=2, by=None, now=NOW)
    assert (refused.value.kind, refused.value.reason) == (Kind.CONFLICT, "STALE_VERSION")


def test_before_officers_are_named_nothing_is_found() -> None:
    with pytest.raises(Refusal) as refused:
        inspection().find(FRIDGE, Gravity.MINOR, finding_id=uuid7(), seen=1, by=LIN, now=NOW)
    assert (refused.value.reason, refused.value.params) == ("WRONG_STATE", {"state": "OPENED"})
