"""Steps that are refused to whom, and in which state."""

from __future__ import annotations

import uuid

from tests.e2e.city import COUNTY, COUNTY_ELSEWHERE
from tests.e2e.refusing import Refused

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
