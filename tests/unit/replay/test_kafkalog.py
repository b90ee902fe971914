import uuid
from typing import Any

import pytest
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2 as grid
from egov.grid.v1 import incidents_pb2
from google.protobuf.message import Message

from deploy.local.replaying.accounts import TAKEN
from deploy.local.replaying.kafkalog import tells
from services.notification.wire.incidents import OCCASIONS, occasion

REPORTER, CENTRE, OFFICE, ABOVE = (3, "rizhao-ssp"), (2, "371102-ZHZX"), (2, "371102-CGJ"), (2, "371102001-ZHZX")
CODES = {"department": OFFICE[1], "centre": CENTRE[1], "supervisor": ABOVE[1]}
KINDS: dict[int, str] = {parties_pb2.PARTY_KIND_CLIENT: "client", parties_pb2.PARTY_KIND_DEPARTMENT: "department"}


def event_of(kind: type[Message], **changed: Any) -> Any:
    said: dict[str, Any] = {name: code for name, code in CODES.items() if name in kind.DESCRIPTOR.fields_by_name}
    if kind is grid.IncidentFiled:
        said["holder"] = f"department/{CENTRE[1]}"
    said["type"] = incidents_pb2.IncidentTypeKey(kind=incidents_pb2.INCIDENT_KIND_EVENT)
    said["reporter"] = parties_pb2.Party(kind=parties_pb2.PARTY_KIND_CLIENT, id=REPORTER[1])
    return kind(**{**said, **changed})


CASES = [
    *((event_of(kind), {REPORTER, CENTRE}) for kind in (grid.IncidentFiled, grid.IncidentAccepted)),
    *((event_of(kind), {REPORTER, CENTRE}) for kind in (grid.IncidentHandled, grid.IncidentReturned)),
    *((event_of(kind), {REPORTER, OFFICE}) for kind in (grid.IncidentDispatched, grid.IncidentVerified)),
    *((event_of(kind), {REPORTER, OFFICE}) for kind in (grid.IncidentReworkOrdered, grid.IncidentClosed)),
    (event_of(grid.IncidentClosed, department=""), {REPORTER}),
    (event_of(grid.IncidentReopened), {REPORTER, CENTRE}),
    (event_of(grid.IncidentEscalated), {REPORTER, ABOVE, OFFICE}),
    (event_of(grid.IncidentEscalated, reminder=True), {ABOVE, OFFICE}),
]


@pytest.mark.parametrize(("event", "told"), CASES)
def test_the_books_expect_the_notices_that_notification_makes(event: Any, told: set[tuple[int, str]]) -> None:
    assert tells(event) == told
    addressees = occasion(event, str(uuid.uuid4())).addressees
    assert {(to.party.kind, to.party.id) for to in addressees} == {(KINDS[kind], code) for kind, code in told}


def test_the_events_that_notification_takes_are_known() -> None:
    assert {kind.DESCRIPTOR.full_name for kind in OCCASIONS} == TAKEN
    assert {type(event) for event, _ in CASES} == set(OCCASIONS)
