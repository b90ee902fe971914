"""Writes the life cycle of an incident as a page: `python -m deploy.incident_states [--out docs]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from services.grid.domain.actions import label
from services.grid.domain.states import Command, IncidentState
from services.grid.domain.transitions import HELD_BY, TRANSITIONS, Need, Step

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# The life cycle of an incident 网格事件状态图

Written by `make pictures` from the table in `services/grid/domain/transitions.py`; never edited by hand. From the same
table `ListActions` tells people what they may do with one incident now.
"""
CHINESE = {
    IncidentState.FILED: "立案",
    IncidentState.DISPATCHED: "派遣",
    IncidentState.ACCEPTED: "接单",
    IncidentState.HANDLED: "已处置",
    IncidentState.VERIFIED: "核查通过",
    IncidentState.CLOSED: "结案",
    IncidentState.REFERRED: "提级协调",
    IncidentState.ON_HOLD: "挂账",
    IncidentState.MERGED: "并案",
    IncidentState.VOIDED: "作废",
    IncidentState.REPORTED: "待核实",
    IncidentState.CHECKED: "待立案",
    IncidentState.DECLINED: "不予受理、不予立案",
    IncidentState.OUTSIDE: "转外部单位",
}
BESIDE = """## Every step

*By*: who may. *Says*: what has to be said with it, in brackets what may be; `(evidence)` has to be there
as far as the catalogue demands it. *Given*: what must be so beside the state.
*Clocks*: which stop (-), start (+), stand still (||), go on (>) or get more time (++).

| from | command | to | by | says | given | clocks | event |
|---|---|---|---|---|---|---|---|"""


def page() -> str:
    """The page in Markdown."""
    return "\n".join([HEAD, *_picture(), "", BESIDE, *map(_row, TRANSITIONS)]) + "\n"


def _picture() -> Iterator[str]:
    """What people, inspections and time do; escalation and orders from above, which lead nowhere, are left out."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state in IncidentState:
        holder = f" ({HELD_BY[state].lower()})" if state in HELD_BY else ""
        yield f'    state "{state} {CHINESE[state]}{holder}" as {state}'
    for state in (IncidentState.REPORTED, IncidentState.FILED):
        yield f"    [*] --> {state}"
    for (start, end), commands in _arrows().items():
        yield f"    {start} --> {end}: {', '.join(commands)}"
    for state in IncidentState:
        if state.ended:
            yield f"    {state} --> [*]"
    yield "```"


def _arrows() -> dict[tuple[IncidentState, IncidentState], list[str]]:
    """The commands between two states."""
    found: dict[tuple[IncidentState, IncidentState], list[str]] = {}
    for (state, command), step in TRANSITIONS.items():
        if command not in (Command.ESCALATE, Command.SUPERVISE, Command.REMIND, Command.CHASE):
            found.setdefault((state, step.to), []).append(command.lower().replace("_", " "))
    return found


def _row(pair: tuple[IncidentState, Command]) -> str:
    state, command = pair
    step = TRANSITIONS[pair]
    words = (
        f"{state}",
        f"{command} {label(command, 'zh-CN')}".strip(),
        f"{step.to}",
        ", ".join(who.lower() for who in step.by),
        ", ".join([*step.needs, *(_may(step, need) for need in step.takes)]),
        ", ".join(step.given),
        _clocks(step),
        f"`{step.emits}`",
    )
    return f"| {' | '.join(words)} |"


def _may(step: Step, need: Need) -> str:
    return f"({need})" if need is Need.EVIDENCE and step.proven else f"[{need}]"


def _clocks(step: Step) -> str:
    marks = (("-", step.stops), ("+", step.starts), ("||", step.pauses), (">", step.resumes), ("++", step.extends))
    return ", ".join(f"{mark}{kind}" for mark, kinds in marks for kind in kinds).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="deploy.incident_states", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder that is written to")
    folder: Path = parser.parse_args().out
    folder.mkdir(exist_ok=True)
    (folder / "incident-states.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
