"""Who takes an incident: the department that was named, or the one that the rules give, with why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple, Protocol
from uuid import UUID

from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision, Undecided
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule
from services.grid.domain.routing import Case, Known, Routing, decide
from services.grid.domain.states import IncidentState
from services.grid.usecases.ports import Reference
from services.kernel.ports import UnitOfWork

DISPATCH = "incident-dispatch"
"""By what name rules are due to be asked about an incident that is filed; the key is its id."""
ASKED_AGAIN = timedelta(hours=1)
"""So long after rules were asked about what waits they are asked once more, where times or versions may change it."""
LATELY = timedelta(days=90)
"""So long ago the last incident of a type may have been that suggests a department."""


class Dispatching(Protocol):
    """What a decision needs of the stores."""

    def routing(self, at: datetime) -> tuple[int, Routing]:
        """The rules in force at a moment, with their version; 0 and none before the first."""

    def open_cases(self, departments: Sequence[str]) -> Mapping[str, int]:
        """What departments hold."""

    def take_turns(self, departments: Sequence[str]) -> None:
        """Whoever chooses between some of these departments waits until the end of the transaction."""

    def last_department(self, case: Case, since: datetime) -> str:
        """Who had the last incident of the type in the county since a moment; empty: nobody."""

    def leave(self, incident_id: UUID, why: Undecided | None) -> None:
        """Keep why rules leave it to a person; None: they do not."""

    def keep(self, incident: Incident, routing: int, decision: Decision) -> None:
        """Keep why an incident was dispatched as it was."""


def case_of(incident: Incident) -> Case:
    """What is to be dispatched."""
    return Case(incident.report.type, incident.report.region, incident.returners)


Waiting = tuple[Case, Iterable[DispatchRule]]
"""What is to be dispatched, and the catalogue's rules for it."""


class Rules(NamedTuple):
    """Who says to whom an incident goes: routing rules, and those of the catalogue."""

    dispatching: Dispatching
    reference: Reference


def try_rules(uow: UnitOfWork, rules: Rules | None, incident: Incident, limits: Limits, at: datetime) -> None:
    """Ask the rules about what begins to wait for a dispatch; None: nobody does.

    Where one may send it without anybody asking, that is due at once. Departments are not counted for this.
    """
    if rules is None or incident.state is not IncidentState.FILED:
        return
    case, routing = case_of(incident), rules.dispatching.routing(at)[1]
    fallback = rules.reference.rules_for(incident.report.region, incident.filed_at)
    known = Known(limits.calendar_of, lambda _: {}, lambda _: "", limits.is_department)
    leave_open(uow, rules.dispatching, incident, decide(case, at, routing, fallback, known), at)
    if incident.just_filed and routing.may_dispatch(case):
        uow.set_due(DISPATCH, str(incident.id), at)


def leave_open(uow: UnitOfWork, dispatching: Dispatching, incident: Incident, decision: Decision, at: datetime) -> None:
    """Keep whether the rules leave it to a person; they are asked again later where time may change what they say."""
    dispatching.leave(incident.id, decision.undecided)
    if decision.undecided or dispatching.routing(at)[1].changes_with_time(case_of(incident)):
        uow.set_due(DISPATCH, str(incident.id), at + ASKED_AGAIN)


def plan(
    dispatching: Dispatching, waiting: Sequence[Waiting], limits: Limits, at: datetime
) -> tuple[int, list[Decision]]:
    """What the rules in force at a moment say of each case, with their version; nobody waits, nothing is kept.

    Departments are counted once, however many cases ask for them.
    """
    counted = cache(dispatching.open_cases)
    version, routing = dispatching.routing(at)
    known = _known(dispatching, lambda departments: counted(tuple(departments)), limits, at)
    return version, [decide(case, at, routing, fallback, known) for case, fallback in waiting]


def chosen(
    dispatching: Dispatching,
    incident: Incident,
    named: str,
    fallback: Iterable[DispatchRule],
    limits: Limits,
    at: datetime,
) -> tuple[int, Decision]:
    """Who takes an incident, with the version of the rules that said so; whoever is named, where somebody is.

    Others who choose between the same departments wait until the end of the transaction.
    Raises Refusal NO_RULE, RULES_TIE, RULE_TIME_UNKNOWN, RULE_RETURNED, CATALOGUE_RETURNED, RULE_DEPARTMENT_UNKNOWN
    where a person has to name one.
    """
    if named:
        return 0, Decision.by_person(named)

    def in_turn(departments: Sequence[str]) -> Mapping[str, int]:
        dispatching.take_turns(departments)
        return dispatching.open_cases(departments)

    version, routing = dispatching.routing(at)
    decision = decide(case_of(incident), at, routing, fallback, _known(dispatching, in_turn, limits, at))
    if decision.undecided:
        raise decision.refusal()
    return version, decision


def _known(
    dispatching: Dispatching, open_cases: Callable[[Sequence[str]], Mapping[str, int]], limits: Limits, at: datetime
) -> Known:
    last = cache(lambda case: dispatching.last_department(case, at - LATELY))
    return Known(limits.calendar_of, open_cases, last, limits.is_department)
