"""The way in (受理、核实、立案): what the public reports is looked at on site, then filed or declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.grid.domain.deadlines import Limits
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.reports import Intake
from services.grid.domain.states import Command, DeclineKind, IncidentState
from services.kernel.parties import Party


def check(
    incident: Incident,
    *,
    found: bool,
    remark: str,
    proofs: Sequence[Proof],
    seen: int,
    by: str | None,
    limits: Limits,
    now: datetime,
) -> Incident:
    """The grid centre looked on site: it is as reported, or it is not, and then it says what there is."""
    command = Command.CONFIRM if found else Command.DENY
    step = incident.led(command, seen=seen, by=by, limits=limits, now=now, remark=remark)
    intake = replace(incident.intake or Intake(), found=found, checked_at=now, remark=remark)
    return incident.moved(step, limits, now, intake=intake, evidence=(*incident.evidence, *proofs))


def file(incident: Incident, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """The grid centre files it, whatever was found: it is dispatched like any other."""
    return incident.moved(incident.led(Command.FILE, seen=seen, by=by, limits=limits, now=now), limits, now)


def decline(incident: Incident, reason: str, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """The grid centre does not accept it, or after the look does not file it; its reporter is told the reason."""
    looked = incident.state is IncidentState.CHECKED
    command, kind = (
        (Command.DECLINE, DeclineKind.NOT_FILED) if looked else (Command.REJECT, DeclineKind.NOT_ACCEPTED)
    )  # fmt: skip
    step = incident.led(command, seen=seen, by=by, limits=limits, now=now, reason=reason)
    intake = replace(incident.intake or Intake(), declined=kind)
    return incident.moved(step, limits, now, closed_at=now, intake=intake, reply=reason)


def object_to(incident: Incident, *, seen: int, by: Party, limits: Limits, now: datetime) -> Incident:
    """Its reporter does not agree that it was declined or voided: somebody looks on site, as before any dispatch.

    Raises Refusal OBJECT_TOO_LATE, OBJECTED_ALREADY.
    """
    step = incident.led(Command.OBJECT, seen=seen, by=by, limits=limits, now=now)
    intake = replace(incident.intake or Intake(), objected=True, found=False, checked_at=None, remark="")
    return incident.refiled(step, limits, now, closed_at=None, closing_reason="", intake=intake)
