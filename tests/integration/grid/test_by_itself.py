"""What happens to an incident without any call: time passes, and an inspection is opened because of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.stack import Stack
from services.chassis.database import create_engine
from tests.waiting import wait_for

INCIDENTS = "/v1/incidents"
FOOD = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
REGION = "371102001001"


def filed(gateway: Gateway, people: People) -> dict[str, Any]:
    report = {"type": FOOD, "region": REGION, "description": "后厨有虫", "enterpriseCode": "91350100M000100Y43"}
    incident: dict[str, Any] = gateway.post(INCIDENTS, {"report": report}, door=people.citizens).body["incident"]
    return incident


def shown(gateway: Gateway, people: People, incident: dict[str, Any]) -> dict[str, Any]:
    path = f"{INCIDENTS}/{incident['incidentId']}"
    now: dict[str, Any] = gateway.get(path, door=people.citizens).body["incident"]
    return now


def make_overdue(stack: Stack, incident: dict[str, Any]) -> None:
    """Time passes: the deadline of the present step was a second ago, which is when it was to be looked at."""
    engine = create_engine(stack.wiring.database("grid", owner=False), application="test-overdue", pool_size=1)
    with engine.begin() as connection:
        late = "UPDATE incident SET deadline = now() - interval '1 s' WHERE id = :id"
        connection.execute(sa.text(late), {"id": incident["incidentId"]})
        look = "UPDATE chassis.due SET due_at = now(), try_at = now() WHERE name = 'incident-clock' AND key = :id"
        assert connection.execute(sa.text(look), {"id": incident["incidentId"]}).rowcount == 1
    engine.dispose()


def test_what_is_overdue_goes_up_a_level_and_everybody_is_told(gateway: Gateway, people: People, stack: Stack) -> None:
    incident = filed(gateway, people)
    make_overdue(stack, incident)
    late = wait_for("an escalation", lambda: (now := shown(gateway, people, incident))["version"] == "2" and now)
    assert late["escalationLevel"] == "ESCALATION_LEVEL_CITY", "above the county's centre"
    assert (late["state"], late["holderDepartment"]) == ("INCIDENT_STATE_FILED", "371102-ZHZX")
    assert late["deadline"] > incident["filedAt"]

    def told() -> list[Any]:
        query = {"caseNumber": incident["caseNumber"], "mailbox": "MAILBOX_DEPARTMENT"}
        notices = gateway.get("/v1/notices", query, door=people.seat("371102")).body["notices"]
        return [notice for notice in notices if notice["template"] == "incident-escalated/3"]

    assert len(wait_for("the notice", told)) == 1


def test_what_goes_up_to_the_city_reaches_somebody_who_decides(gateway: Gateway, people: People, stack: Stack) -> None:
    incident, path = filed(gateway, people), INCIDENTS
    make_overdue(stack, incident)
    seat, city, coordinator = people.seat("371102"), people.seat("371100"), people.coordinator("371100-ZHZX")
    query = {"caseNumber": incident["caseNumber"], "mailbox": "MAILBOX_DEPARTMENT"}
    told = wait_for("the notice", lambda: gateway.get("/v1/notices", query, door=city).body["notices"])
    assert [notice["template"] for notice in told] == ["incident-escalated/3"]

    def step(verb: str, door: Any, **said: Any) -> None:
        now = shown(gateway, people, incident)
        gateway.post(f"{path}/{incident['incidentId']}:{verb}", {"version": now["version"], **said}, door=door)

    step("dispatch", seat, department="371100-ZHZX")
    step("return", coordinator, reason="RETURN_REASON_NOT_OUR_DUTY")
    step("dispatch", seat, department="371102-CGJ")
    step("return", people.officer("371102-CGJ"), reason="RETURN_REASON_NOT_OUR_DUTY")
    referred = shown(gateway, people, incident)
    assert (referred["state"], referred["holderDepartment"]) == ("INCIDENT_STATE_REFERRED", "371100-ZHZX")
    step("dispatch", coordinator, department="371102-HBJ")
    assert shown(gateway, people, incident)["holderDepartment"] == "371102-HBJ"


def test_an_inspection_that_it_led_to_accepts_it(gateway: Gateway, people: People) -> None:
    incident, path = filed(gateway, people), INCIDENTS
    body = {"version": incident["version"]}
    gateway.post(f"{path}/{incident['incidentId']}:dispatch", body, door=people.seat("371102"))
    accepted = wait_for("an inspection", lambda: (now := shown(gateway, people, incident))["inspectionId"] and now)
    assert (accepted["state"], accepted["holderDepartment"]) == ("INCIDENT_STATE_ACCEPTED", "371102-SCJG")

    def told() -> list[Any]:
        notices = gateway.get("/v1/notices", {"caseNumber": incident["caseNumber"]}, door=people.citizens).body
        return [notice for notice in notices["notices"] if notice["template"] == "inspection-opened/1"]

    # Who reported is told of what other services do in the case, under the reference of the report.
    assert len(wait_for("the notice", told)) == 1
