"""Refusals as rows of a table: what is asked, how it is refused, and that nothing came of it.

Every refusal has an HTTP status, a reason for machines, Chinese and English for people, a trace id to quote, and all
fields at fault at once. It changes nothing, and who is known to have asked stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.e2e.city import COUNTY, COUNTY_ELSEWHERE, City, Json
from tests.e2e.door import Reply, assert_refused
from tests.waiting import wait_for

TABLES = {"grid": "incident", "inspection": "inspection", "certificates": "certificate"}
IDS = {"/v1/incidents": "incidentId", "/v1/inspections": "inspectionId", "/v1/certificates": "certificateId"}

# A person of the sample city.
CITIZEN = "019b76da-a800-7357-95b1-e3b9aecda407"

Caller = Callable[[City], str | None]
"""Somebody who calls, by their token."""


@dataclass(frozen=True)
class Refused:
    """One row: what is asked, and how it is refused. `fields`: those at fault, with the rules that each breaks.

    `audited_by` is the service in whose audit log it stands; None when the caller is not known or got no further than
    the gateway.
    """

    what: str
    ask: Callable[[Any], Reply]
    status: int
    reason: str
    fields: Mapping[str, str] = field(default_factory=dict)
    audited_by: str | None = "grid"


def assert_without_effect(city: City, service: str, scene: Any, row: Refused) -> None:
    """What the row asks is refused as it says, it is audited, and nothing has changed in this service."""
    before = books(city, service)

    reply = row.ask(scene)

    error = assert_refused(reply, row.status, row.reason)
    assert reply.fields == row.fields, reply.fields
    after = books(city, service)
    assert after == before, (before, after)
    if row.audited_by:
        audit_row(city, row.audited_by, error.request_id, row.reason)


def books(city: City, service: str) -> Json:
    """What a change would have changed in a service: its things and their versions, events, kept outcomes, jobs."""
    return city.one(
        service,
        f"SELECT (SELECT count(*) FROM {TABLES[service]}) AS things,"
        f" (SELECT sum(version) FROM {TABLES[service]}) AS versions,"
        " (SELECT count(*) FROM chassis.event_log) AS events, (SELECT count(*) FROM chassis.idempotency) AS outcomes,"
        " (SELECT count(*) FROM chassis.job) AS jobs",
    )


def audit_row(city: City, service: str, trace_id: str, reason: str) -> None:
    """The refusal of a known caller stands in the service's audit log."""
    (row,) = wait_for("the audit row", lambda: city.audit(service, trace_id))
    assert (row["outcome"], row["workload"]) == (reason, "gateway")
    assert row["client"]


def nobody(city: City) -> None:
    """Somebody without a token."""


def operations(city: City) -> str:
    """A member system without any of the scopes that a case needs."""
    return city.people.operations.token()


def office(city: City) -> str:
    """A member system with every scope of the departments, for which no person speaks."""
    return city.people.office.token()


def citizen(city: City) -> str:
    """The citizen app."""
    return city.people.citizens.token()


def another_citizen(city: City) -> str:
    """A citizen who signed in with the citizen app and has reported nothing that the app itself did."""
    return city.people.citizens.speaking_for(CITIZEN).token()


def seat(city: City) -> str:
    """The seat of the county's centre."""
    return city.people.seat(COUNTY).token()


def seat_elsewhere(city: City) -> str:
    """The seat of another county's centre."""
    return city.people.seat(COUNTY_ELSEWHERE).token()


def officer_of(department: str, county: str = COUNTY) -> Caller:
    """The officer of a department."""
    return lambda city: city.people.officer(f"{county}-{department}").token()


def coordinator_of(department: str) -> Caller:
    """The coordinator of one of the county's departments, who may send on what the department holds."""
    return lambda city: city.people.coordinator(f"{COUNTY}-{department}").token()


@dataclass(frozen=True)
class Scene:
    """Things of one kind, by the name of the step for which each stands ready, or of the state that it is in."""

    city: City
    path: str
    things: Mapping[str, Json]

    def ask(self, step: Step, by: Caller | None = None, thing: str = "", **said: Any) -> Reply:
        """The step as it would be right, but by somebody else, on another thing, or with something else said."""
        token = (by or step.by)(self.city)
        body = {**step.said(self), **said}
        where = self.path
        if step.on_a_thing:
            named = self.things[thing or step.what]
            where += f"/{named[IDS[self.path]]}"
            body = ({} if not step.takes_version else {"version": named["version"]}) | body
        if step.reads:
            where += f"/{step.command}" if step.command else ""
            return self.city.door.get(f"{where}?{urlencode(body)}" if body else where, token)
        return self.city.door.post(f"{where}:{step.command}" if step.command else where, token, body)


@dataclass(frozen=True)
class Step:
    """A step of a case: what it is called, who may take it, and what is said with it.

    `command` is empty for what makes a thing, or reads it or a list; `level` says whether a person must have signed in.
    """

    what: str
    command: str
    by: Caller
    said: Callable[[Scene], Json] = lambda scene: {}
    on_a_thing: bool = True
    takes_version: bool = True
    reads: bool = False
    level: bool = True


def wrong_callers(step: Step, service: str) -> Iterator[Refused]:
    """Callers whom the door refuses, whatever the thing is: without a token, scope or level."""

    def row(who: str, by: Caller, status: int, reason: str, audited_by: str | None = service) -> Refused:
        what = f"{step.what}: {who}"
        return Refused(what, lambda scene: scene.ask(step, by), status, reason, audited_by=audited_by)

    yield row("without a token", nobody, 401, "TOKEN_MISSING", None)
    yield row("without the scope", operations, 403, "SCOPE_MISSING")
    if step.level:
        yield row("a member system for which no person speaks", office, 403, "LEVEL_TOO_LOW")


def stale(step: Step, service: str) -> Refused:
    """The step by somebody who saw another version of the thing."""

    def ask(scene: Scene) -> Reply:
        return scene.ask(step, version=int(scene.things[step.what]["version"]) + 1)

    return Refused(f"{step.what}: another version", ask, 409, "STALE_VERSION", audited_by=service)


def refused_on(
    step: Step, service: str, how: str, status: int, reason: str, *, by: Caller | None = None, thing: str = "",
    fields: Mapping[str, str] | None = None, **said: Any,
) -> Refused:  # fmt: skip
    """The step, refused for one thing that is wrong with it."""
    what = f"{step.what}: {how}"
    return Refused(what, lambda scene: scene.ask(step, by, thing, **said), status, reason, fields or {}, service)
