"""Reports and forms that are refused, and how."""

from __future__ import annotations

from tests.e2e.city import VILLAGE_ELSEWHERE, report
from tests.e2e.refusing import Refused
from tests.e2e.scene import (
    CLOSED_REGION,
    NO_TYPE,
    RETIRED_TYPE,
    WRONG_CITIZEN_NUMBER,
    no_moment,
    tomorrow,
)

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
