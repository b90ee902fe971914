"""One report, followed from the gateway to the mailbox: read it top to bottom beside README's "Follow one request".

A citizen reports rubbish; each test looks at what the report left at one stop of its way. The numbers are README's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid_events
from egov.notification.v1 import events_pb2 as notification_events

from services.kernel import casenumber
from services.kernel.ids import uuid7_time
from tests.e2e.city import CENTRE, COUNTY, GRID_TOPIC, NOTIFICATION_TOPIC, RUBBISH, VILLAGE, City, Json, report
from tests.e2e.door import Reply
from tests.waiting import wait_for

DESCRIPTION = "路口东侧垃圾堆放已有两天。Rubbish has lain at the crossing for two days."
REFERENCE = f"follow-{uuid.uuid4().hex[:8]}"
METHOD = "egov.grid.v1.GridService/FileIncident"


@dataclass(frozen=True)
class Filed:
    """The report's call: its idempotency key, when it was made, and what the gateway answered."""

    city: City
    key: str
    at: datetime
    reply: Reply

    @property
    def incident(self) -> Json:
        return dict(self.reply.json["incident"])

    @property
    def case_number(self) -> str:
        return self.reply.headers["egov-case-number"]

    @property
    def trace_id(self) -> str:
        return self.reply.headers["egov-trace-id"]

    @property
    def event(self) -> Json:
        """The fact of it, in grid's log of record."""
        (event,) = self.city.events("grid", self.case_number)
        return event


@pytest.fixture(scope="module")
def filed(city: City) -> Filed:
    """The citizen app asks identity for a token, and files the report."""
    key, at = str(uuid.uuid4()), datetime.now(UTC)
    body = {"report": report(description=DESCRIPTION, reference=REFERENCE)}
    return Filed(city, key, at, city.door.post("/v1/incidents", city.people.citizens.token(), body, key=key))


def test_1_to_3_the_gateway_answers_with_case_number_and_trace_id(filed: Filed) -> None:
    assert filed.reply.status == 200
    number = casenumber.parse(filed.case_number)
    assert (number.county, number.service_digit) == (COUNTY, casenumber.DIGIT["grid"])
    assert len(filed.trace_id) == 32

    incident = filed.incident
    assert incident["caseNumber"] == filed.case_number
    assert (incident["version"], incident["state"]) == ("1", "INCIDENT_STATE_FILED")
    assert incident["holderDepartment"] == CENTRE
    assert incident["reporter"] == {"kind": "PARTY_KIND_CLIENT", "id": "rizhao-ssp"}
    assert incident["report"]["description"] == DESCRIPTION


def test_4_to_7_the_incident_is_a_row_of_grids_database(filed: Filed) -> None:
    row = filed.city.one("grid", "SELECT * FROM incident WHERE case_number = %s", filed.case_number)

    assert str(row["id"]) == filed.incident["incidentId"]
    assert (row["version"], row["state"]) == (1, "FILED")
    assert (row["region"], row["owner"], row["department"]) == (VILLAGE, CENTRE, "")
    assert (row["type_standard"], row["type_kind"], row["type_code"]) == (RUBBISH["standard"], "event", "06010")
    assert (row["reporter_kind"], row["reporter_id"]) == ("client", "rizhao-ssp")
    assert (row["description"], row["reference"]) == (DESCRIPTION, REFERENCE)


def test_8_the_same_commit_wrote_event_outcome_and_audit(filed: Filed) -> None:
    event = filed.event
    assert event["type"] == "egov.grid.v1.IncidentFiled"
    assert (event["aggregate_id"], event["aggregate_version"]) == (filed.incident["incidentId"], 1)

    kept = filed.city.one("grid", "SELECT * FROM chassis.idempotency WHERE key = %s", filed.key)
    assert (kept["client"], kept["method"], kept["case_number"]) == ("rizhao-ssp", METHOD, filed.case_number)

    (row,) = filed.city.audit("grid", filed.trace_id)
    assert (row["workload"], row["client"], row["subject"]) == ("gateway", "rizhao-ssp", None)
    assert (row["method"], row["outcome"], row["case_number"]) == (METHOD, "OK", filed.case_number)
    assert row["target"] == filed.incident["incidentId"]

    # One transaction has one moment.
    assert event["logged_at"] == row["logged_at"]
    assert filed.at <= event["logged_at"] <= filed.at + timedelta(seconds=30)


def test_9_the_relay_emptied_the_outbox(filed: Filed) -> None:
    def still_queued() -> list[Json]:
        return filed.city.rows("grid", "SELECT 1 FROM chassis.outbox WHERE event_id = %s", filed.event["event_id"])

    wait_for("the event leaves the outbox", lambda: not still_queued())


def test_10_the_event_lies_in_kafka_with_a_complete_envelope(filed: Filed) -> None:
    (record,) = wait_for("the event in Kafka", lambda: filed.city.records(GRID_TOPIC, filed.case_number))
    traceparent = record.headers.pop("traceparent")
    time, deadline = record.headers.pop("ce_time"), record.headers.pop("ce_deadline")

    assert record.key == filed.incident["incidentId"]
    assert record.headers == {
        "ce_specversion": "1.0",
        "ce_id": str(filed.event["event_id"]),
        "ce_source": "/egov/grid",
        "ce_type": "egov.grid.v1.IncidentFiled",
        "ce_subject": filed.incident["incidentId"],
        "ce_aggregateversion": "1",
        "content-type": "application/protobuf",
        "ce_casenumber": filed.case_number,
        "ce_casephase": "opens",
        "ce_holder": f"department/{CENTRE}",
        "ce_region": VILLAGE,
        "ce_subjecttype": "GB/T 47678.5-2026/event/06010",
        "ce_audience": "grid.incidents.read",
        "ce_actor": "client/rizhao-ssp",
    }
    assert traceparent.split("-")[1] == filed.trace_id
    recorded = uuid7_time(filed.event["event_id"])
    assert abs(datetime.fromisoformat(time) - recorded) < timedelta(seconds=1)
    # The centre has a day to dispatch it.
    assert abs(datetime.fromisoformat(deadline) - recorded - timedelta(hours=24)) < timedelta(seconds=1)


def test_10_its_body_has_ids_and_codes_only(filed: Filed) -> None:
    (record,) = wait_for("the event in Kafka", lambda: filed.city.records(GRID_TOPIC, filed.case_number))
    event = grid_events.IncidentFiled.FromString(record.body)

    assert event.incident_id == filed.incident["incidentId"]
    assert (event.case_number, event.region, event.type.code) == (filed.case_number, VILLAGE, "06010")
    assert (event.reporter.kind, event.reporter.id) == (parties_pb2.PARTY_KIND_CLIENT, "rizhao-ssp")
    assert event.reference == REFERENCE
    assert b"Rubbish" not in record.body


def test_11_notifications_consumer_took_it_once(filed: Filed) -> None:
    def taken() -> list[Json]:
        return filed.city.rows(
            "notification", "SELECT * FROM chassis.inbox WHERE event_id = %s", str(filed.event["event_id"])
        )

    (row,) = wait_for("the consumer takes the event", taken)
    assert (row["consumer"], row["outcome"], row["case_number"]) == ("incident-notices", "taken", filed.case_number)

    # The position was advanced in the transaction of the effect.
    (record,) = filed.city.records(GRID_TOPIC, filed.case_number)
    position = filed.city.one(
        "notification",
        "SELECT * FROM chassis.consumer_position WHERE topic = %s AND partition = %s",
        GRID_TOPIC,
        record.partition,
    )
    assert position["consumer"] == "incident-notices"
    assert position["next_offset"] > record.offset


def test_12_reporter_and_centre_each_have_a_notice(filed: Filed) -> None:
    notices = wait_for("notices", lambda: filed.city.notices(filed.case_number))

    assert {(each["owner_kind"], each["owner_id"]) for each in notices} == {
        ("client", "rizhao-ssp"),
        ("department", CENTRE),
    }
    for notice in notices:
        assert notice["caused_by"] == filed.event["event_id"]
        assert notice["template"] == "incident-filed/1"
        assert {text["language"] for text in notice["texts"]} == {"zh-CN", "en"}
        assert all(filed.case_number in text["body"] for text in notice["texts"])
    # The reference is the reporting system's own, so it goes back to it alone.
    assert {each["owner_kind"]: each["reference"] for each in notices} == {"client": REFERENCE, "department": ""}


def test_12_both_see_it_in_their_inbox(filed: Filed) -> None:
    city, query = filed.city, {"caseNumber": filed.case_number}
    wait_for("notices", lambda: city.notices(filed.case_number))
    mine = city.gateway.get("/v1/notices", query, door=city.people.citizens).body["notices"]
    seat = city.people.seat(COUNTY)
    theirs = city.gateway.get("/v1/notices", query | {"mailbox": "MAILBOX_DEPARTMENT"}, door=seat).body["notices"]

    assert [notice["recipient"]["id"] for notice in (*mine, *theirs)] == ["rizhao-ssp", CENTRE]


def test_12_the_centre_has_the_mail(filed: Filed) -> None:
    (mail,) = wait_for("the mail", lambda: filed.city.mails(filed.case_number))
    centre = next(each for each in filed.city.notices(filed.case_number) if each["owner_kind"] == "department")

    assert filed.case_number in mail["subject"]
    assert mail["to"].endswith("@rizhao.example")
    # A mail that is sent twice, because its job died in between, is known as one by its id.
    assert mail["message-id"].startswith(f"<{centre['id']}@")
    assert "Rubbish" not in mail.get_content()

    def states() -> dict[str, str]:
        return {each["owner_kind"]: each["email_state"] for each in filed.city.notices(filed.case_number)}

    # The citizen app has no e-mail address.
    wait_for("both jobs are done", lambda: states() == {"client": "NONE", "department": "SENT"})


def test_12_notification_tells_of_its_notices_in_turn(filed: Filed) -> None:
    def records() -> list[notification_events.NoticeCreated]:
        found = filed.city.records(NOTIFICATION_TOPIC, filed.case_number)
        return [notification_events.NoticeCreated.FromString(record.body) for record in found]

    told = wait_for("two events", lambda: events if len(events := records()) == 2 else None)
    assert told is not None
    assert {event.caused_by for event in told} == {str(filed.event["event_id"])}
    assert {event.recipient.id for event in told} == {"rizhao-ssp", CENTRE}
