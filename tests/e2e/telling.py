"""What the case trace says of a case, and what really happened to it: as the services themselves wrote it down."""

from __future__ import annotations

from deploy.local import parts
from deploy.local.client import ApiError
from tests.e2e.city import City, Json
from tests.waiting import wait_for

OBSERVER = "casetrace"
ACTORS = parts.acting()
LOGGED = "SELECT event_id::text AS id, type, headers FROM chassis.event_log WHERE case_number = %s"
EVERY = "SELECT event_id::text AS id, case_number, headers FROM chassis.event_log WHERE case_number IS NOT NULL"
# How an event stands that is not taken yet is said beside the inbox, too, and changes there first.
MET = (
    "SELECT i.event_id, i.consumer, coalesce(replace(p.state, 'DEFERRED', 'RETRYING'), upper(i.outcome)) AS outcome"
    " FROM chassis.inbox i LEFT JOIN chassis.parked_event p USING (consumer, event_id) WHERE i.case_number = %s"
)


def ask(city: City, path: str, query: dict[str, str] | None = None) -> Json:
    """What the operator is answered."""
    return city.gateway.get(path, query, door=city.people.operator()).body


def happened(city: City, number: str) -> tuple[set[tuple[str, str]], set[tuple[str, str, str, str]]]:
    """What the services themselves wrote down: events, and what became of them by service and consumer."""
    events = {(row["id"], row["type"]) for name in ACTORS for row in city.rows(name, LOGGED, number)}
    effects = {
        (row["event_id"], name, row["consumer"], row["outcome"])
        for name in ACTORS
        for row in city.rows(name, MET, number)
    }
    return events, effects


def told(city: City, number: str) -> tuple[set[tuple[str, str]], set[tuple[str, str, str, str]]]:
    """The same as the case trace has it."""
    try:
        answer = ask(city, f"/v1/cases/{number}")
    except ApiError as error:
        assert error.reason == "CASE_NOT_FOUND"
        return set(), set()
    events = {(event["eventId"], event["type"]) for event in answer["events"]}
    effects = {
        (event["eventId"], each["service"], each["consumer"], each["outcome"].removeprefix("EFFECT_OUTCOME_"))
        for event in answer["events"]
        for each in event["effects"]
    }
    return events, effects


def settled(city: City, number: str) -> Json:
    """The answer once the case trace and the services say the same."""
    try:
        wait_for("both say the same", lambda: told(city, number) == happened(city, number))
    except AssertionError:
        said, was = told(city, number), happened(city, number)
        raise AssertionError(f"they differ in events {said[0] ^ was[0]}, effects {said[1] ^ was[1]}") from None
    return ask(city, f"/v1/cases/{number}")


def by_time(city: City, number: str) -> list[Json]:
    """The case's events as their services logged them, in order."""
    rows = [row for name in ACTORS for row in city.rows(name, LOGGED, number)]
    return sorted(rows, key=lambda row: (row["headers"]["ce_time"], row["id"]))


def linked(city: City, number: str) -> set[str]:
    """Other cases that have to do with the same things: one names what the other is or names."""
    named: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for row in (row for name in ACTORS for row in city.rows(name, EVERY)):
        case = row["case_number"]
        links = [link.partition(":") for link in row["headers"].get("ce_links", "").split(",") if link]
        named.setdefault(case, set()).update(target for kind, _, target in links if kind != "caused")
        known.setdefault(case, {case}).update({row["id"], row["headers"]["ce_subject"]})
    about = named[number] | known[number]
    return {case for case in named if case != number and (named[case] & about or known[case] & named[number])}
