"""The states of an incident, what can be asked of it, and by whom. How they belong together: `transitions`."""

from __future__ import annotations

from enum import StrEnum


class IncidentState(StrEnum):
    """Where an incident stands."""

    FILED = "FILED"
    DISPATCHED = "DISPATCHED"
    ACCEPTED = "ACCEPTED"
    HANDLED = "HANDLED"
    VERIFIED = "VERIFIED"
    CLOSED = "CLOSED"
    REFERRED = "REFERRED"
    """Returned once too often: a coordinator decides whose it is."""
    ON_HOLD = "ON_HOLD"
    """Put off until a review, by the grid centre's leave; its clock stands still."""
    MERGED = "MERGED"
    """A duplicate: it waits for its main incident, and ends with it."""
    VOIDED = "VOIDED"
    """Filed by mistake; it counts as none. Its reporter may object."""
    REPORTED = "REPORTED"
    """The public says so; it is to be checked on site."""
    CHECKED = "CHECKED"
    """It was checked; a seat decides whether it is filed."""
    DECLINED = "DECLINED"
    """Not accepted, or not filed after the check."""
    OUTSIDE = "OUTSIDE"
    """A body without a login here has to act; the clock of whoever sent it there stands still, and another runs."""

    @property
    def ended(self) -> bool:
        """Nobody holds it any more."""
        return self in (IncidentState.CLOSED, IncidentState.VOIDED, IncidentState.DECLINED)

    @property
    def filed(self) -> bool:
        """It was filed at some time."""
        return self not in (IncidentState.REPORTED, IncidentState.CHECKED, IncidentState.DECLINED)


class Command(StrEnum):
    """What can be asked of an incident."""

    CONFIRM = "CONFIRM"
    """Say that it is as reported, after a look on site."""
    DENY = "DENY"
    """Say that it is not."""
    FILE = "FILE"
    REJECT = "REJECT"
    """Do not accept a report, without a look."""
    DECLINE = "DECLINE"
    """Do not file it after the look."""
    OBJECT = "OBJECT"
    DISPATCH = "DISPATCH"
    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    REFER = "REFER"
    """Return it though it was returned before."""
    INSPECT = "INSPECT"
    """An inspection of it was opened."""
    HANDLE = "HANDLE"
    PROGRESS = "PROGRESS"
    """A stage of the handling is done, and there is another one."""
    ASK_HOLD = "ASK_HOLD"
    ASK_EXTENSION = "ASK_EXTENSION"
    GRANT_HOLD = "GRANT_HOLD"
    GRANT_EXTENSION = "GRANT_EXTENSION"
    REFUSE_TIME = "REFUSE_TIME"
    """Refuse the hold or the extension that was asked for."""
    RESUME = "RESUME"
    END_HOLD = "END_HOLD"
    """End a hold that the department would go on with."""
    SEND_OUTSIDE = "SEND_OUTSIDE"
    OUTSIDE_DONE = "OUTSIDE_DONE"
    """Write down that the outside body did it."""
    OUTSIDE_UNDONE = "OUTSIDE_UNDONE"
    """Write down that it did not."""
    PASS = "PASS"
    REWORK = "REWORK"
    CLOSE = "CLOSE"
    DISMISS = "DISMISS"
    """Close it as a duplicate, or because nothing was found."""
    MERGE = "MERGE"
    SPLIT = "SPLIT"
    """It is no duplicate after all."""
    SPLIT_TO_CHECK = "SPLIT_TO_CHECK"
    """The same of a report that was merged before it was checked."""
    SPLIT_TO_FILE = "SPLIT_TO_FILE"
    """The same of a report that was merged before it was filed."""
    FOLLOW = "FOLLOW"
    """End as the main incident ended."""
    REJOIN = "REJOIN"
    """Go on as the main incident goes on, which was reopened."""
    VOID = "VOID"
    REOPEN = "REOPEN"
    RATE = "RATE"
    """Say whether one is content with the outcome."""
    ESCALATE = "ESCALATE"
    SUPERVISE = "SUPERVISE"
    """Order that it is handled by a day (督办)."""
    REMIND = "REMIND"
    """The day of such an order has passed: whoever gave it is told."""
    CHASE = "CHASE"
    """Say that a hold or an extension waits to be decided on, and that the time for that runs out or is used up."""


class Who(StrEnum):
    """On whose behalf a command is given."""

    CENTRE = "CENTRE"
    """The county's grid centre."""
    DEPARTMENT = "DEPARTMENT"
    """The department in charge; an inspection speaks for its department."""
    COORDINATOR = "COORDINATOR"
    """The lowest grid centre on record that all departments that returned it are below."""
    DISPATCHER = "DISPATCHER"
    """Who decides whose it is: the county's grid centre, or the coordinator of what that one bound."""
    CITY = "CITY"
    """The city's grid centre, above every county's."""
    REPORTER = "REPORTER"
    """Whoever reported it."""
    TIMER = "TIMER"
    """Nobody: time has passed."""


class ClosingOutcome(StrEnum):
    """How an incident ended."""

    HANDLED = "HANDLED"
    NOT_FOUND_ON_SITE = "NOT_FOUND_ON_SITE"
    DUPLICATE = "DUPLICATE"


class DeclineKind(StrEnum):
    """How a report was declined."""

    NOT_ACCEPTED = "NOT_ACCEPTED"
    NOT_FILED = "NOT_FILED"


class OutsideAnswer(StrEnum):
    """What an outside body answered."""

    DONE = "DONE"
    FAILED = "FAILED"
    REFUSED = "REFUSED"


class HandlingOutcome(StrEnum):
    """How an incident was handled: as its department said, or as an inspection ended."""

    REPORTED = "REPORTED"
    IN_ORDER = "IN_ORDER"
    RECTIFIED = "RECTIFIED"


class ReturnReason(StrEnum):
    """Why a department returned an incident."""

    NOT_OUR_DUTY = "NOT_OUR_DUTY"
    ELSEWHERE = "ELSEWHERE"
    UNCLEAR = "UNCLEAR"


class TimeKind(StrEnum):
    """What a department asks for that cannot be done in time."""

    HOLD = "HOLD"
    EXTENSION = "EXTENSION"


class Satisfaction(StrEnum):
    """What whoever reported it thinks of the outcome."""

    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"
