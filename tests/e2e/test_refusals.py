"""What grid refuses, and how: one row of the table per refusal. Callers whom the door refuses are in other tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.city import COUNTY, COUNTY_ELSEWHERE, City, report
from tests.e2e.door import assert_refused
from tests.e2e.refused_reports import FORMS, REPORTS
from tests.e2e.refused_steps import RIGHTS, STATES
from tests.e2e.refusing import Refused, assert_without_effect, audit_row
from tests.e2e.scene import (
    RIGHT_CITIZEN_NUMBER,
    RIGHT_ENTERPRISE,
    WRONG_ENTERPRISE,
    Scene,
    in_force,
    led,
)


@pytest.fixture(scope="module")
def scene(city: City) -> Iterator[Scene]:
    """One region and one type are closed while these tests run, as a load of new reference data would."""
    key = str(uuid.uuid4())
    filed = city.file(key=key, reference="refusals-1").body["incident"]
    ways = [[city.dispatch, city.accept, city.report_handled, city.verify][:steps] for steps in range(1, 5)]
    dispatched, accepted, handled, verified = (led(city, *way) for way in ways)
    assert dispatched["holderDepartment"] == f"{COUNTY}-CGJ"
    in_force(city, False)
    yield Scene(city, key, filed, dispatched, accepted, handled, verified)
    in_force(city, True)


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
