"""Personal data stays where its purpose is: nothing that is emitted, stored elsewhere or logged says any of it.

A case goes through all services with marked data in every field that may take some, beside it calls that are refused,
with the same data in every place where a caller can put it. Then everything is searched: each file of the stack
(logs of every part, spans, Kafka's own files), each page of each admin port, each table, each answer that refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from deploy.local.client import Answer
from observability import files as telemetry
from tests.e2e import marked
from tests.e2e.chain import DEPARTMENT, Chain
from tests.e2e.city import COUNTY, VILLAGE, City, Json, licence_wanted, report
from tests.e2e.door import Reply
from tests.e2e.marked import (
    ADDRESS,
    CITIZEN_NUMBER,
    DISMISSED,
    DOMAIN,
    HOLDER,
    HOLDER_MAIL,
    HOLDER_NUMBER,
    MARKS,
    NAME,
    PHONE,
    PURPOSE,
    WRONG_CITIZEN_NUMBER,
    assert_nothing_of,
)
from tests.e2e.spans import spans_of
from tests.waiting import wait_for

HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
ENTERPRISE, SPOILED = "92371199MAB0000158", "FOOD-03"
CLIENT_SECRET = "k4-secret-of-nobody"
PERSONAL = {
    "description": f"{NAME}（电话 {PHONE}）反映：厨房不洁。",
    "address": ADDRESS,
    "reporter_citizen_number": CITIZEN_NUMBER,
}
# What comes back for odd calls: refusals, and lists with nothing in them.
ODD = (200, 400, 401, 404, 409)


@dataclass
class Story:
    """The case, the case that was dismissed, the citizen who was registered, and what was refused beside them."""

    chain: Chain
    dismissed: Answer
    holder: Answer
    used: Answer
    refused: list[Reply] = field(default_factory=list)

    @property
    def city(self) -> City:
        return self.chain.city


@pytest.fixture(scope="module")
def story(city: City) -> Story:
    chain = Chain(city, city.gateway.post("/v1/certificates", licence(), door=officer(city)).body["certificate"])
    filed = city.file(type=HYGIENE, enterpriseCode=ENTERPRISE, **PERSONAL)
    chain.led("dispatch", city.dispatch(chain.led("file", filed)))
    used = use(chain)
    inspect(chain)
    chain.led("close", city.close(chain.led("verify", city.verify(chain.incident_is("HANDLED")))))
    holder = city.gateway.post("/v1/holders", citizen(), door=officer(city))
    told = Story(chain, dismiss(city), holder, used)
    told.refused = [*refused_reports(city), *refused_by_others(chain)]
    wait_for("a mail for every step", lambda: len(city.mails(chain.case_number)) >= 6)
    for reply in told.refused:
        trace = reply.headers["egov-trace-id"]
        wait_for("the spans of what was refused", lambda trace=trace: spans_of(city.where.telemetry, trace))  # type: ignore[misc]
    return told


def officer(city: City) -> Any:
    return city.people.officer(DEPARTMENT)


def licence(**said: Any) -> Json:
    return licence_wanted(ENTERPRISE, HOLDER) | said


def citizen(**said: Any) -> Json:
    plain = {"kindCode": "111", "number": HOLDER_NUMBER, "name": HOLDER, "email": HOLDER_MAIL, "region": VILLAGE}
    return plain | said


def use(chain: Chain) -> Answer:
    """The department that has the case looks into the licence, and says what for."""
    said = {"caseNumber": chain.case_number, "purpose": PURPOSE}
    path = f"/v1/certificates/{chain.licence['certificateId']}:use"
    return chain.city.gateway.post(path, said, door=chain.officer())


def inspect(chain: Chain) -> None:
    """From the inspection that the dispatch opened to its close, with a finding that suspends the licence."""
    chain.await_inspection()
    chain.inspect("assign", chain.officer(), officers=chain.officer_ids())
    chain.inspect("recordFinding", chain.officer(1), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    chain.inspect("orderRectification", chain.officer(), rectifyBy=until)
    chain.licence_is("SUSPENDED")
    chain.inspect("recordRecheck", chain.officer(1), passed=True)
    chain.inspect("close", chain.officer())
    chain.licence_is("VALID")


def dismiss(city: City) -> Answer:
    """A report that the seat dismisses, in words."""
    incident = city.file(**PERSONAL).body["incident"]
    said = {"version": incident["version"], "outcome": "CLOSING_OUTCOME_NOT_FOUND_ON_SITE", "reason": DISMISSED}
    return city.gateway.post(f"/v1/incidents/{incident['incidentId']}:close", said, door=city.people.seat(COUNTY))


def refused_reports(city: City) -> Iterator[Reply]:
    """Reports and reads, refused by the gateway or by grid, with personal data wherever there is room for it."""
    token, door = city.people.citizens.token(), city.door
    personal = report(**PERSONAL)
    key = str(uuid.uuid4())
    odd = {"User-Agent": f"app of {PHONE}", "Baggage": f"phone={PHONE}", "Tracestate": f"egov={PHONE}"}
    yield door.post("/v1/incidents", token, {"report": personal | {"region": "371102999"}}, headers=odd)
    yield door.post("/v1/incidents", token, {"report": personal | {"reporterCitizenNumber": WRONG_CITIZEN_NUMBER}})
    yield door.post("/v1/incidents", token, {"report": personal | {"description": NAME * 1000, "address": PHONE * 20}})
    yield door.post("/v1/incidents", token, {"report": personal | {"description": f"{NAME}\0{PHONE}"}})
    yield door.post("/v1/incidents", token, {"report": personal}, key=f"{PHONE}-{key}-and-too-long-for-a-key-{key}")
    yield door.post("/v1/incidents", token, f'{{"report": {{"description": "{NAME} {PHONE}", }}'.encode())
    yield door.post("/v1/incidents", token, {"report": personal | {"type": NAME}})
    yield door.get(f"/v1/incidents/{PHONE}", token)
    yield door.get(f"/v1/incidents/{CITIZEN_NUMBER}", token)
    yield door.get(f"/v1/incidents?caseNumber={PHONE}&region={quote(NAME)}", token)
    yield door.get(f"/v1/incidents?page.pageToken={PHONE}", token)
    yield door.get(f"/v1/persons/{quote(NAME)}/{PHONE}?address={quote(ADDRESS)}", token)
    yield door.get("/v1/incidents", f"{PHONE}.{PHONE}.{PHONE}")
    fields = f"grant_type=client_credentials&client_id={PHONE}&client_secret={CLIENT_SECRET}".encode()
    yield door.post("/oauth2/token", None, fields, headers={"Content-Type": "application/x-www-form-urlencoded"})


def refused_by_others(chain: Chain) -> Iterator[Reply]:
    """What breaks a unique index, a rule or a state in the other services."""
    door, token = chain.city.door, chain.officer().token()
    yield door.post("/v1/certificates", token, licence(number=chain.licence["number"], holderName=NAME))
    yield door.post("/v1/certificates", token, licence(holderName=NAME * 100, holder=CITIZEN_NUMBER))
    yield door.post("/v1/certificates", token, licence(number=PHONE, holderKind="HOLDER_KIND_PERSON", holder=PHONE))
    yield door.get(f"/v1/certificates/{HOLDER_NUMBER}", token)
    query = f"holderKind=HOLDER_KIND_PERSON&holderId={HOLDER_NUMBER}&caseNumber={chain.case_number}"
    yield door.get(f"/v1/certificates?{query}", token)
    yield door.get(f"/v1/certificates:verify?identifier={HOLDER_NUMBER}", token)
    path = f"/v1/certificates/{chain.licence['certificateId']}:use"
    yield door.post(path, token, {"caseNumber": "371102-20261123-2000427-X", "purpose": PURPOSE * 100})
    yield door.post("/v1/holders", token, citizen(name=NAME))
    yield door.post("/v1/holders", token, citizen(number=WRONG_CITIZEN_NUMBER))
    yield door.post("/v1/holders", token, citizen(number=CITIZEN_NUMBER, email=f"{NAME} at {PHONE}"))
    yield door.get(f"/v1/holders/{HOLDER_NUMBER}", token)
    yield door.post(f"/v1/persons/{CITIZEN_NUMBER}:disable", chain.city.people.operations.token(), {"version": 1})
    yield door.post(f"/v1/inspections/{PHONE}:assign", token, {"version": 1, "officers": [CITIZEN_NUMBER, NAME]})
    yield door.post("/v1/inspections", token, {"enterpriseCode": PHONE, "region": VILLAGE, "reason": NAME})
    yield door.get(f"/v1/operations/grid/parked?consumer={PHONE}", chain.city.people.operations.token())


def test_the_case_went_through_every_service(story: Story) -> None:
    """What is searched for was really there, and everything that follows looks in the right places."""
    found = marked.tables_that_say(story.city, [story.chain.case_number])
    assert {service for service, table in found if table == "chassis.event_log"} == {
        "grid", "inspection", "certificates", "notification",
    }  # fmt: skip
    said = dict(marked.files(story.city))
    saying = {name.split("/")[0] for name, content in said.items() if story.chain.case_number.encode() in content}
    assert {"logs", "telemetry", "kafka"} <= saying


def test_tables_hold_personal_data_only_where_it_is_their_purpose(story: Story) -> None:
    for mark in MARKS:
        assert marked.tables_that_say(story.city, [mark]) <= DOMAIN, mark
    held = {table for service, table in marked.tables_that_say(story.city, MARKS) if table.startswith("public.")}
    assert held == {table for _, table in DOMAIN if table.startswith("public.")}, "it was really given"


def test_no_file_of_the_stack_says_any_of_it(story: Story) -> None:
    """Logs of every part, Envoy, PostgreSQL and Kafka among them; spans; Kafka's files, byte by byte."""
    # Every refused call has left its line at the gateway.
    trace_ids = {reply.headers["egov-trace-id"] for reply in story.refused}
    access_log = story.city.where.run / "logs/gateway.log"
    wait_for("the gateway's log", lambda: all(trace_id in access_log.read_text() for trace_id in trace_ids))

    looked_at = set()
    for name, content in marked.files(story.city):
        assert_nothing_of([*MARKS, *marked.staff()], name, content)
        looked_at.add(name)
    logs = {f"logs/{name}.log" for name in ("certificates", "grid", "identity", "inspection", "notification")}
    assert logs | {"logs/gateway.log", "logs/postgres.log", "logs/kafka.log", "logs/collector.log"} <= looked_at


def test_no_log_and_no_span_names_a_person_by_id(story: Story) -> None:
    ids = marked.person_ids(story.city)
    for folder in ("logs", "telemetry"):
        for path in sorted((story.city.where.run / folder).iterdir()):
            assert_nothing_of(ids, path.name, path.read_bytes())


def test_no_admin_port_shows_any_of_it(story: Story) -> None:
    shown = dict(marked.admin_pages(story.city))
    assert b"egov_call_errors_total{" in shown["grid/metrics"], "the calls were counted"
    for page, content in shown.items():
        assert_nothing_of([*MARKS, *marked.staff(), *marked.person_ids(story.city)], page, content)


def test_no_statistics_of_the_database_say_any_of_it(story: Story) -> None:
    """Texts of statements that PostgreSQL keeps beside its tables."""
    postgres = story.city.stack.postgres
    assert postgres is not None
    with postgres.connect("grid") as administrator:
        administrator.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        texts = administrator.execute(
            "SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity"
        )
        whole = "\n".join(str(query) for (query,) in texts.fetchall())
    assert "INSERT INTO" in whole
    assert_nothing_of(MARKS, "a statement", whole.encode())


def test_no_refusal_says_any_of_it(story: Story) -> None:
    for reply in story.refused:
        assert reply.status in ODD, reply.body
        assert_nothing_of([*MARKS, *marked.staff()], "an answer", reply.body + repr(reply.headers).encode())
    assert sum(reply.status != 200 for reply in story.refused) > 25


def test_no_notice_and_no_mail_says_any_of_it(story: Story) -> None:
    said = [str(notice["texts"]) for notice in story.city.notices(story.chain.case_number)]
    said += [mail.get_content() for mail in story.city.mails(story.chain.case_number)]
    assert len(said) > 20
    for text in said:
        assert_nothing_of([*MARKS, *marked.staff()], "a notice", text.encode())


def test_no_secret_and_no_token_in_any_log_span_or_refusal(story: Story) -> None:
    city = story.city
    secrets = {path.read_text("ascii") for path in (city.where.run / "secrets").iterdir()}
    secrets |= {who.token() for who in (city.people.citizens, city.people.office, city.people.seat(COUNTY))}
    # Whatever is signed begins with these letters, and every private key that is written out has those words.
    secrets |= {"eyJhbGciOi", "PRIVATE KEY", "client_assertion", CLIENT_SECRET}
    places = [*(city.where.run / "logs").iterdir(), *telemetry.files(city.where.telemetry)]
    said = {path.name: path.read_bytes() for path in places}
    said |= {f"refusal {number}": reply.body for number, reply in enumerate(story.refused)}
    assert len(secrets) > 6 and len(said) > len(story.refused)
    found = [(place, secret[:8]) for place, content in said.items() for secret in secrets if secret.encode() in content]
    assert found == []
