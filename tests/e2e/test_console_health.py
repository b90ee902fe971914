"""The Health page of a running stack: every service is up, and a parked event is sent back from there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from kafka import KafkaProducer

from deploy.kafka.topics import CLIENT_KEYS
from deploy.local import console
from tests.e2e.city import GRID_TOPIC, City, Json
from tests.integration.chassis.harness import long_ago
from tests.visitor import Page, Visitor
from tests.waiting import wait_for

CONSUMER = "incident-notices"
HEADERS = "SELECT headers, body, aggregate_id FROM chassis.event_log WHERE case_number = %s AND type LIKE %s"
OUTCOME = "SELECT outcome FROM chassis.inbox WHERE event_id = %s AND consumer = %s"
KEPT = "SELECT consumer FROM chassis.parked_event WHERE event_id = %s"


@pytest.fixture(scope="module")
def operator(city: City) -> Visitor:
    return signed_in(city)


def signed_in(city: City, language: str = "en") -> Visitor:
    visitor = Visitor(city.where.gateway, city.where.trust, language)
    assert visitor.follow(console.link(city.where)).status == 200
    return visitor


def form_of(page: Page, act: str) -> dict[str, str]:
    """The fields of a form of this page, as it was sent by the server."""
    (form,) = re.findall(rf'<form[^>]*data-act="{act}".*?</form>', page.text, re.DOTALL)
    return dict(re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form))


def sent(operator: Visitor, form: dict[str, str]) -> Page:
    """Where a form leads."""
    page = operator.send("/console/health", form)
    return operator.follow(page.place) if page.status == 303 else page


def states(page: Page) -> dict[str, str]:
    return dict(re.findall(r'id="service-(\w+)"[^>]*data-state="(\w+)"', page.text))


def test_every_service_is_shown_as_up(city: City, operator: Visitor) -> None:
    services = {"identity", "grid", "certificates", "inspection", "notification", "casetrace"}
    wait_for("all are up", lambda: states(operator.get("/console/health")) == dict.fromkeys(services, "up"))
    page = signed_in(city, "zh-CN").get("/console/health?hours=48")
    assert page.status == 200 and 'lang="zh-CN"' in page.text and "运行正常" in page.text
    answer = city.gateway.get("/v1/health", {"hours": "1"}, door=city.people.operator()).body
    assert {each["state"] for each in answer["services"]} == {"SERVICE_STATE_UP"}
    assert all(each["now"]["callsPerMinute"] >= 0 for each in answer["services"])


def test_a_service_that_stops_is_shown_as_down(city: City, operator: Visitor) -> None:
    city.stack.stop_part("certificates")
    try:
        wait_for("its last words are known", lambda: states(operator.get("/console/health"))["certificates"] != "up")
    finally:
        city.stack.start_part("certificates")
    wait_for("it is up again", lambda: states(operator.get("/console/health"))["certificates"] == "up")


@pytest.fixture
def stray(city: City) -> Iterator[tuple[str, str]]:
    """An event of a case that comes too late to be taken without a person: its case number and id."""
    incident = city.file().body["incident"]
    number = incident["caseNumber"]
    row: Json = city.one("grid", HEADERS, number, "%IncidentFiled")
    id = long_ago(60)
    headers = row["headers"] | {"ce_id": id}
    told = city.stack.wiring.kafka("grid")
    producer = KafkaProducer(**{name: told[key] for name, key in CLIENT_KEYS.items()})
    named = [(name, value.encode()) for name, value in headers.items()]
    producer.send(GRID_TOPIC, bytes(row["body"]), str(row["aggregate_id"]).encode(), named)
    producer.close()
    wait_for("it is parked", lambda: city.rows("notification", KEPT, id))
    yield number, id
    give_up(city, id)


def give_up(city: City, id: str) -> None:
    """Other consumers could not take it either."""
    for service in city.stack.supervisor.parts:
        if service in ("grid", "inspection", "certificates", "notification", "casetrace", "identity"):
            for row in city.rows(service, KEPT, id):
                path = f"/v1/operations/{service}/parked/{id}:discard"
                body = {"consumer": row["consumer"], "reason": "a test's own"}
                city.gateway.post(path, body, door=city.people.operations)


def event_page(operator: Visitor, id: str) -> Page:
    return operator.get(f"/console/health?service=notification&event={quote(id)}")


def outcome(page: Page) -> str:
    found = re.search(r'<section[^>]*data-outcome="(\w+)"', page.text)
    return found[1] if found else ""


def test_a_parked_event_is_retried_from_the_page_and_taken(
    city: City, operator: Visitor, stray: tuple[str, str]
) -> None:
    number, id = stray
    wait_for("the page shows it", lambda: outcome(event_page(operator, id)) == "parked")
    listed = operator.get("/console/health").text
    assert f"event={id}" in listed and f"/console/cases/{number}" in listed

    page = event_page(operator, id)
    refused = sent(operator, form_of(page, "discard"))
    assert refused.status == 400 and 'aria-invalid="true"' in refused.text
    assert sent(operator, form_of(page, "retry") | {"form_token": "x"}).status == 403

    why = f"wanted {id[-8:]}"
    form = form_of(page, "retry") | {"reason": why}
    done = sent(operator, form)
    assert done.status == 200 and 'data-done="retry"' in done.text
    # The same form once more, as a double click sends it: it has acted once, and says the same.
    assert 'data-done="retry"' in sent(operator, form).text
    wait_for("it is taken", lambda: city.rows("notification", OUTCOME, id, CONSUMER) == [{"outcome": "taken"}])
    wait_for("the page says so", lambda: outcome(event_page(operator, id)) == "taken")
    audited = "SELECT subject FROM chassis.audit_log WHERE method LIKE '%%RetryParked' AND note = %s"
    assert all(row["subject"] for row in city.rows("notification", audited, why))


def test_giving_up_is_confirmed_and_a_second_time_refused_in_words(
    city: City, operator: Visitor, stray: tuple[str, str]
) -> None:
    _, id = stray
    wait_for("the page shows it", lambda: outcome(event_page(operator, id)) == "parked")
    form = form_of(event_page(operator, id), "discard") | {"reason": "not wanted", "confirmed": "discard"}
    assert 'data-done="discard"' in sent(operator, form).text
    wait_for("the page says so", lambda: outcome(event_page(operator, id)) == "discarded")
    again = sent(operator, form | {"key": str(uuid.uuid4())})
    assert again.status == 409 and 'data-refused="PARKED_NOT_FOUND"' in again.text
