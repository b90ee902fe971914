"""The same key again is the same change: one incident, one event, one answer, however often and however it is asked."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.city import COUNTY, GRID_TOPIC, City, Json, reference, report
from tests.e2e.door import Reply, assert_refused, content, said
from tests.waiting import wait_for

TWINS = 20


def test_the_same_key_twice_gives_the_same_answer_once(city: City) -> None:
    key, body, token = str(uuid.uuid4()), {"report": report()}, city.people.citizens.token()

    first = city.door.post("/v1/incidents", token, body, key=key)
    second = city.door.post("/v1/incidents", token, body, key=key)

    assert (first.status, second.status) == (200, 200)
    assert second.json == first.json
    assert second.headers["egov-case-number"] == first.headers["egov-case-number"]
    # Each call is a trace of its own, and has an audit row of its own.
    outcomes = [outcome_of(city, reply) for reply in (first, second)]
    assert outcomes == ["OK", "REPLAYED"]
    assert_filed_once(city, body["report"]["reference"])


def test_the_order_of_fields_does_not_make_another_request(city: City) -> None:
    key, token, said_first = str(uuid.uuid4()), city.people.citizens.token(), report()
    turned = dict(reversed(said_first.items()))

    first = city.door.post("/v1/incidents", token, {"report": said_first}, key=key)
    second = city.door.post("/v1/incidents", token, json.dumps({"report": turned}, indent=4).encode(), key=key)

    assert second.json == first.json


def test_a_key_belongs_to_its_caller(city: City) -> None:
    key, body = str(uuid.uuid4()), {"report": report()}

    seat = city.people.seat(COUNTY).token()
    by_citizen = city.door.post("/v1/incidents", city.people.citizens.token(), body, key=key)
    by_seat = city.door.post("/v1/incidents", seat, body, key=key)

    assert by_citizen.json["incident"]["incidentId"] != by_seat.json["incident"]["incidentId"]


def test_a_refused_change_leaves_its_key_free(city: City) -> None:
    key, token = str(uuid.uuid4()), city.people.citizens.token()

    refused = city.door.post("/v1/incidents", token, {"report": report(region="371102999999")}, key=key)
    accepted = city.door.post("/v1/incidents", token, {"report": report()}, key=key)

    assert (refused.status, accepted.status) == (400, 200)


def test_a_dispatch_is_repeated_although_its_version_is_stale_by_then(city: City) -> None:
    incident = city.file().body["incident"]
    path, seat = f"/v1/incidents/{incident['incidentId']}:dispatch", city.people.seat(COUNTY).token()
    key, body = str(uuid.uuid4()), {"version": incident["version"]}

    first = city.door.post(path, seat, body, key=key)
    again = city.door.post(path, seat, body, key=key)

    assert again.json == first.json
    assert_refused(city.door.post(path, seat, body), 409, "STALE_VERSION")


def test_twenty_concurrent_twins_give_one_incident(city: City) -> None:
    key, body, token = str(uuid.uuid4()), {"report": report()}, city.people.citizens.token()

    def twin(_: int) -> list[Reply]:
        replies = [city.door.post("/v1/incidents", token, body, key=key)]
        while replies[-1].status == 409:
            replies.append(city.door.post("/v1/incidents", token, body, key=key))
        return replies

    with ThreadPoolExecutor(TWINS) as pool:
        answers = list(pool.map(twin, range(TWINS)))

    for *refused, last in answers:
        assert last.status == 200
        for reply in refused:
            # A twin in flight is told when to come again.
            assert assert_refused(reply, 409, "IN_PROGRESS").retry_after_s
    assert len({reply.json["incident"]["incidentId"] for *_, reply in answers}) == 1
    assert_filed_once(city, body["report"]["reference"])


def test_a_retry_after_a_connection_was_cut_behind_the_commit_gives_the_answer_that_was_lost(city: City) -> None:
    key, body = str(uuid.uuid4()), {"report": report()}
    mine = body["report"]["reference"]

    with sent_and_not_read(city, body, key):
        wait_for("the commit", lambda: incidents(city, mine))
    answer = city.gateway.post("/v1/incidents", body, door=city.people.citizens, key=key)

    (incident,) = incidents(city, mine)
    assert answer.body["incident"]["incidentId"] == str(incident["id"])
    assert answer.case_number == incident["case_number"]
    assert_filed_once(city, mine)


def test_a_retry_after_a_connection_was_cut_at_once_files_once(city: City) -> None:
    key, body = str(uuid.uuid4()), {"report": report()}

    with sent_and_not_read(city, body, key):
        pass  # Nobody knows whether the call arrived.
    answer = city.gateway.post("/v1/incidents", body, door=city.people.citizens, key=key)

    assert answer.body["incident"]["state"] == "INCIDENT_STATE_FILED"
    assert_filed_once(city, body["report"]["reference"])


@contextlib.contextmanager
def sent_and_not_read(city: City, body: Json, key: str) -> Iterator[None]:
    """A report is sent whole; the connection is cut before its answer is read, as a phone's is in a tunnel."""
    with contextlib.closing(city.door.connect()) as connection:
        connection.request("POST", "/v1/incidents", content(body), said(city.people.citizens.token(), body, key))
        yield


def incidents(city: City, mine: str) -> list[Json]:
    """The incidents that were filed under a reference."""
    return city.rows("grid", "SELECT * FROM incident WHERE reference = %s", mine)


def outcome_of(city: City, reply: Reply) -> str:
    """What the audit log says of a call."""
    (row,) = wait_for("the audit row", lambda: city.audit("grid", reply.headers["egov-trace-id"]))
    return str(row["outcome"])


def assert_filed_once(city: City, mine: str) -> None:
    """One incident, one event in the log, one in Kafka, one notice to each of the two who are told."""
    (incident,) = incidents(city, mine)
    case_number = incident["case_number"]
    wait_for("notices", lambda: city.notices(case_number))
    assert len(city.events("grid", case_number)) == 1
    assert len({record.envelope.id for record in city.records(GRID_TOPIC, case_number)}) == 1
    assert len(city.notices(case_number)) == 2


def test_a_reference_is_the_reporting_systems_own_and_no_key(city: City) -> None:
    mine = reference()
    assert len({city.file(reference=mine).case_number for _ in range(2)}) == 2
