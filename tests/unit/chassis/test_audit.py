from __future__ import annotations

import pytest
from egov.certificates.v1 import certificates_service_pb2 as certificates
from egov.chassis.v1 import operations_service_pb2 as operations
from egov.grid.v1 import grid_service_pb2 as grid
from egov.identity.v1 import identity_service_pb2 as identity
from google.protobuf.message import Message

from services.chassis.audit import target_of

ID = "019b76da-a800-7181-9950-d99e1baeefcf"
PHONE, CITIZEN_NUMBER, WRONG_NUMBER = "13905330417", "37110219900307451X", "371102199003074511"


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (grid.GetIncidentRequest(incident_id=ID), ID),
        (identity.DisableClientRequest(client_id="rizhao-office"), "rizhao-office"),
        (certificates.ListHolderCertificatesRequest(holder_id="92371199MAB0000158"), "92371199MAB0000158"),
        (certificates.ListHolderCertificatesRequest(holder_id="911100007109250324"), "911100007109250324"),
        (operations.RetryParkedRequest(event_id=ID), ID),
        (operations.RetryParkedRequest(event_id="egov.grid.v1:3:1742"), "egov.grid.v1:3:1742"),
        (grid.FileIncidentRequest(), None),
    ],
)
def test_the_target_is_the_id_of_what_a_request_is_about(request_: Message, target: str | None) -> None:
    assert target_of(request_) == target


@pytest.mark.parametrize("text", [PHONE, CITIZEN_NUMBER, WRONG_NUMBER, "zhao-tiezhu", "a name", "\0"])
def test_what_is_no_id_is_not_kept_whoever_sent_it_as_one(text: str) -> None:
    assert target_of(grid.GetIncidentRequest(incident_id=text)) is None
    assert target_of(certificates.ListHolderCertificatesRequest(holder_id=text)) is None
    assert target_of(operations.RetryParkedRequest(event_id=text)) is None


def test_nothing_asked_has_no_target() -> None:
    assert target_of(None) is None
