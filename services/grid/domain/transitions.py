"""The one table of the life cycle: from where to where, by whose command, under which conditions, with which effect.

Commands, clocks, events, the list of what a caller may do, and docs/incident-states.md come from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from services.grid.domain.clocks import ClockKind
from services.grid.domain.states import Command, IncidentState, Who


class Fact(StrEnum):
    """Which event a step emits, by its name in the contract."""

    REPORTED = "IncidentReported"
    CHECKED = "IncidentChecked"
    FILED = "IncidentFiled"
    DECLINED = "IncidentDeclined"
    DISPATCHED = "IncidentDispatched"
    ACCEPTED = "IncidentAccepted"
    RETURNED = "IncidentReturned"
    REFERRED = "IncidentReferred"
    TIME_ASKED = "IncidentTimeAsked"
    TIME_REFUSED = "IncidentTimeRefused"
    DECISION_AWAITED = "IncidentDecisionAwaited"
    HELD = "IncidentHeld"
    RESUMED = "IncidentResumed"
    DEADLINE_MOVED = "IncidentDeadlineMoved"
    SENT_OUTSIDE = "IncidentSentOutside"
    OUTSIDE_ANSWERED = "IncidentOutsideAnswered"
    HANDLED = "IncidentHandled"
    PROGRESSED = "IncidentProgressed"
    VERIFIED = "IncidentVerified"
    REWORK_ORDERED = "IncidentReworkOrdered"
    CLOSED = "IncidentClosed"
    MERGED = "IncidentMerged"
    SPLIT = "IncidentSplit"
    REJOINED = "IncidentRejoined"
    VOIDED = "IncidentVoided"
    REOPENED = "IncidentReopened"
    RATED = "IncidentRated"
    ESCALATED = "IncidentEscalated"
    SUPERVISED = "IncidentSupervised"
    SUPERVISION_MISSED = "IncidentSupervisionMissed"


class Need(StrEnum):
    """What has to be said with a command, by the name of its field in the contract."""

    REMARK = "remark"
    EVIDENCE = "evidence"
    DEPARTMENT = "department"
    REASON = "reason"
    OUTCOME = "outcome"
    REVIEW_AT = "review_at"
    UNITS = "units"
    MAIN = "main_incident_id"
    SATISFACTION = "satisfaction"
    CONDITION_MET = "condition_met"
    REPLY = "reply"
    BODY = "body"
    BODY_CODE = "body_code"
    REFERENCE = "reference"
    ANSWER_BY = "answer_by"
    ANSWER = "answer"
    URGENCY = "urgency"


class Given(StrEnum):
    """What must be so beside the state."""

    NOT_BOUND = "NOT_BOUND"
    """No coordinator dispatched it with binding effect."""
    NEVER_RETURNED = "NEVER_RETURNED"
    RETURNED_BEFORE = "RETURNED_BEFORE"
    NO_TIME_ASKED = "NO_TIME_ASKED"
    TIME_ASKED = "TIME_ASKED"
    HOLD_ASKED = "HOLD_ASKED"
    EXTENSION_ASKED = "EXTENSION_ASKED"
    NOT_EXTENDED = "NOT_EXTENDED"
    """The present handling has had no extension."""
    IN_TIME = "IN_TIME"
    """The department's time is not used up."""
    LATELY_CLOSED = "LATELY_CLOSED"
    NOT_RATED = "NOT_RATED"
    TIME_TO_RATE = "TIME_TO_RATE"
    """It was closed lately enough to be rated."""
    STAGE_AHEAD = "STAGE_AHEAD"
    """The handling has another stage after the present one."""
    LATELY_DECLINED = "LATELY_DECLINED"
    """It was declined or voided lately."""
    NOT_OBJECTED = "NOT_OBJECTED"
    A_DUPLICATE = "A_DUPLICATE"
    """It was closed with its main incident."""
    ONCE_FILED = "ONCE_FILED"
    """It was filed, and not objected to since."""
    NEVER_CHECKED = "NEVER_CHECKED"
    """It was neither filed nor checked on site, or was objected to since."""
    NEVER_FILED = "NEVER_FILED"
    """It was checked on site, and not filed."""
    ORDER_MISSED = "ORDER_MISSED"
    """The day of an order to see to it has passed, and nobody was told yet."""


class Step(NamedTuple):
    """Where a command leads to, and everything that belongs to it.

    `needs` has to be said with it, `takes` may be; `proven`: the evidence that the catalogue demands has to be there. Of
    the clocks that run those that are not named go on.
    """

    to: IncidentState
    by: tuple[Who, ...]
    emits: Fact
    needs: tuple[Need, ...] = ()
    takes: tuple[Need, ...] = ()
    proven: bool = False
    given: tuple[Given, ...] = ()
    stops: tuple[ClockKind, ...] = ()
    starts: tuple[ClockKind, ...] = ()
    pauses: tuple[ClockKind, ...] = ()
    resumes: tuple[ClockKind, ...] = ()
    extends: tuple[ClockKind, ...] = ()

    @property
    def moves_clocks(self) -> bool:
        """Another time runs from then on: nobody above was told of it yet."""
        return bool(self.stops or self.starts or self.pauses or self.resumes or self.extends)


_S, _C, _F, _G, _N = IncidentState, Command, Fact, Given, Need
_CENTRE, _DEPARTMENT, _COORDINATOR = (Who.CENTRE,), (Who.DEPARTMENT,), (Who.COORDINATOR,)
_DISPATCHER = (Who.DISPATCHER,)
_REPORTER, _TIMER = (Who.REPORTER,), (Who.TIMER,)
_ABOVE = (Who.CENTRE, Who.COORDINATOR, Who.CITY)
_DISPATCH, _HANDLE, _VERIFY, _CLOSE = (
    (ClockKind.DISPATCH,),
    (ClockKind.HANDLE,),
    (ClockKind.VERIFY,),
    (ClockKind.CLOSE,),
)
_ACCEPT, _BOTH = (ClockKind.ACCEPT,), (ClockKind.ACCEPT, ClockKind.HANDLE)
_CHECK, _FILE, _ANSWER, _DECIDE = (ClockKind.CHECK,), (ClockKind.FILE,), (ClockKind.ANSWER,), (ClockKind.DECIDE,)
_FIRST, _AGAIN = (_G.NOT_BOUND, _G.NEVER_RETURNED), (_G.NOT_BOUND, _G.RETURNED_BEFORE)
_WHY, _OUTCOME, _TO = (_N.REASON,), (_N.OUTCOME,), (_N.DEPARTMENT,)
_REPLY, _PROOF, _MAIN = (_N.REPLY,), (_N.EVIDENCE,), (_N.MAIN,)
_TO_WHOM, _SOON = (*_TO, _N.URGENCY), (_N.URGENCY,)
_WHOM, _HOW = (_N.BODY, _N.ANSWER_BY), (_N.BODY_CODE, _N.REFERENCE)

_SUPERVISED = (_S.FILED, _S.DISPATCHED, _S.REFERRED, _S.ACCEPTED, _S.ON_HOLD, _S.OUTSIDE, _S.HANDLED, _S.VERIFIED)

# fmt: off
TRANSITIONS: Mapping[tuple[IncidentState, Command], Step] = {
    # What the public says is looked at on site before it is filed.
    (_S.REPORTED, _C.CONFIRM): Step(_S.CHECKED, _CENTRE, _F.CHECKED, takes=(_N.REMARK, *_PROOF), stops=_CHECK, starts=_FILE),
    (_S.REPORTED, _C.DENY): Step(_S.CHECKED, _CENTRE, _F.CHECKED, needs=(_N.REMARK,), takes=_PROOF, stops=_CHECK, starts=_FILE),
    (_S.REPORTED, _C.REJECT): Step(_S.DECLINED, _CENTRE, _F.DECLINED, needs=_WHY, stops=_CHECK),
    (_S.REPORTED, _C.MERGE): Step(_S.MERGED, _CENTRE, _F.MERGED, needs=_MAIN, stops=_CHECK),
    (_S.REPORTED, _C.ESCALATE): Step(_S.REPORTED, _TIMER, _F.ESCALATED),

    (_S.CHECKED, _C.FILE): Step(_S.FILED, _CENTRE, _F.FILED, stops=_FILE, starts=_DISPATCH),
    (_S.CHECKED, _C.DECLINE): Step(_S.DECLINED, _CENTRE, _F.DECLINED, needs=_WHY, stops=_FILE),
    (_S.CHECKED, _C.MERGE): Step(_S.MERGED, _CENTRE, _F.MERGED, needs=_MAIN, stops=_FILE),
    (_S.CHECKED, _C.ESCALATE): Step(_S.CHECKED, _TIMER, _F.ESCALATED),

    (_S.DECLINED, _C.OBJECT): Step(_S.REPORTED, _REPORTER, _F.REPORTED, given=(_G.LATELY_DECLINED, _G.NOT_OBJECTED), starts=_CHECK),
    # Said to be a mistake: somebody looks on site whether it was one.
    (_S.VOIDED, _C.OBJECT): Step(_S.REPORTED, _REPORTER, _F.REPORTED, given=(_G.LATELY_DECLINED, _G.NOT_OBJECTED), starts=_CHECK),

    (_S.FILED, _C.DISPATCH): Step(_S.DISPATCHED, _CENTRE + _TIMER, _F.DISPATCHED, takes=_TO_WHOM, stops=_DISPATCH, starts=_BOTH),
    (_S.FILED, _C.DISMISS): Step(_S.CLOSED, _CENTRE, _F.CLOSED, needs=_OUTCOME + _WHY, takes=_REPLY, stops=_DISPATCH),
    (_S.FILED, _C.MERGE): Step(_S.MERGED, _CENTRE, _F.MERGED, needs=_MAIN, stops=_DISPATCH),
    (_S.FILED, _C.VOID): Step(_S.VOIDED, _CENTRE, _F.VOIDED, needs=_WHY, takes=_REPLY, stops=_DISPATCH),
    # The centre is in charge of what it sends outside itself.
    (_S.FILED, _C.SEND_OUTSIDE): Step(_S.OUTSIDE, _CENTRE, _F.SENT_OUTSIDE, needs=_WHOM, takes=_HOW, stops=_DISPATCH, starts=_HANDLE + _ANSWER, pauses=_HANDLE),
    (_S.FILED, _C.ESCALATE): Step(_S.FILED, _TIMER, _F.ESCALATED),

    (_S.DISPATCHED, _C.DISPATCH): Step(_S.DISPATCHED, _DISPATCHER, _F.DISPATCHED, takes=_TO_WHOM, stops=_BOTH, starts=_BOTH),
    (_S.DISPATCHED, _C.ACCEPT): Step(_S.ACCEPTED, _DEPARTMENT, _F.ACCEPTED, stops=_ACCEPT),
    (_S.DISPATCHED, _C.INSPECT): Step(_S.ACCEPTED, _DEPARTMENT, _F.ACCEPTED, stops=_ACCEPT),
    (_S.DISPATCHED, _C.RETURN): Step(_S.FILED, _DEPARTMENT, _F.RETURNED, needs=_WHY, given=_FIRST, stops=_BOTH, starts=_DISPATCH),
    (_S.DISPATCHED, _C.REFER): Step(_S.REFERRED, _DEPARTMENT, _F.REFERRED, needs=_WHY, given=_AGAIN, stops=_BOTH, starts=_DISPATCH),
    (_S.DISPATCHED, _C.DISMISS): Step(_S.CLOSED, _CENTRE, _F.CLOSED, needs=_OUTCOME + _WHY, takes=_REPLY, stops=_BOTH),
    (_S.DISPATCHED, _C.MERGE): Step(_S.MERGED, _DISPATCHER, _F.MERGED, needs=_MAIN, stops=_BOTH),
    (_S.DISPATCHED, _C.VOID): Step(_S.VOIDED, _CENTRE, _F.VOIDED, needs=_WHY, takes=_REPLY, stops=_BOTH),
    (_S.DISPATCHED, _C.ESCALATE): Step(_S.DISPATCHED, _TIMER, _F.ESCALATED),

    # Whoever coordinates names the department, which cannot return it then.
    (_S.REFERRED, _C.DISPATCH): Step(_S.DISPATCHED, _COORDINATOR, _F.DISPATCHED, needs=_TO, takes=_SOON, stops=_DISPATCH, starts=_BOTH),
    (_S.REFERRED, _C.DISMISS): Step(_S.CLOSED, _COORDINATOR, _F.CLOSED, needs=_OUTCOME + _WHY, takes=_REPLY, stops=_DISPATCH),
    (_S.REFERRED, _C.ESCALATE): Step(_S.REFERRED, _TIMER, _F.ESCALATED),

    # Work is taken from a department for a named one. An inspection that it opened goes on, but is no more the incident's.
    (_S.ACCEPTED, _C.DISPATCH): Step(_S.DISPATCHED, _DISPATCHER, _F.DISPATCHED, needs=_TO, takes=_SOON, stops=_HANDLE + _DECIDE, starts=_BOTH),
    (_S.ACCEPTED, _C.MERGE): Step(_S.MERGED, _DISPATCHER, _F.MERGED, needs=_MAIN, stops=_HANDLE + _DECIDE),
    # A person may have accepted it before the inspection's event came.
    (_S.ACCEPTED, _C.INSPECT): Step(_S.ACCEPTED, _DEPARTMENT, _F.ACCEPTED),
    (_S.ACCEPTED, _C.RETURN): Step(_S.FILED, _DEPARTMENT, _F.RETURNED, needs=_WHY, given=_FIRST, stops=_HANDLE + _DECIDE, starts=_DISPATCH),
    (_S.ACCEPTED, _C.REFER): Step(_S.REFERRED, _DEPARTMENT, _F.REFERRED, needs=_WHY, given=_AGAIN, stops=_HANDLE + _DECIDE, starts=_DISPATCH),
    (_S.ACCEPTED, _C.PROGRESS): Step(_S.ACCEPTED, _DEPARTMENT, _F.PROGRESSED, needs=(_N.CONDITION_MET,), given=(_G.STAGE_AHEAD,), stops=_HANDLE, starts=_HANDLE),
    (_S.ACCEPTED, _C.HANDLE): Step(_S.HANDLED, _DEPARTMENT, _F.HANDLED, takes=_PROOF, proven=True, stops=_HANDLE + _DECIDE, starts=_VERIFY),
    (_S.ACCEPTED, _C.ASK_HOLD): Step(_S.ACCEPTED, _DEPARTMENT, _F.TIME_ASKED, needs=(*_WHY, _N.REVIEW_AT), given=(_G.NO_TIME_ASKED,), starts=_DECIDE),
    (_S.ACCEPTED, _C.ASK_EXTENSION): Step(_S.ACCEPTED, _DEPARTMENT, _F.TIME_ASKED, needs=(*_WHY, _N.UNITS), given=(_G.NO_TIME_ASKED, _G.NOT_EXTENDED, _G.IN_TIME), starts=_DECIDE),
    (_S.ACCEPTED, _C.GRANT_HOLD): Step(_S.ON_HOLD, _CENTRE, _F.HELD, takes=(_N.REVIEW_AT,), given=(_G.HOLD_ASKED,), stops=_DECIDE, pauses=_HANDLE),
    (_S.ACCEPTED, _C.GRANT_EXTENSION): Step(_S.ACCEPTED, _CENTRE, _F.DEADLINE_MOVED, takes=(_N.UNITS,), given=(_G.EXTENSION_ASKED,), stops=_DECIDE, extends=_HANDLE),
    (_S.ACCEPTED, _C.REFUSE_TIME): Step(_S.ACCEPTED, _CENTRE, _F.TIME_REFUSED, needs=_WHY, given=(_G.TIME_ASKED,), stops=_DECIDE),
    (_S.ACCEPTED, _C.SEND_OUTSIDE): Step(_S.OUTSIDE, _DEPARTMENT, _F.SENT_OUTSIDE, needs=_WHOM, takes=_HOW, stops=_DECIDE, starts=_ANSWER, pauses=_HANDLE),
    (_S.ACCEPTED, _C.ESCALATE): Step(_S.ACCEPTED, _TIMER, _F.ESCALATED),
    # Whoever holds it goes on meanwhile: what is told is that the grid centre has not decided.
    (_S.ACCEPTED, _C.CHASE): Step(_S.ACCEPTED, _TIMER, _F.DECISION_AWAITED, given=(_G.TIME_ASKED,)),

    (_S.ON_HOLD, _C.RESUME): Step(_S.ACCEPTED, _DEPARTMENT + _TIMER, _F.RESUMED, resumes=_HANDLE),
    (_S.ON_HOLD, _C.END_HOLD): Step(_S.ACCEPTED, _CENTRE, _F.RESUMED, needs=_WHY, resumes=_HANDLE),
    (_S.ON_HOLD, _C.DISPATCH): Step(_S.DISPATCHED, _DISPATCHER, _F.DISPATCHED, needs=_TO, takes=_SOON, stops=_HANDLE, starts=_BOTH),
    (_S.ON_HOLD, _C.MERGE): Step(_S.MERGED, _DISPATCHER, _F.MERGED, needs=_MAIN, stops=_HANDLE),
    (_S.ON_HOLD, _C.INSPECT): Step(_S.ACCEPTED, _DEPARTMENT, _F.ACCEPTED, resumes=_HANDLE),
    (_S.ON_HOLD, _C.HANDLE): Step(_S.HANDLED, _DEPARTMENT, _F.HANDLED, takes=_PROOF, proven=True, stops=_HANDLE, starts=_VERIFY),

    (_S.OUTSIDE, _C.SEND_OUTSIDE): Step(_S.OUTSIDE, _DEPARTMENT, _F.SENT_OUTSIDE, needs=_WHOM, takes=_HOW, stops=_ANSWER, starts=_ANSWER),
    (_S.OUTSIDE, _C.DISPATCH): Step(_S.DISPATCHED, _DISPATCHER, _F.DISPATCHED, needs=_TO, takes=_SOON, stops=_HANDLE + _ANSWER, starts=_BOTH),
    (_S.OUTSIDE, _C.MERGE): Step(_S.MERGED, _DISPATCHER, _F.MERGED, needs=_MAIN, stops=_HANDLE + _ANSWER),
    (_S.OUTSIDE, _C.OUTSIDE_DONE): Step(_S.ACCEPTED, _DEPARTMENT, _F.OUTSIDE_ANSWERED, stops=_ANSWER, resumes=_HANDLE),
    (_S.OUTSIDE, _C.OUTSIDE_UNDONE): Step(_S.ACCEPTED, _DEPARTMENT, _F.OUTSIDE_ANSWERED, needs=(_N.ANSWER, *_WHY), stops=_ANSWER, resumes=_HANDLE),
    (_S.OUTSIDE, _C.INSPECT): Step(_S.ACCEPTED, _DEPARTMENT, _F.ACCEPTED, stops=_ANSWER, resumes=_HANDLE),
    (_S.OUTSIDE, _C.HANDLE): Step(_S.HANDLED, _DEPARTMENT, _F.HANDLED, takes=_PROOF, proven=True, stops=_HANDLE + _ANSWER, starts=_VERIFY),
    (_S.OUTSIDE, _C.ESCALATE): Step(_S.OUTSIDE, _TIMER, _F.ESCALATED),

    (_S.HANDLED, _C.PASS): Step(_S.VERIFIED, _CENTRE, _F.VERIFIED, takes=_PROOF, proven=True, stops=_VERIFY, starts=_CLOSE),
    (_S.HANDLED, _C.REWORK): Step(_S.ACCEPTED, _CENTRE, _F.REWORK_ORDERED, stops=_VERIFY, starts=_HANDLE),
    (_S.HANDLED, _C.ESCALATE): Step(_S.HANDLED, _TIMER, _F.ESCALATED),

    (_S.VERIFIED, _C.CLOSE): Step(_S.CLOSED, _CENTRE, _F.CLOSED, needs=_OUTCOME, takes=_REPLY, stops=_CLOSE),
    (_S.VERIFIED, _C.DISMISS): Step(_S.CLOSED, _CENTRE, _F.CLOSED, needs=_OUTCOME + _WHY, takes=_REPLY, stops=_CLOSE),
    (_S.VERIFIED, _C.ESCALATE): Step(_S.VERIFIED, _TIMER, _F.ESCALATED),

    (_S.MERGED, _C.FOLLOW): Step(_S.CLOSED, _TIMER, _F.CLOSED),
    # Split off, it is where it was on its way in; once filed, it waits for a dispatch of its own.
    (_S.MERGED, _C.SPLIT): Step(_S.FILED, _CENTRE + _TIMER, _F.SPLIT, given=(_G.ONCE_FILED,), starts=_DISPATCH),
    (_S.MERGED, _C.SPLIT_TO_CHECK): Step(_S.REPORTED, _CENTRE + _TIMER, _F.SPLIT, given=(_G.NEVER_CHECKED,), starts=_CHECK),
    (_S.MERGED, _C.SPLIT_TO_FILE): Step(_S.CHECKED, _CENTRE + _TIMER, _F.SPLIT, given=(_G.NEVER_FILED,), starts=_FILE),

    (_S.CLOSED, _C.REOPEN): Step(_S.FILED, _REPORTER, _F.REOPENED, given=(_G.LATELY_CLOSED,), starts=_DISPATCH),
    # The same problem for all who reported it: what was closed with the main incident goes on with it.
    (_S.CLOSED, _C.REJOIN): Step(_S.MERGED, _TIMER, _F.REJOINED, given=(_G.A_DUPLICATE,)),
    (_S.CLOSED, _C.RATE): Step(_S.CLOSED, _REPORTER, _F.RATED, needs=(_N.SATISFACTION,), given=(_G.NOT_RATED, _G.TIME_TO_RATE)),

    # An order of a level above goes on whoever holds it, until it is verified; another one takes its place.
    **{(state, _C.SUPERVISE): Step(state, _ABOVE, _F.SUPERVISED, needs=(*_WHY, _N.ANSWER_BY)) for state in _SUPERVISED},
    **{(state, _C.REMIND): Step(state, _TIMER, _F.SUPERVISION_MISSED, given=(_G.ORDER_MISSED,)) for state in _SUPERVISED},
}
"""(from, command) -> step. What is not in the table is refused as WRONG_STATE."""
# fmt: on


def command_of(state: IncidentState, step: Step) -> Command:
    """By which command a step of the table is taken from a state."""
    return next(command for (origin, command), each in TRANSITIONS.items() if origin is state and each is step)


HELD_BY: Mapping[IncidentState, Who] = {
    _S.REPORTED: Who.CENTRE,
    _S.CHECKED: Who.CENTRE,
    _S.FILED: Who.CENTRE,
    _S.REFERRED: Who.COORDINATOR,
    _S.DISPATCHED: Who.DEPARTMENT,
    _S.ACCEPTED: Who.DEPARTMENT,
    _S.ON_HOLD: Who.DEPARTMENT,
    _S.OUTSIDE: Who.DEPARTMENT,
    _S.HANDLED: Who.CENTRE,
    _S.VERIFIED: Who.CENTRE,
    _S.MERGED: Who.CENTRE,
}
"""Who holds an incident in which state; in the others nobody does."""
