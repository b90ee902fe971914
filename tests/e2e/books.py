"""Reports under load, and the books about them: one effect for every acknowledged command, nothing lost or doubled.

The load files reports and dispatches them, several at a time, and repeats under the same key what was not acknowledged.
The books are read where things lie: the services' databases, Kafka, the mail folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes

from tests.e2e.city import GRID_TOPIC, NOTIFICATION_TOPIC, City, Json, Record
from tests.e2e.loads import INSPECTED, Load
from tests.waiting import wait_for

SETTLED_WITHIN_S = 90.0
EVENTS = {1: "egov.grid.v1.IncidentFiled", 2: "egov.grid.v1.IncidentDispatched"}


@dataclass(frozen=True)
class Repeats:
    """What may be there twice under one id, since delivery is at least once: records in Kafka, mails."""

    records: int
    mails: int


NO_REPEATS = Repeats(records=0, mails=0)


def balance(work: Load) -> Repeats:
    """Wait until everything has had its effect, then bring the books together. AssertionError names what differs."""
    settle(work.city)
    events = _events_of(work)
    _state(work)
    records = _in_kafka(work, events)
    _inspections(work, events)
    notices = _notices(work, events)
    return Repeats(records, _mails(work, notices))


def settle(city: City) -> None:
    """Wait until nothing is on its way: outboxes, consumers, jobs."""
    wait_for("the outboxes are empty", lambda: not (outbox(city, "grid") or outbox(city, "notification")),
             within_s=SETTLED_WITHIN_S)  # fmt: skip
    logged = {str(row["event_id"]) for row in city.rows("grid", "SELECT event_id FROM chassis.event_log")}

    def taken() -> bool:
        return logged <= {row["event_id"] for row in city.rows("notification", "SELECT event_id FROM chassis.inbox")}

    def inspected() -> bool:
        asked = "SELECT event_id FROM chassis.event_log WHERE type = %s"
        dispatched = {str(row["event_id"]) for row in city.rows("grid", asked, EVENTS[2])}
        return dispatched <= {row["event_id"] for row in city.rows("inspection", "SELECT event_id FROM chassis.inbox")}

    wait_for("every event is taken", taken, within_s=SETTLED_WITHIN_S)
    wait_for("every dispatch is taken", inspected, within_s=SETTLED_WITHIN_S)
    wait_for("the outboxes are empty", lambda: not outbox(city, "notification"))
    wait_for("the jobs are done", lambda: not pending_jobs(city), within_s=SETTLED_WITHIN_S)


def outbox(city: City, service: str) -> int:
    """How many events wait to be sent."""
    return int(city.one(service, "SELECT count(*) FROM chassis.outbox")["count"])


def pending_jobs(city: City) -> int:
    """How many mails wait to be sent."""
    return int(city.one("notification", "SELECT count(*) FROM chassis.job WHERE state = 'PENDING'")["count"])


def end_leases(city: City) -> None:
    """Let the time of the mails' leases be over. A runner that died keeps its mail until then: a minute and a half."""
    with city.stack.database("notification", owner=True) as connection:
        connection.execute("UPDATE chassis.job SET lease_until = now() WHERE lease_until > now()")


def _state(work: Load) -> None:
    """One incident per report, dispatched once; one kept outcome and one audit row per command."""
    rows = work.city.rows("grid", "SELECT * FROM incident WHERE reference LIKE %s", f"{work.prefix}/%")
    assert sorted(str(row["id"]) for row in rows) == sorted(incident["incidentId"] for incident in work.filed)
    assert {(row["state"], row["version"]) for row in rows} == {("DISPATCHED", 2)}

    cases = [row["case_number"] for row in rows]
    kept = work.city.one("grid", "SELECT count(*) FROM chassis.idempotency WHERE case_number = ANY(%s)", cases)
    done = work.city.one(
        "grid", "SELECT count(*) FROM chassis.audit_log WHERE case_number = ANY(%s) AND outcome = 'OK'", cases
    )
    assert (kept["count"], done["count"]) == (work.commands, work.commands)


def _events_of(work: Load) -> Mapping[str, Json]:
    """The events in grid's log, by id: one for every acknowledged command, and no other."""
    ids = [incident["incidentId"] for incident in work.filed]
    rows = work.city.rows("grid", "SELECT * FROM chassis.event_log WHERE aggregate_id = ANY(%s)", ids)
    there = Counter((row["aggregate_id"], row["aggregate_version"], row["type"]) for row in rows)
    assert there == Counter((id, version, name) for id in ids for version, name in EVENTS.items())
    return {str(row["event_id"]): row for row in rows}


def _in_kafka(work: Load, events: Mapping[str, Json]) -> int:
    """Every event lies in Kafka, per incident in its order; how many records are repeats."""
    records = [record for record in work.city.records(GRID_TOPIC) if record.envelope.id in events]
    assert {record.envelope.id for record in records} == set(events)
    for id in {record.key for record in records}:
        assert _versions(record for record in records if record.key == id) == sorted(EVENTS)
    return len(records) - len(events)


def _versions(records: Iterator[Record]) -> list[int]:
    """The versions in the order in which a reader first sees them."""
    in_order = sorted(records, key=lambda record: record.offset)
    return list(dict.fromkeys(record.envelope.version for record in in_order))


def _inspections(work: Load, events: Mapping[str, Json]) -> None:
    """Inspection took each dispatch once, and inspects none of them: they are no matter of its."""
    ids = [id for id, row in events.items() if row["type"] == EVENTS[2]]
    inbox = work.city.rows("inspection", "SELECT * FROM chassis.inbox WHERE event_id = ANY(%s)", list(events))
    assert Counter(row["event_id"] for row in inbox) == Counter(ids)
    assert {row["outcome"] for row in inbox} == {"taken"}
    cases = [incident["caseNumber"] for incident in work.filed]
    assert work.city.one("inspection", INSPECTED, cases)["count"] == 0


def _notices(work: Load, events: Mapping[str, Json]) -> list[Json]:
    """Each event was taken once and made one notice to the reporter and one to the department; each notice is told."""
    ids = list(events)
    inbox = work.city.rows("notification", "SELECT * FROM chassis.inbox WHERE event_id = ANY(%s)", ids)
    assert Counter(row["event_id"] for row in inbox) == Counter(ids)
    assert {row["outcome"] for row in inbox} == {"taken"}

    notices = work.city.rows("notification", "SELECT * FROM notice WHERE caused_by = ANY(%s::uuid[])", ids)
    there = Counter((str(notice["caused_by"]), notice["owner_kind"]) for notice in notices)
    assert there == Counter((id, kind) for id in ids for kind in ("client", "department"))

    told = {record.key for record in work.city.records(NOTIFICATION_TOPIC)}
    assert {str(notice["id"]) for notice in notices} <= told
    return notices


def _mails(work: Load, notices: list[Json]) -> int:
    """Every department has its mail; how many mails were sent again under the same id."""
    states = Counter((notice["owner_kind"], notice["email_state"]) for notice in notices)
    assert states == Counter({("client", "NONE"): work.commands, ("department", "SENT"): work.commands})
    wanted = {str(notice["id"]) for notice in notices if notice["owner_kind"] == "department"}
    sent = [id for id in mail_ids(work.city) if id in wanted]
    assert set(sent) == wanted
    return len(sent) - len(wanted)


def mail_ids(city: City) -> list[str]:
    """The id of the notice of every mail that the mail server got."""
    assert city.where.mail is not None
    mails = (message_from_bytes(path.read_bytes()) for path in city.where.mail.glob("*.eml"))
    return [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in mails]
