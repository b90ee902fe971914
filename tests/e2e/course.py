"""The whole chain, step by step, with how the case stands after each as the services' own answers say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.e2e.chain import DEPARTMENT, SPOILED, Chain
from tests.e2e.city import CENTRE, Json

RECTIFY_WITHIN = timedelta(days=7)


@dataclass
class Standing:
    """How a case stands. `handed`: who got it and when, the one of now last; None: nobody any more."""

    handed: list[tuple[str | None, datetime]] = field(default_factory=list)
    deadline: datetime | None = None

    @property
    def holder(self) -> str | None:
        """Code of the department that has it."""
        return self.handed[-1][0]

    @property
    def since(self) -> datetime:
        """When that one got it."""
        return self.handed[-1][1]

    def held(self, until: datetime) -> dict[str, tuple[timedelta, int]]:
        """How long each department had it until then, and how many times it came to them."""
        found: dict[str, tuple[timedelta, int]] = {}
        ends = [*(moment for _, moment in self.handed[1:]), until]
        for (who, begun), end in zip(self.handed, ends, strict=True):
            if who is not None:
                time, times = found.get(who, (timedelta(), 0))
                found[who] = (time + end - begun, times + 1)
        return found


def course(chain: Chain) -> Iterator[Standing]:
    """Lead the chain on, and tell after each step how the case has to stand."""
    filed = chain.file()
    standing = Standing([(CENTRE, moment(filed["filedAt"]))], moment(filed["deadline"]))
    yield standing

    dispatched = chain.led("dispatch", chain.city.dispatch(filed))
    chain.await_inspection()
    chain.incident_is("ACCEPTED")
    standing.handed.append((DEPARTMENT, moment(dispatched["dispatchedAt"])))
    standing.deadline = moment(dispatched["handleBy"])
    yield standing

    chain.inspect("assign", chain.officer(), officers=chain.officer_ids())
    yield standing

    chain.inspect("recordFinding", chain.officer(1), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    chain.licence_is("SUSPENDED")
    yield standing

    rectify_by = datetime.now(UTC) + RECTIFY_WITHIN
    chain.inspect("orderRectification", chain.officer(), rectifyBy=rectify_by.isoformat())
    standing.deadline = moment(chain.inspection["rectifyBy"])
    yield standing

    chain.inspect("recordRecheck", chain.officer(1), passed=True)
    yield standing

    chain.inspect("close", chain.officer())
    chain.licence_is("VALID")
    handled = chain.incident_is("HANDLED")
    standing.handed.append((CENTRE, moment(handled["handledAt"])))
    standing.deadline = moment(handled["deadline"])
    yield standing

    verified = chain.led("verify", chain.city.verify(handled))
    standing.deadline = moment(verified["deadline"])
    yield standing

    closed = chain.led("close", chain.city.close(verified))
    standing.handed.append((None, moment(closed["closedAt"])))
    standing.deadline = None
    yield standing


def moment(text: str) -> datetime:
    """A moment of an answer, as envelopes tell it: to the millisecond."""
    told = datetime.fromisoformat(text)
    return told.replace(microsecond=told.microsecond // 1000 * 1000)


def seconds(text: str) -> timedelta:
    """A duration of an answer."""
    return timedelta(seconds=float(text.removesuffix("s")))


def held(answer: Json) -> dict[str, tuple[timedelta, int]]:
    """How long each department had a case, and how many times, as the case trace says."""
    return {
        each["holder"].removeprefix("department/"): (seconds(each["time"]), each["times"]) for each in answer["held"]
    }
