"""Duplicates (并案): one waits for its main incident and ends as that ends, or is split off again (拆案)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.grid.domain.catalogue import Urgency
from services.grid.domain.deadlines import Limits
from services.grid.domain.incidents import Incident
from services.grid.domain.standing import Main
from services.grid.domain.states import Command, IncidentState, Who
from services.kernel import texts
from services.kernel.errors import failed_state

texts.register(
    {
        "MAIN_UNFIT": (
            "主案须为同一网格中心下另一件已立案、未结、未并案的事件。",
            "The main incident must be another of the same grid centre, filed, open, and no duplicate itself.",
        ),
    }
)

SPLITS = {
    None: Command.SPLIT,
    IncidentState.REPORTED: Command.SPLIT_TO_CHECK,
    IncidentState.CHECKED: Command.SPLIT_TO_FILE,
}
"""How an incident is split off, by where it is on its way in."""


def merge(incident: Incident, main: Incident, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """The grid centre, or the coordinator who bound it, found a duplicate of `main`. Raises Refusal MAIN_UNFIT."""
    step = incident.led(Command.MERGE, seen=seen, by=by, limits=limits, now=now, main_incident_id=main.id)
    fit = (
        main.state.filed
        and not main.state.ended
        and main.state is not IncidentState.MERGED
        and main.owner == incident.owner
    )
    if not fit or main.id == incident.id:
        raise failed_state("MAIN_UNFIT")
    blank: dict[str, Any] = dict.fromkeys(
        ("dispatched_at", "handle_within", "handle_by", "accepted_at", "inspection_id", "course")
    )  # fmt: skip
    blank |= {"urgency": Urgency.NORMAL, "outside": incident.answered_outside}
    return incident.moved(
        step, limits, now, main=Main(main.id, main.case_number), department="", dispatch_reason="", **blank
    )


def split(incident: Incident, *, seen: int, by: str | None, limits: Limits, now: datetime) -> Incident:
    """It is no duplicate after all, says the grid centre; or its main incident counts as none.

    It goes back to where it was on its way in, or waits to be dispatched.
    """
    step = incident.led(SPLITS[incident.on_the_way_in], seen=seen, by=by, limits=limits, now=now)
    return incident.refiled(step, limits, now)


def follow(incident: Incident, main: Incident, *, limits: Limits, now: datetime) -> Incident:
    """Its main incident has ended: it is closed with the same outcome, or split off from one that counts as none.

    No department is in charge of it: whoever handled the main incident did not handle this one by itself. The reply to
    the main incident's reporter is theirs alone.
    """
    seen, by = incident.version, Who.TIMER
    if main.state in (IncidentState.VOIDED, IncidentState.DECLINED):
        return split(incident, seen=seen, by=by, limits=limits, now=now)
    step = incident.led(Command.FOLLOW, seen=seen, by=by, limits=limits, now=now)
    return incident.moved(step, limits, now, closed_at=now, closing_outcome=main.closing_outcome)


def rejoin(incident: Incident, *, limits: Limits, now: datetime) -> Incident:
    """Its main incident, with which it was closed, goes on: so does it, and it waits again for the end."""
    step = incident.led(Command.REJOIN, seen=incident.version, by=Who.TIMER, limits=limits, now=now)
    return incident.moved(step, limits, now, closed_at=None, closing_outcome=None)
