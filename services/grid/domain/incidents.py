"""Incidents: what they are, which states they pass, and who may do what. Decided here, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.grid.domain.reference import DispatchRule, TypeKey, assign
from services.kernel import checks, regions, texts
from services.kernel.errors import Violation, conflict, denied, failed_state, invalid
from services.kernel.parties import Party

texts.register(
    {
        "NO_CENTRE": ("该区县没有登记网格中心。", "The county has no grid centre on record."),
        "SEEN_IN_FUTURE": ("发现时间晚于当前时间一小时以上。", "It was seen more than an hour in the future."),
        "INCIDENT_NOT_FOUND": ("辖区内没有此网格事件。", "There is no such incident in the caller's region."),
        "SAME_DEPARTMENT": ("该部门已在办理。", "This department is in charge already."),
        "NOT_THE_HOLDER": (
            "只有承办部门或其网格中心可以结案。",
            "Only the department in charge or its grid centre may close it.",
        ),
    }
)

SEEN_AHEAD = timedelta(hours=1)
"""How far a phone's clock may run ahead of ours."""


class IncidentState(StrEnum):
    """Where an incident stands."""

    FILED = "FILED"
    DISPATCHED = "DISPATCHED"
    CLOSED = "CLOSED"


class Command(StrEnum):
    """What can be asked of an incident that was filed."""

    DISPATCH = "DISPATCH"
    CLOSE = "CLOSE"


TRANSITIONS: Mapping[tuple[IncidentState, Command], IncidentState] = {
    (IncidentState.FILED, Command.DISPATCH): IncidentState.DISPATCHED,
    (IncidentState.DISPATCHED, Command.DISPATCH): IncidentState.DISPATCHED,
    (IncidentState.DISPATCHED, Command.CLOSE): IncidentState.CLOSED,
}
"""(from, command) -> to. What is not in the table is refused as WRONG_STATE."""


class ClosingOutcome(StrEnum):
    """How an incident ended."""

    HANDLED = "HANDLED"
    NOT_FOUND_ON_SITE = "NOT_FOUND_ON_SITE"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True)
class Region:
    """A region as identity knows it; a moment that is None sets no bound."""

    code: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """The code may be used at this moment."""
        begun = self.valid_from is None or self.valid_from <= now
        return begun and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported. The fields that may hold a person's data do not show in a repr."""

    type: TypeKey
    region: str
    description: str = field(repr=False)
    seen_at: datetime | None = None
    address: str = field(default="", repr=False)
    reporter_citizen_number: str = field(default="", repr=False)
    enterprise_code: str = ""
    reference: str = ""


def check_report(
    report: Report, *, type_in_force: bool, region: Region | None, centre: str | None, bound: str, now: datetime
) -> None:
    """Refuse a report that cannot be filed, with everything that is wrong with it.

    `region` is None when identity does not know the code, `centre` when the county has no grid centre; `bound` is the
    region prefix that the caller works in, and for a caller a region outside does not exist. Raises Refusal (INVALID).
    """
    known = region is not None and regions.within(region.code, bound)
    rules = (
        (type_in_force, "report.type", "TYPE_UNKNOWN"),
        (known, "report.region", "REGION_UNKNOWN"),
        (not known or (region is not None and region.in_force(now)), "report.region", "REGION_CLOSED"),
        (not known or centre is not None, "report.region", "NO_CENTRE"),
        (report.seen_at is None or report.seen_at <= now + SEEN_AHEAD, "report.seen_at", "SEEN_IN_FUTURE"),
    )
    broken = [Violation(name, rule) for holds, name, rule in rules if not holds]
    if broken:
        raise invalid(*broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident. A command returns it as it is afterwards, one version on.

    `owner` is the county's grid centre: it answers for the incident all its life. `department` is the department in
    charge since the last dispatch, empty before.
    """

    id: UUID
    case_number: str
    version: int
    state: IncidentState
    report: Report
    reporter: Party
    owner: str
    filed_at: datetime
    enterprise_code_doubtful: bool = False
    department: str = ""
    dispatched_at: datetime | None = None
    handle_by: datetime | None = None
    dispatch_reason: str = ""
    closed_at: datetime | None = None
    closing_outcome: ClosingOutcome | None = None

    @classmethod
    def file(
        cls, report: Report, *, id: UUID, case_number: str, reporter: Party, centre: str, now: datetime
    ) -> Incident:
        """A report that passed `check_report` becomes an incident; seen now when it does not say when."""
        return cls(
            id=id,
            case_number=case_number,
            version=1,
            state=IncidentState.FILED,
            report=replace(report, seen_at=report.seen_at or now),
            reporter=reporter,
            owner=centre,
            filed_at=now,
            # True codes with a false check character do exist: the registry has to confirm, the report is not refused.
            enterprise_code_doubtful=bool(report.enterprise_code)
            and not checks.social_credit_code(report.enterprise_code)[1],
        )

    @property
    def holder(self) -> str:
        """Department that holds it now; empty once closed."""
        holders = {IncidentState.FILED: self.owner, IncidentState.DISPATCHED: self.department}
        return holders.get(self.state, "")

    def dispatch(
        self, *, seen: int, rules: Iterable[DispatchRule], named: str, default_hours: int, now: datetime
    ) -> Incident:
        """Dispatch to the department named, or else to the one that the rules give; see `assign`.

        Raises Refusal STALE_VERSION, WRONG_STATE, and SAME_DEPARTMENT: its clock would begin anew.
        """
        state = self._after(Command.DISPATCH, seen)
        to = assign(self.report.type, self.report.region, rules, named=named, default_hours=default_hours)
        if to.department == self.department:
            raise failed_state("SAME_DEPARTMENT")
        return replace(
            self,
            version=self.version + 1,
            state=state,
            department=to.department,
            dispatched_at=now,
            handle_by=now + timedelta(hours=to.hours),
            dispatch_reason=to.reason,
        )

    def close(self, outcome: ClosingOutcome, *, seen: int, by_department: str | None, now: datetime) -> Incident:
        """Close it, on behalf of the department in charge or of the grid centre.

        Raises Refusal STALE_VERSION, WRONG_STATE, NOT_THE_HOLDER.
        """
        state = self._after(Command.CLOSE, seen)
        if by_department not in (self.department, self.owner):
            raise denied("NOT_THE_HOLDER")
        return replace(self, version=self.version + 1, state=state, closed_at=now, closing_outcome=outcome)

    def shown_to(self, department: str | None) -> Incident:
        """As a caller may see it: only the departments that answer for it learn who the reporter is."""
        if department in (self.department, self.owner) and department:
            return self
        return replace(self, report=replace(self.report, reporter_citizen_number=""))

    def _after(self, command: Command, seen: int) -> IncidentState:
        """The state that the command leads to, for a caller who saw version `seen`."""
        if seen != self.version:
            raise conflict("STALE_VERSION")
        if (self.state, command) not in TRANSITIONS:
            raise failed_state("WRONG_STATE", state=self.state.value)
        return TRANSITIONS[self.state, command]
