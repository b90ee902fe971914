"""Who takes an incident: the department that was named, or the one that the rules give, with why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.grid.domain.deadlines import Limits
from services.grid.domain.decisions import Decision
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule
from services.grid.domain.routing import Case, Known, Routing, decide
from services.kernel.ports import UnitOfWork

DISPATCH = "incident-dispatch"
"""By what name an incident that was just filed is due to be sent by a rule; the key is its id."""
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

    def keep(self, incident: Incident, routing: int, decision: Decision) -> None:
        """Keep why an incident was dispatched as it was."""


def case_of(incident: Incident) -> Case:
    """What is to be dispatched."""
    return Case(incident.report.type, incident.report.region, incident.returned_by)


def send_at_once(uow: UnitOfWork, dispatching: Dispatching | None, incident: Incident, at: datetime) -> None:
    """Where a rule may send what was just filed without anybody asking, that is due at once."""
    if dispatching and incident.just_filed and dispatching.routing(at)[1].may_dispatch(case_of(incident)):
        uow.set_due(DISPATCH, str(incident.id), at)


def plan(
    dispatching: Dispatching, case: Case, fallback: Iterable[DispatchRule], limits: Limits, at: datetime
) -> tuple[int, Decision]:
    """What the rules in force at a moment say of a case, with their version; nobody waits for it, nothing is kept."""
    return _decided(dispatching, dispatching.open_cases, case, fallback, limits, at)


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
    Raises Refusal NO_RULE, RULES_TIE, RULE_TIME_UNKNOWN, RULE_RETURNED where a person has to name one.
    """
    if named:
        return 0, Decision.by_person(named)

    def in_turn(departments: Sequence[str]) -> Mapping[str, int]:
        dispatching.take_turns(departments)
        return dispatching.open_cases(departments)

    version, decision = _decided(dispatching, in_turn, case_of(incident), fallback, limits, at)
    if decision.undecided:
        raise decision.refusal()
    return version, decision


def _decided(
    dispatching: Dispatching,
    open_cases: Callable[[Sequence[str]], Mapping[str, int]],
    case: Case,
    fallback: Iterable[DispatchRule],
    limits: Limits,
    at: datetime,
) -> tuple[int, Decision]:
    version, routing = dispatching.routing(at)
    known = Known(limits.calendar_of, open_cases, lambda each: dispatching.last_department(each, at - LATELY))
    return version, decide(case, at, routing, fallback, known)
