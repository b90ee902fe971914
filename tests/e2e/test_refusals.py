"""What grid refuses, and how: one row of the table per refusal. Callers whom the door refuses are in other tables."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.client import Answer
from tests.e2e.city import COUNTY, COUNTY_ELSEWHERE, VILLAGE_ELSEWHERE, City, Json, report
from tests.e2e.door import Reply, assert_refused
from tests.e2e.refusing import Refused, assert_without_effect, audit_row

# A unit grid, where no other test reports from: grid remembers what identity says of a region.
CLOSED_REGION = "371102001003003"
RETIRED_TYPE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "91001"}
NO_TYPE = {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "99999"}
RIGHT_CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER = "11010519491231002X", "110105194912310021"
RIGHT_ENTERPRISE, WRONG_ENTERPRISE = "91350100M000100Y43", "91350100M000100Y44"


@dataclass(frozen=True)
class Scene:
    """Incidents of one county: `filed` under `key`, the others at urban management (CGJ), one in each further state."""

    city: City
    key: str
    filed: Json
    dispatched: Json
    accepted: Json
    handled: Json
    verified: Json

    @property
    def citizen(self) -> str:
        """Token of the citizen app."""
        return self.city.people.citizens.token()

    @property
    def seat(self) -> str:
        """Token of the county's seat."""
        return self.city.people.seat(COUNTY).token()

    def report(self, **said: object) -> Reply:
        """A citizen's report, with what is said put over a plain one."""
        return self.city.door.post("/v1/incidents", self.citizen, {"report": report(**said)})

    def dispatch(self, token: str | None, incident: Json, **said: object) -> Reply:
        """An incident is to be dispatched."""
        body = {"version": incident["version"]} | said
        return self.city.door.post(f"/v1/incidents/{incident['incidentId']}:dispatch", token, body)

    def close(self, token: str, incident: Json, **said: object) -> Reply:
        """An incident is to be closed."""
        return self.lead("close", token, incident, **({"outcome": "CLOSING_OUTCOME_HANDLED"} | said))

    def lead(self, command: str, token: str, incident: Json, **said: object) -> Reply:
        """An incident is to be led to its next state."""
        body = {"version": incident["version"]} | said
        return self.city.door.post(f"/v1/incidents/{incident['incidentId']}:{command}", token, body)

    def officer(self, department: str) -> str:
        """Token of the officer of one of the county's departments."""
        return self.city.people.officer(f"{COUNTY}-{department}").token()


@pytest.fixture(scope="module")
def scene(city: City) -> Iterator[Scene]:
    """One region and one type are closed while these tests run, as a load of new reference data would."""
    key = str(uuid.uuid4())
    filed = city.file(key=key, reference="refusals-1").body["incident"]
    ways = [[city.dispatch, city.accept, city.report_handled, city.verify][:steps] for steps in range(1, 5)]
    dispatched, accepted, handled, verified = (led(city, *way) for way in ways)
    assert dispatched["holderDepartment"] == f"{COUNTY}-CGJ"
    _in_force(city, False)
    yield Scene(city, key, filed, dispatched, accepted, handled, verified)
    _in_force(city, True)


def led(city: City, *way: Callable[[Json], Answer]) -> Json:
    """An incident that was filed and led on, step by step."""
    incident: Json = city.file(reference=f"refusals-{1 + len(way)}").body["incident"]
    for step in way:
        incident = step(incident).body["incident"]
    return incident


def _in_force(city: City, yes: bool) -> None:
    until = None if yes else datetime.now(UTC) - timedelta(days=1)
    with city.stack.database("identity", owner=True) as identity:
        identity.execute("UPDATE region SET valid_until = %s WHERE code = %s", (until, CLOSED_REGION))
    with city.stack.database("grid", owner=True) as grid:
        standards = (RETIRED_TYPE["standard"], "retired")
        which = (*(standards if yes else reversed(standards)), RETIRED_TYPE["code"])
        grid.execute("UPDATE catalogue_type SET standard = %s WHERE standard = %s AND code = %s", which)


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def no_moment() -> str:
    """A page token in the right form, whose moment lies before the year 1 in UTC."""
    key = ["0001-01-01T00:00:00+14:00", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"]
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


REPORTS = [
    Refused(
        "a type that the catalogue does not have",
        lambda scene: scene.report(type=NO_TYPE),
        400, "INVALID_ARGUMENT", {"report.type": "TYPE_UNKNOWN"},
    ),
    Refused(
        "a type that was retired",
        lambda scene: scene.report(type=RETIRED_TYPE),
        400, "INVALID_ARGUMENT", {"report.type": "TYPE_UNKNOWN"},
    ),
    Refused(
        "a region that does not exist",
        lambda scene: scene.report(region="371102999999"),
        400, "INVALID_ARGUMENT", {"report.region": "REGION_UNKNOWN"},
    ),
    Refused(
        "a region that was closed",
        lambda scene: scene.report(region=CLOSED_REGION),
        400, "INVALID_ARGUMENT", {"report.region": "REGION_CLOSED"},
    ),
    Refused(
        "a region that is not the caller's",
        lambda scene: scene.city.door.post("/v1/incidents", scene.seat, {"report": report(region=VILLAGE_ELSEWHERE)}),
        400, "INVALID_ARGUMENT", {"report.region": "REGION_UNKNOWN"},
    ),
    Refused(
        "a township instead of a village",
        lambda scene: scene.report(region="371102001"),
        400, "INVALID_ARGUMENT", {"report.region": "PATTERN"},
    ),
    Refused(
        "an identity number with a wrong check digit (GB 11643)",
        lambda scene: scene.report(reporterCitizenNumber=WRONG_CITIZEN_NUMBER),
        400, "INVALID_ARGUMENT", {"report.reporter_citizen_number": "CODE_CITIZEN_NUMBER_CHECK"},
    ),
    Refused(
        "an enterprise code that has not the form of one (GB 32100)",
        lambda scene: scene.report(enterpriseCode="91350100M000100Y4"),
        400, "INVALID_ARGUMENT", {"report.enterprise_code": "CODE_SOCIAL_CREDIT_CODE"},
    ),
    Refused(
        "seen tomorrow",
        lambda scene: scene.report(seenAt=tomorrow()),
        400, "INVALID_ARGUMENT", {"report.seen_at": "SEEN_IN_FUTURE"},
    ),
    Refused(
        "a description that is too long",
        lambda scene: scene.report(description="字" * 2001),
        400, "INVALID_ARGUMENT", {"report.description": "TOO_LONG"},
    ),
    Refused(
        "every field rule that is broken, at once",
        lambda scene: scene.report(
            type=None, region="3711", description="", reporterCitizenNumber="1", enterpriseCode="?", reference="a b"
        ),
        400, "INVALID_ARGUMENT", {
            "report.type": "REQUIRED",
            "report.region": "PATTERN CODE_REGION",
            "report.description": "REQUIRED",
            "report.reporter_citizen_number": "CODE_CITIZEN_NUMBER",
            "report.enterprise_code": "CODE_SOCIAL_CREDIT_CODE",
            "report.reference": "PATTERN",
        },
    ),
    Refused(
        "every rule of the domain that is broken, at once",
        lambda scene: scene.report(type=NO_TYPE, region="371102999999", seenAt=tomorrow()),
        400, "INVALID_ARGUMENT", {
            "report.type": "TYPE_UNKNOWN",
            "report.region": "REGION_UNKNOWN",
            "report.seen_at": "SEEN_IN_FUTURE",
        },
    ),
]  # fmt: skip

FORMS = [
    Refused(
        "a field that the contract does not have",
        lambda scene: scene.report(colour="red", type={**NO_TYPE, "size": 3}),
        400, "INVALID_ARGUMENT", {"report.colour": "UNKNOWN_FIELD", "report.type.size": "UNKNOWN_FIELD"},
        audited_by=None,
    ),
    Refused(
        "malformed JSON",
        lambda scene: scene.city.door.post("/v1/incidents", scene.citizen, b'{"report": {'),
        400, "INVALID_ARGUMENT", {"": "NOT_JSON"},
        audited_by=None,
    ),
    Refused(
        "a body that is too large",
        lambda scene: scene.report(description="x" * 1_100_000),
        413, "BODY_TOO_LARGE",
        audited_by=None,
    ),
    Refused(
        "no idempotency key",
        lambda scene: scene.city.door.post("/v1/incidents", scene.citizen, {"report": report()}, key=""),
        400, "KEY_MISSING", {"idempotency-key": "KEY_MISSING"},
    ),
    Refused(
        "an idempotency key that is none",
        lambda scene: scene.city.door.post("/v1/incidents", scene.citizen, {"report": report()}, key="a b"),
        400, "KEY_INVALID", {"idempotency-key": "KEY_INVALID"},
    ),
    Refused(
        "the key of another report",
        lambda scene: scene.city.door.post("/v1/incidents", scene.citizen, {"report": report()}, key=scene.key),
        400, "KEY_REUSED",
    ),
    Refused(
        "a page token that the gateway never gave",
        lambda scene: scene.city.door.get("/v1/incidents?page.pageToken=bogus", scene.citizen),
        400, "INVALID_ARGUMENT", {"page.page_token": "PAGE_TOKEN_INVALID"},
    ),
    Refused(
        "a page token that somebody made, with a moment that does not exist",
        lambda scene: scene.city.door.get(f"/v1/incidents?page.pageToken={no_moment()}", scene.citizen),
        400, "INVALID_ARGUMENT", {"page.page_token": "PAGE_TOKEN_INVALID"},
    ),
    Refused(
        "a case number with a wrong check character",
        lambda scene: scene.city.door.get("/v1/incidents?caseNumber=371102-20261123-2000427-0", scene.citizen),
        400, "INVALID_ARGUMENT", {"case_number": "CODE_CASE_NUMBER_CHECK"},
    ),
]  # fmt: skip

RIGHTS = [
    Refused(
        "reading an incident of a foreign region",
        lambda scene: scene.city.door.get(
            f"/v1/incidents/{scene.filed['incidentId']}", scene.city.people.seat(COUNTY_ELSEWHERE).token()
        ),
        404, "INCIDENT_NOT_FOUND",
    ),
    Refused(
        "accepting what another department holds",
        lambda scene: scene.lead("accept", scene.officer("SCJG"), scene.dispatched),
        403, "NOT_THE_HOLDER",
    ),
    Refused(
        "returning what another department holds",
        lambda scene: scene.lead("return", scene.officer("SCJG"), scene.dispatched, reason="RETURN_REASON_UNCLEAR"),
        403, "NOT_THE_HOLDER",
    ),
    Refused(
        "reporting handled what another department accepted",
        lambda scene: scene.lead("reportHandled", scene.officer("SCJG"), scene.accepted),
        403, "NOT_THE_HOLDER",
    ),
    Refused(
        "accepting as the grid centre",
        lambda scene: scene.lead("accept", scene.officer("ZHZX"), scene.dispatched),
        403, "NOT_THE_HOLDER",
    ),
    Refused(
        "no scope for a department's step",
        lambda scene: scene.lead("accept", scene.citizen, scene.dispatched),
        403, "SCOPE_MISSING",
    ),
    Refused(
        "the inbox of a department, by a member system that is in none",
        lambda scene: scene.city.door.get("/v1/notices?mailbox=MAILBOX_DEPARTMENT", scene.citizen),
        403, "NO_DEPARTMENT",
        audited_by="notification",
    ),
    Refused(
        "a notice that is in nobody's inbox",
        lambda scene: scene.city.door.post(f"/v1/notices/{uuid.uuid4()}:markRead", scene.citizen, {}),
        404, "NOTICE_NOT_FOUND",
        audited_by="notification",
    ),
]  # fmt: skip

STATES = [
    Refused(
        "closing what was not dispatched",
        lambda scene: scene.close(scene.seat, scene.filed),
        400, "WRONG_STATE",
    ),
    Refused(
        "closing as handled what was only dispatched",
        lambda scene: scene.close(scene.seat, scene.dispatched),
        400, "WRONG_STATE",
    ),
    Refused(
        "closing as handled what a department is at work on",
        lambda scene: scene.close(scene.seat, scene.accepted),
        400, "WRONG_STATE",
    ),
    Refused(
        "closing as handled what was not verified",
        lambda scene: scene.close(scene.seat, scene.handled),
        400, "WRONG_STATE",
    ),
    Refused(
        "returning what was reported handled",
        lambda scene: scene.lead("return", scene.officer("CGJ"), scene.handled, reason="RETURN_REASON_UNCLEAR"),
        400, "WRONG_STATE",
    ),
    Refused(
        "reopening what is not closed",
        lambda scene: scene.lead("reopen", scene.citizen, scene.verified),
        400, "WRONG_STATE",
    ),
    Refused(
        "reporting handled what was not accepted",
        lambda scene: scene.lead("reportHandled", scene.officer("CGJ"), scene.dispatched),
        400, "WRONG_STATE",
    ),
    Refused(
        "verifying what was not reported handled",
        lambda scene: scene.lead("verify", scene.seat, scene.accepted, passed=True),
        400, "WRONG_STATE",
    ),
    Refused(
        "dispatching what was reported handled",
        lambda scene: scene.dispatch(scene.seat, scene.handled, department=f"{COUNTY}-SCJG"),
        400, "WRONG_STATE",
    ),
    Refused(
        "a duplicate without a word of what it repeats",
        lambda scene: scene.close(scene.seat, scene.dispatched, outcome="CLOSING_OUTCOME_DUPLICATE"),
        400, "INVALID_ARGUMENT", {"reason": "REASON_NEEDED"},
    ),
    Refused(
        "a department of another region",
        lambda scene: scene.dispatch(scene.seat, scene.filed, department=f"{COUNTY_ELSEWHERE}-CGJ"),
        400, "INVALID_ARGUMENT", {"department": "DEPARTMENT_ELSEWHERE"},
    ),
    Refused(
        "a department that is not there",
        lambda scene: scene.dispatch(scene.seat, scene.filed, department=f"{COUNTY}-NOBODY"),
        400, "INVALID_ARGUMENT", {"department": "DEPARTMENT_UNKNOWN"},
    ),
    Refused(
        "the department that is in charge already",
        lambda scene: scene.dispatch(scene.seat, scene.dispatched),
        400, "SAME_DEPARTMENT",
    ),
    Refused(
        "no outcome",
        lambda scene: scene.close(scene.seat, scene.dispatched, outcome="CLOSING_OUTCOME_UNSPECIFIED"),
        400, "INVALID_ARGUMENT", {"outcome": "REQUIRED"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("refused", [*REPORTS, *FORMS, *RIGHTS, *STATES], ids=lambda refused: refused.what)
def test_is_refused_and_changes_nothing(scene: Scene, refused: Refused) -> None:
    assert_without_effect(scene.city, "grid", scene, refused)


def test_a_caller_who_reads_chinese_is_told_in_chinese(scene: Scene) -> None:
    body, chinese = {"report": report(description="")}, {"Accept-Language": "zh-CN,en;q=0.5"}
    error = scene.city.door.post("/v1/incidents", scene.citizen, body, headers=chinese).error

    assert error.message == error.texts["zh-CN"]
    assert [text for _, _, text in error.violations] == ["必填。"]


def test_a_foreign_region_is_not_in_the_list_either(scene: Scene) -> None:
    query = {"caseNumber": scene.filed["caseNumber"]}
    listed = [
        scene.city.gateway.get("/v1/incidents", query, door=scene.city.people.seat(county)).body["incidents"]
        for county in (COUNTY, COUNTY_ELSEWHERE)
    ]
    assert [len(incidents) for incidents in listed] == [1, 0]


@pytest.mark.parametrize(("code", "doubtful"), [(RIGHT_ENTERPRISE, False), (WRONG_ENTERPRISE, True)])
def test_an_enterprise_code_with_a_wrong_check_character_is_accepted_and_flagged(
    scene: Scene, code: str, doubtful: bool
) -> None:
    incident = scene.report(enterpriseCode=code).json["incident"]
    assert (incident["report"]["enterpriseCode"], incident["enterpriseCodeDoubtful"]) == (code, doubtful)


def test_a_right_identity_number_is_accepted(scene: Scene) -> None:
    assert scene.report(reporterCitizenNumber=RIGHT_CITIZEN_NUMBER).status == 200


def test_everything_that_is_wrong_with_a_new_member_at_once(scene: Scene) -> None:
    before = scene.city.rows("identity", "SELECT count(*) FROM member")
    body = {
        "clientId": "far-away",
        "displayName": "Far away",
        "region": "371102",
        "departments": [f"{COUNTY_ELSEWHERE}-CGJ", f"{COUNTY}-NONE"],
        "scopes": ["grid.incidents.read", "grid.incidents.invent"],
        "publicKeys": ['{"kty": "oct", "k": "c2VjcmV0"}'],
    }
    reply = scene.city.door.post("/v1/members", scene.city.people.operations.token(), body)

    error = assert_refused(reply, 400, "INVALID_ARGUMENT")
    assert reply.fields == {
        "departments[0]": "DEPARTMENT_OUTSIDE",
        "departments[1]": "DEPARTMENT_UNKNOWN",
        "scopes[1]": "SCOPE_UNKNOWN",
        "public_keys[0]": "KEY_UNFIT",
    }
    assert scene.city.rows("identity", "SELECT count(*) FROM member") == before
    audit_row(scene.city, "identity", error.request_id, "INVALID_ARGUMENT")
