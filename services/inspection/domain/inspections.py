"""Inspections: what they are, which states they pass, and who may do what. Decided here, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.inspection.domain.officers import Nominee, violations
from services.inspection.domain.reference import ChecklistItem, Gravity
from services.inspection.domain.transitions import TRANSITIONS, Command, InspectionState, Step
from services.kernel import texts
from services.kernel.errors import Violation, conflict, denied, failed_state, invalid
from services.kernel.parties import Party

texts.register(
    {
        "INSPECTION_NOT_FOUND": ("辖区内没有此检查任务。", "There is no such inspection in the caller's region."),
        "NOT_AN_OFFICER_HERE": ("只有本次检查的执法人员可以操作。", "Only an officer of this inspection may do it."),
        "NOTHING_TO_RECTIFY": ("未发现问题，无需责令整改。", "Nothing was found, so there is nothing to rectify."),
        "NOT_RECTIFIED": (
            "发现的问题尚未整改合格，不能办结。",
            "What was found is not rectified yet, so it cannot be closed.",
        ),
        "DATE_UNFIT": (
            "整改期限应在当前时间之后、{limit} 天之内，延期须晚于原期限；复查合格时不填，不合格时必填。",
            "A date in the future, at most {limit} days away, is needed, and a later one to put it off; "
            "after a re-check that was passed, none.",
        ),
    }
)

LONGEST_RECTIFICATION = timedelta(days=90)
DATE_UNFIT = Violation("rectify_by", "DATE_UNFIT", {"limit": LONGEST_RECTIFICATION.days})


class InspectionOutcome(StrEnum):
    """How an inspection ended."""

    IN_ORDER = "IN_ORDER"
    RECTIFIED = "RECTIFIED"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found on site. `certificate_type` is the checklist item's of that time; `officer`: id of the person."""

    id: UUID
    item_code: str
    gravity: Gravity
    certificate_type: str
    officer: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedEffect:
    """Something that `service` could not do about the fact with this event id, and the rule that said so."""

    service: str
    event_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """An inspection. A command returns it as it is afterwards, one version on.

    `department` inspects, and answers for it all its life; it alone names the officers. An inspection by request has
    no incident and no reporter. What other services refused is no version: its officers may work at that moment.
    """

    id: UUID
    case_number: str
    version: int
    state: InspectionState
    region: str
    department: str
    enterprise_code: str
    opened_at: datetime
    incident_id: UUID | None = None
    reporter: Party | None = None
    officers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    rectify_by: datetime | None = None
    refused_effects: tuple[RefusedEffect, ...] = ()
    closed_at: datetime | None = None
    outcome: InspectionOutcome | None = None

    @property
    def not_rectified(self) -> bool:
        """Something graver than minor was found, or rectification was ordered, and no re-check was passed since."""
        if self.state is InspectionState.RECTIFYING:
            return True
        found = any(finding.gravity > Gravity.MINOR for finding in self.findings)
        return found and self.state is not InspectionState.RECHECKED

    def assign(self, nominees: Sequence[Nominee], *, seen: int, by_department: str | None) -> Inspection:
        """Name the officers, in place of any named before, on behalf of the inspecting department.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_THE_HOLDER, and INVALID_ARGUMENT with all that speaks against
        the people named.
        """
        step = self._step(Command.ASSIGN, seen)
        if by_department != self.department:
            raise denied("NOT_THE_HOLDER")
        broken = list(violations(nominees, self.department, self.reporter))
        if broken:
            raise invalid(*broken)
        return self._changed(state=step.to, officers=tuple(nominee.person_id for nominee in nominees))

    def find(
        self,
        item: ChecklistItem | None,
        gravity: Gravity,
        *,
        finding_id: UUID,
        seen: int,
        by: str | None,
        now: datetime,
    ) -> Inspection:
        """Record what officer `by` found on a checklist item; None: no such item is published.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_AN_OFFICER_HERE; ITEM_UNKNOWN, GRAVITY_TOO_LOW as violations.
        """
        state, officer = self._by_officer(Command.FIND, seen, by)
        if item is None:
            raise invalid(Violation("item_code", "ITEM_UNKNOWN"))
        if gravity < item.least_gravity:
            raise invalid(Violation("gravity", "GRAVITY_TOO_LOW"))
        finding = Finding(finding_id, item.code, gravity, item.certificate_type, officer, now)
        return self._changed(state=state, findings=(*self.findings, finding))

    def order_rectification(self, until: datetime, *, seen: int, by: str | None, now: datetime) -> Inspection:
        """Order that everything found is rectified until then.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_AN_OFFICER_HERE, NOTHING_TO_RECTIFY; DATE_UNFIT as violation.
        """
        state, _ = self._by_officer(Command.ORDER, seen, by)
        if not _fits(until, now):
            raise invalid(DATE_UNFIT)
        return self._changed(state=state, rectify_by=until)

    def extend(self, until: datetime, *, seen: int, by: str | None, now: datetime) -> Inspection:
        """Put the date for rectification off.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_AN_OFFICER_HERE; DATE_UNFIT as violation.
        """
        state, _ = self._by_officer(Command.EXTEND, seen, by)
        if not _fits(until, now) or (self.rectify_by is not None and until <= self.rectify_by):
            raise invalid(DATE_UNFIT)
        return self._changed(state=state, rectify_by=until)

    def recheck(self, *, passed: bool, until: datetime | None, seen: int, by: str | None, now: datetime) -> Inspection:
        """Record a second look: passed, or else with a new date for rectification.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_AN_OFFICER_HERE; DATE_UNFIT as violation.
        """
        state, _ = self._by_officer(Command.PASS if passed else Command.FAIL, seen, by)
        if not (until is None if passed else _fits(until, now)):
            raise invalid(DATE_UNFIT)
        return self._changed(state=state, rectify_by=self.rectify_by if passed else until)

    def close(self, *, seen: int, by: str | None, now: datetime) -> Inspection:
        """Close it; the outcome follows from what was found and rectified.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_AN_OFFICER_HERE, NOT_RECTIFIED.
        """
        state, _ = self._by_officer(Command.CLOSE, seen, by)
        rectified = self.state is InspectionState.RECHECKED
        outcome = InspectionOutcome.RECTIFIED if rectified else InspectionOutcome.IN_ORDER
        return self._changed(state=state, closed_at=now, outcome=outcome)

    def _by_officer(self, command: Command, seen: int, by: str | None) -> tuple[InspectionState, str]:
        """The state that the command of an officer leads to, and the officer; the table's guard holds."""
        step = self._step(command, seen)
        if by is None or by not in self.officers:
            raise denied("NOT_AN_OFFICER_HERE")
        if step.guard and step.guard.forbids(self):
            raise failed_state(step.guard.reason)
        return step.to, by

    def _step(self, command: Command, seen: int) -> Step:
        """The table's row for a caller who saw version `seen`."""
        if seen != self.version:
            raise conflict("STALE_VERSION")
        if (self.state, command) not in TRANSITIONS:
            raise failed_state("WRONG_STATE", state=self.state.value)
        return TRANSITIONS[self.state, command]

    def _changed(self, **changes: Any) -> Inspection:
        return replace(self, version=self.version + 1, **changes)


def _fits(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until <= now + LONGEST_RECTIFICATION
