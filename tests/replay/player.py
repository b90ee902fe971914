"""Plays the year: what people do and what is due, one after the other in the order of simulated time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from deploy.local.replaying.mapping import Mapped
from services.grid import usecases
from services.grid.domain.clocks import ClockKind, Verdict
from services.grid.domain.incidents import Incident
from services.grid.domain.states import ClosingOutcome, IncidentState, TimeKind
from services.grid.store.incident_rows import INCIDENT, incident_of
from services.grid.usecases import DISPATCH, Finding
from tests.replay.acting import CITIZENS, TAKEN, Said, file, speaker
from tests.replay.city import City, DueRow, settle
from tests.replay.fate import mains_of, steps_of
from tests.replay.figures import Figures, Tally
from tests.replay.rows import BEGIN, END
from tests.replay.steps import Action, Step

MONTH = timedelta(days=30)

Say = Callable[[str], None]
FIGURE_OF = {
    Action.RETURN: "returned",
    Action.REWORK: "reworked",
    Action.SEND_OUTSIDE: "outside",
    Action.REOPEN: "reopened",
}
"""What is counted of the department that has the incident, by what is done."""


@dataclass(slots=True)
class Played:
    """A row with its incident, once it is filed."""

    mapped: Mapped
    steps: list[Step]
    main: str | None
    id: UUID | None = None


class Player:
    """One run. `counts` is what was done, by action and by what a look at a due incident found."""

    def __init__(self, city: City, rows: Iterable[Mapped], seed: int, say: Say) -> None:
        self._city, self._say, self._tally = city, say, Tally()
        mapped = list(rows)
        mains = mains_of(each.row for each in mapped)
        self._rows = {each.row.key: _played(each, seed, mains.get(each.row.key)) for each in mapped}
        self.counts: Counter[str] = Counter()

    def play(self) -> Figures:
        """Play the whole year, and say what each department did."""
        steps = [(step.at, key, place) for key, row in self._rows.items() for place, step in enumerate(row.steps)]
        heapq.heapify(steps)
        month = BEGIN
        while moment := self._next(steps):
            if moment >= month:
                self._say(f"{month:%Y-%m-%d}: {sum(self.counts.values()):,} done")
                month += MONTH
        self._city.clock.set(END)
        return self._figures()

    def _next(self, steps: list[tuple[datetime, str, int]]) -> datetime | None:
        """Do what comes first, and say when that was; None when the year is over."""
        due = self._city.next_due()
        at = min((each for each in (due and due.at, steps[0][0] if steps else None) if each), default=END)
        if at >= END:
            return None
        # A step may begin with a deadline that has passed: what is due then is due now.
        self._city.clock.set(max(at, self._city.clock.now()))
        if due and due.at <= at:
            self._do(due)
        else:
            _, key, place = heapq.heappop(steps)
            self._act(self._rows[key], self._rows[key].steps[place])
        return self._city.clock.now()

    def _act(self, row: Played, step: Step) -> None:
        before, after = self._taken(row, step)
        row.id = after.id
        if before is None or before.version != after.version:
            self.counts[step.action] += 1
            self._tell(before, after, step.action)

    def _tell(self, before: Incident | None, after: Incident, action: Action) -> None:
        """What a step adds to the figures of a department."""
        if before and (figure := FIGURE_OF.get(action)):
            self._tally.add(before.department or after.department, figure)
        if before and before.asked and action in (Action.GRANT, Action.GRANT_ONE):
            self._tally.add(after.department, "held" if before.asked.kind is TimeKind.HOLD else "extended")

    def _taken(self, row: Played, step: Step) -> tuple[Incident | None, Incident]:
        action = step.action
        if row.id is None:
            with self._city.desk(action, CITIZENS) as desk:
                return None, file(desk, row.mapped, action)
        with self._city.desk(action) as desk:
            before = desk.incidents.load(row.id, "")
        with self._city.desk(action, speaker(before, action)) as desk:
            main = self._rows[row.main].id if row.main else None
            return before, TAKEN[action](desk, before, Said(main, step.until))

    def _do(self, due: DueRow) -> None:
        """The timer's work: `GridService.dispatch_incident` or `GridService.look_at_incident`."""
        self.counts[self._dispatch(due) if due.name == DISPATCH else self._look(due)] += 1

    def _dispatch(self, due: DueRow) -> str:
        with self._city.desk("dispatch_incident") as desk:
            dispatching, limits, id = desk.dispatching, desk.limits, UUID(due.key)
            usecases.dispatch_by_itself(desk.uow, desk.incidents, desk.reference, dispatching, id, limits)
            settle(desk, due)
            sent = desk.incidents.load(id, "").state is IncidentState.DISPATCHED
        return "sent by a rule" if sent else "left to the seat"

    def _look(self, due: DueRow) -> str:
        with self._city.desk("look_at_incident") as desk:
            found = usecases.check_clock(desk.uow, desk.incidents, desk.limits, UUID(due.key), due.at)
            settle(desk, due)
            if found is Finding.OVERDUE:
                incident = desk.incidents.load(UUID(due.key), "")
                self._tally.add(incident.holder, incident.level.value)
        return f"found {found.value}"

    def forgotten(self) -> int:
        """How many incidents the sweep has to mend at the end: none, or somebody would not have been told."""
        mended = 0
        while True:
            with self._city.desk("mend_incidents") as desk:
                if usecases.repair_next(desk.uow, desk.incidents, desk.reference, desk.limits) is None:
                    return mended
            mended += 1

    def _figures(self) -> Figures:
        """What was counted on the way, and how each incident stands at the end."""
        for row in self._city.rows(sa.select(INCIDENT)):
            _count(self._tally, incident_of(row))
        return self._tally.figures()


def _played(mapped: Mapped, seed: int, main: str | None) -> Played:
    steps = [step for step in steps_of(mapped.row, seed, main) if step.at < END]
    return Played(mapped, steps, main)


def _count(tally: Tally, incident: Incident) -> None:
    duplicate = incident.main is not None or incident.closing_outcome is ClosingOutcome.DUPLICATE
    at = incident.owner if duplicate or not incident.department else incident.department
    tally.add(at, "filed")
    if incident.state.ended:
        tally.add(at, "closed")
    if duplicate:
        tally.add(at, "duplicates")
    elif incident.department:
        tally.add(at, _timeliness(incident))


def _timeliness(incident: Incident) -> str:
    verdicts = {
        each.verdict(END)
        for each in incident.clocks
        if each.kind is ClockKind.HANDLE and each.department == incident.department
    }
    if verdicts & {Verdict.MISSED, Verdict.OVERDUE}:
        return "late"
    return "in time" if verdicts == {Verdict.KEPT} else "running"
