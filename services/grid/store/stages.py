"""States that the release before does not know, kept so that it can go on reading and changing the table.

`state` holds what is nearest among those that it knows, `stage` the true one. When it changes such an incident, `state`
is no longer the stand-in of `stage`, and `state` is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.grid.domain.states import IncidentState

STAND_INS: Mapping[IncidentState, IncidentState] = {
    IncidentState.REFERRED: IncidentState.FILED,
    IncidentState.ON_HOLD: IncidentState.ACCEPTED,
    IncidentState.MERGED: IncidentState.FILED,
    IncidentState.VOIDED: IncidentState.CLOSED,
    IncidentState.REPORTED: IncidentState.FILED,
    IncidentState.CHECKED: IncidentState.FILED,
    IncidentState.DECLINED: IncidentState.CLOSED,
    IncidentState.OUTSIDE: IncidentState.ACCEPTED,
}


_PAIRS = ", ".join(f"('{stage.value}', '{known.value}')" for stage, known in STAND_INS.items())
TRUE_STATE = f"CASE WHEN stage IS NULL THEN state WHEN (stage, state) IN ({_PAIRS}) THEN stage ELSE state END"
"""A row's state, as SQL that is written out."""


def state_out(state: IncidentState) -> dict[str, str | None]:
    """A state as its columns."""
    known = STAND_INS.get(state)
    return {"state": known.value, "stage": state.value} if known else {"state": state.value, "stage": None}


def state_in(row: Mapping[Any, Any]) -> IncidentState:
    """A state from its columns."""
    state, stage = IncidentState(row["state"]), row["stage"]
    return IncidentState(stage) if stage and STAND_INS[IncidentState(stage)] is state else state


def in_state(state: IncidentState) -> str:
    """The condition that an incident is in this state, as SQL that is written out. An index has either column."""
    known = STAND_INS.get(state)
    if known:
        return f"state = '{known.value}' AND stage = '{state.value}'"
    others = ", ".join(f"'{stage.value}'" for stage, nearest in STAND_INS.items() if nearest is state)
    # Of columns alone PostgreSQL knows how many there are.
    return f"state = '{state.value}'" + (f" AND (stage IS NULL OR stage NOT IN ({others}))" if others else "")
