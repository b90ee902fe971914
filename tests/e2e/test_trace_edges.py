"""The trace of a case: one tree per call, no break at the broker, the case number on every span, nothing personal.

A citizen who gives name, phone, address and identity number reports, a seat dispatches, an officer accepts and reports
it handled, the seat verifies and closes; beside that go calls that are refused, with the same data in every place
where a caller can put it.
"""

from __future__ import annotations

import csv
import json
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from deploy.local.assembly import SAMPLE
from deploy.local.client import Answer
from observability import files
from observability.records import SpanRecord
from services.chassis import telemetry_registry as registry
from tests.e2e.city import (
    CERTIFICATES_TOPIC,
    COUNTY,
    GRID_TOPIC,
    IDENTITY_TOPIC,
    INSPECTION_TOPIC,
    NOTIFICATION_TOPIC,
    City,
    report,
)
from tests.e2e.door import Reply
from tests.e2e.spans import Edge, What, edges, spans_of, what
from tests.waiting import wait_for

NAME, PHONE, ADDRESS = "赵铁柱", "13905330417", "碧海路七十七号三单元"
CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER = "11010519491231002X", "110105194912310021"
CLIENT_SECRET = "k4-secret-of-nobody"
MARKS = (NAME, PHONE, ADDRESS, CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER)
PERSONAL = {
    "description": f"{NAME}（电话 {PHONE}）反映：门口有垃圾。",
    "address": ADDRESS,
    "reporter_citizen_number": CITIZEN_NUMBER,
}

STEPS = {
    "file": "FileIncident",
    "dispatch": "DispatchIncident",
    "accept": "AcceptIncident",
    "handle": "ReportHandled",
    "verify": "VerifyIncident",
    "close": "CloseIncident",
}
BEFORE_THE_CASE = {"IdentityService/GetRegion", "IdentityService/GetKeySet"}


@dataclass
class Story:
    """A case from its report to its close: the answers and the spans of each step, and what was refused beside them."""

    city: City
    answers: dict[str, Answer] = field(default_factory=dict)
    spans: dict[str, list[SpanRecord]] = field(default_factory=dict)
    refused: list[Reply] = field(default_factory=list)

    @property
    def case_number(self) -> str:
        return self.answers["file"].case_number

    @property
    def trace_ids(self) -> set[str]:
        return {answer.trace_id for answer in self.answers.values()}


@pytest.fixture(scope="module")
def story(city: City) -> Story:
    told = Story(city)
    answer = told.answers["file"] = city.file(region=region_not_asked_for(city), **PERSONAL)
    answer = told.answers["dispatch"] = city.dispatch(answer.body["incident"])
    answer = told.answers["accept"] = city.accept(answer.body["incident"])
    answer = told.answers["handle"] = city.report_handled(answer.body["incident"])
    answer = told.answers["verify"] = city.verify(answer.body["incident"])
    told.answers["close"] = city.close(answer.body["incident"])
    told.refused = list(refused_calls(city))
    wait_for("a mail for every step", lambda: len(city.mails(told.case_number)) >= len(STEPS))
    for step, answer in told.answers.items():
        told.spans[step] = stored(city, answer.trace_id, expected(step).total())
    for reply in told.refused:
        stored(city, reply.headers["egov-trace-id"], 1)
    return told


def region_not_asked_for(city: City) -> str:
    """A unit grid that nobody has reported from: grid remembers what identity says of a region, and asks no more."""
    codes = city.rows("identity", "SELECT code FROM region WHERE level = 'grid' AND code LIKE '371102%%' ORDER BY code")
    known = {row["region"] for row in city.rows("grid", "SELECT region FROM incident")}
    return str(next(row["code"] for row in codes if row["code"] not in known))


def stored(city: City, trace_id: str, count: int) -> list[SpanRecord]:
    """The spans of a trace once there are as many as there have to be."""

    def enough() -> list[SpanRecord]:
        spans = spans_of(city.where.telemetry, trace_id)
        return spans if len(leave_out_keys(spans)) >= count else []

    return wait_for(f"{count} spans of trace {trace_id}", enough)


def refused_calls(city: City) -> Iterator[Reply]:
    """Calls that are refused, by the gateway or by a service, with personal data wherever there is room for it."""
    token, door = city.people.citizens.token(), city.door
    personal = report(**PERSONAL)
    key = str(uuid.uuid4())
    odd = {"User-Agent": f"app of {PHONE}", "Baggage": f"phone={PHONE}", "Tracestate": f"egov={PHONE}"}
    yield door.post("/v1/incidents", token, {"report": personal | {"region": "371102999"}}, headers=odd)
    yield door.post("/v1/incidents", token, {"report": personal | {"reporterCitizenNumber": WRONG_CITIZEN_NUMBER}})
    yield door.post("/v1/incidents", token, {"report": personal | {"description": NAME * 1000, "address": PHONE * 20}})
    yield door.post("/v1/incidents", token, {"report": personal}, key=f"{PHONE}-{key}-and-too-long-for-a-key-{key}")
    yield door.post("/v1/incidents", token, f'{{"report": {{"description": "{NAME} {PHONE}", }}'.encode())
    yield door.post("/v1/incidents", token, {"report": personal | {"type": NAME}})
    yield door.get(f"/v1/incidents/{PHONE}", token)
    yield door.get(f"/v1/incidents?caseNumber={PHONE}&region={quote(NAME)}", token)
    yield door.get(f"/v1/incidents?page.pageToken={PHONE}", token)
    yield door.get(f"/v1/persons/{quote(NAME)}/{PHONE}?address={quote(ADDRESS)}", token)
    yield door.get("/v1/incidents", f"{PHONE}.{PHONE}.{PHONE}")
    fields = f"grant_type=client_credentials&client_id={PHONE}&client_secret={CLIENT_SECRET}".encode()
    yield door.post("/oauth2/token", None, fields, headers={"Content-Type": "application/x-www-form-urlencoded"})


def expected(step: str) -> Counter[Edge]:
    """Every edge of a step's tree."""
    method = f"GridService/{STEPS[step]}"
    gateway: What = ("gateway", "server", method)
    call: What = ("grid", "server", method)
    sending: What = ("grid", "producer", f"send {GRID_TOPIC}")
    taking: What = ("notification", "consumer", f"process {GRID_TOPIC}")
    telling: What = ("notification", "producer", f"send {NOTIFICATION_TOPIC}")
    job: What = ("notification", "consumer", "job send_mail")
    contact = "IdentityService/GetContact"
    tree = Counter[Edge](
        {
            (None, gateway): 1,
            (gateway, call): 1,
            (call, sending): 1,
            (sending, taking): 1,
            # Two are told, the reporter and the department; only the department has an e-mail address.
            (taking, telling): 2,
            (taking, job): 2,
            (job, ("notification", "client", contact)): 2,
            (("notification", "client", contact), ("identity", "server", contact)): 2,
            (job, ("notification", "client", "smtp send")): 1,
        }
    )
    if step == "file":
        region = "IdentityService/GetRegion"
        tree[call, ("grid", "client", region)] += 1
        tree[("grid", "client", region), ("identity", "server", region)] += 1
    if step == "dispatch":
        # Whether there is something to inspect is asked of every dispatch; of rubbish there is not.
        tree[sending, ("inspection", "consumer", f"process {GRID_TOPIC}")] += 1
    return tree


def leave_out_keys(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Without the fetching of keys: it falls to whichever call comes first with a token that a service cannot check."""
    return [span for span in spans if not span.name.endswith("/GetKeySet")]


@pytest.mark.parametrize("step", STEPS)
def test_every_edge_from_envoy_to_the_last_hop_of_the_mail(story: Story, step: str) -> None:
    assert edges(leave_out_keys(story.spans[step])) == expected(step)


@pytest.mark.parametrize("step", STEPS)
def test_one_root_and_no_orphan(story: Story, step: str) -> None:
    spans = story.spans[step]
    by_id = {span.span: span for span in spans}
    (root,) = (span for span in spans if not span.parent)

    assert what(root) == ("gateway", "server", f"GridService/{STEPS[step]}")
    for span in spans:
        assert span.parent in by_id or span is root, f"{what(span)} is an orphan"
        assert not span.links, "work that begins at once joins its cause's trace"
        assert span is root or span.start_ns >= by_id[span.parent].start_ns


def test_the_cases_spans_lie_in_the_traces_of_its_calls(story: Story) -> None:
    needle = f'"egov.case.number":"{story.case_number}"'
    lines = (line.decode() for line in files.lines(story.city.where.telemetry))
    of_the_case = {json.loads(line)["trace"] for line in lines if needle in line}

    assert of_the_case == story.trace_ids
    assert len(of_the_case) == len(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_every_span_begun_after_the_case_number_is_known_carries_it(story: Story, step: str) -> None:
    for span in story.spans[step]:
        # A report has no case before identity has said what it knows of the region.
        before = step == "file" and what(span)[2] in BEFORE_THE_CASE
        assert span.case_number == (None if before else story.case_number), what(span)


def test_every_span_of_this_stack_is_in_the_registry(city: City, story: Story) -> None:
    for line in files.lines(city.where.telemetry):
        span = json.loads(line)
        if span["service"] == "gateway":
            assert set(span["attributes"]) <= registry.FOREIGN_KEPT | {"egov.case.number"}
            continue
        assert registry.span_name(span["name"], span["kind"]) is not None
        for name, value in span["attributes"].items():
            assert registry.attribute(name, value) is not None, (span["name"], name)


@pytest.mark.parametrize("part", ["identity", "grid", "notification", "inspection", "certificates", "collector"])
def test_nothing_unregistered_was_dropped_on_the_way(story: Story, part: str) -> None:
    with urllib.request.urlopen(f"{story.city.stack.admin_url(part)}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    refused = [line for line in lines if line.startswith("egov_telemetry_refused_total{")]
    assert [line for line in refused if not line.endswith(" 0.0")] == []


def test_no_personal_data_in_spans(story: Story) -> None:
    for path in files.files(story.city.where.telemetry):
        assert_nothing_personal(story.city, path.name, path.read_bytes())


def test_no_personal_data_in_any_log(story: Story) -> None:
    folder = story.city.where.run / "logs"
    # Every refused call has left its line: what follows looks in the right place.
    trace_ids = {reply.headers["egov-trace-id"] for reply in story.refused}
    access_log = folder / "gateway.log"
    wait_for("the gateway's log", lambda: all(trace_id in access_log.read_text() for trace_id in trace_ids))

    logs = sorted(folder.iterdir())
    services = {"certificates.log", "grid.log", "identity.log", "inspection.log", "notification.log"}
    assert services | {"gateway.log", "postgres.log"} <= {log.name for log in logs}
    for log in logs:
        assert_nothing_personal(story.city, log.name, log.read_bytes())


def test_no_secret_and_no_token_in_any_log_span_or_refusal(story: Story) -> None:
    city = story.city
    secrets = {path.read_text("ascii") for path in (city.where.run / "secrets").iterdir()}
    secrets |= {who.token() for who in (city.people.citizens, city.people.office, city.people.seat(COUNTY))}
    # Whatever is signed begins with these letters, and every private key that is written out has those words.
    secrets |= {"eyJhbGciOi", "PRIVATE KEY", "client_assertion", CLIENT_SECRET}
    places = [*(city.where.run / "logs").iterdir(), *files.files(city.where.telemetry)]
    said = {path.name: path.read_bytes() for path in places}
    said |= {f"refusal {number}": reply.body for number, reply in enumerate(story.refused)}
    assert len(secrets) > len(STEPS) and len(said) > len(story.refused)
    found = [(place, secret[:8]) for place, content in said.items() for secret in secrets if secret.encode() in content]
    assert found == []


def test_no_personal_data_in_any_event(story: Story) -> None:
    for topic in (GRID_TOPIC, NOTIFICATION_TOPIC, INSPECTION_TOPIC, CERTIFICATES_TOPIC, IDENTITY_TOPIC):
        for record in story.city.records(topic):
            whole = [record.key, *record.headers.values()]
            # The actor of an event is a person's id, and nothing else of the person.
            assert_nothing_personal(story.city, topic, record.body + " ".join(whole).encode(), ids=False)


def test_no_personal_data_in_what_a_refusal_says(story: Story) -> None:
    for reply in story.refused:
        assert reply.status in (400, 401, 404), reply.body
        assert_nothing_personal(story.city, reply.error.reason, reply.body + repr(reply.headers).encode())


def test_no_personal_data_in_notices_and_mails(story: Story) -> None:
    said = [str(notice["texts"]) for notice in story.city.notices(story.case_number)]
    said += [mail.get_content() for mail in story.city.mails(story.case_number)]
    # Two notices and a mail of every step.
    assert len(said) == 3 * len(STEPS)
    for text in said:
        assert_nothing_personal(story.city, "a notice", text.encode())


def assert_nothing_personal(city: City, where: str, content: bytes, *, ids: bool = True) -> None:
    """None of the reporter's data and none of the staff's: names, e-mail addresses, and, unless said, ids."""
    forbidden = {*MARKS, *staff_data(SAMPLE / "staff.csv")}
    if ids:
        forbidden |= {str(row["person_id"]) for row in city.rows("identity", "SELECT person_id FROM staff")}
    for text in forbidden:
        for form in (text, json.dumps(text)[1:-1], quote(text)):
            at = content.find(form.encode())
            assert at < 0, f"{where} says {form}: ...{content[max(0, at - 200) : at + 100]!r}"


def staff_data(path: Path) -> Iterator[str]:
    """Names and e-mail addresses of the sample staff, which are invented."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["name"].partition("（")[0]
            yield row["email"]
