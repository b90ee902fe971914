"""People at the running service: holders and who looked at them, posts, and who is shut out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from egov.identity.v1 import identity_service_pb2 as identity
from egov.identity.v1 import standing_pb2

from services.identity.domain.organisations import person_id_of
from services.identity.domain.tokens import JWT_BEARER
from tests.integration.identity.doors import Doors, own, reasons

OFFICER = "officer.scjg.371102@371102-SCJG"
LENT = ("officer-2.scjg.371103", "371103-SCJG")
CITIZEN = "019b76da-a800-7357-95b1-e3b9aecda407"
NUMBER = "E00000001"


def officer(doors: Doors) -> str:
    return doors.token("rizhao-office", OFFICER)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return reasons(error.value)[0]


def get_holder(doors: Doors, holder_id: str, token: str) -> Any:
    asked = identity.GetHolderRequest(holder_id=holder_id)
    return doors.call("GetHolder", asked, identity.GetHolderResponse, token).holder


def register(doors: Doors, token: str, **changes: str) -> Any:
    usual = {"kind_code": "414", "number": NUMBER, "name": "苏远航（虚构）", "region": "371102001"}
    asked = identity.RegisterHolderRequest(**usual | changes)
    return doors.call("RegisterHolder", asked, identity.RegisterHolderResponse, token).holder


def test_a_holder_is_registered_and_nothing_of_the_number_is_left_but_its_end(doors: Doors) -> None:
    token = officer(doors)
    made = register(doors, token)
    assert (made.number_tail, made.language, made.version) == ("0001", "zh-CN", 1)
    assert get_holder(doors, made.holder_id, token) == made
    assert refused(lambda: register(doors, token)) == "HOLDER_EXISTS"
    assert refused(lambda: register(doors, token, region="371103")) == "INVALID_ARGUMENT"
    with doors.engine.connect() as connection:
        for table in ("holder", "chassis.event_log", "chassis.audit_log", "chassis.idempotency"):
            kept = connection.scalars(sa.text(f"SELECT t::text FROM {table} t")).all()
            assert kept and not any(NUMBER in row or NUMBER.encode().hex() in row for row in kept), table


def test_a_record_is_read_by_a_person_in_their_region_with_the_scope(doors: Doors) -> None:
    assert get_holder(doors, CITIZEN, officer(doors)).name == "孟清和（虚构）"
    other = doors.token("rizhao-office", "officer.scjg.371103@371103-SCJG")
    assert refused(lambda: get_holder(doors, CITIZEN, other)) == "NOT_FOUND"
    assert refused(lambda: get_holder(doors, CITIZEN, doors.token("rizhao-ssp"))) == "SCOPE_MISSING"
    assert refused(lambda: get_holder(doors, CITIZEN, doors.token("rizhao-office"))) == "LEVEL_TOO_LOW"


def own_accesses(doors: Doors, token: str) -> Any:
    return doors.call("ListOwnAccesses", identity.ListOwnAccessesRequest(), identity.ListOwnAccessesResponse, token)


def test_a_person_sees_who_looked_at_their_record(doors: Doors) -> None:
    get_holder(doors, CITIZEN, officer(doors))
    citizen = doors.token("rizhao-ssp", CITIZEN)
    until = time.monotonic() + 20
    while not (seen := own_accesses(doors, citizen).accesses):
        assert time.monotonic() < until
    looks = {(one.department, one.client_id, one.person_id, one.outcome) for one in seen}
    reader = str(person_id_of("officer.scjg.371102", "371102-SCJG"))
    assert ("371102-SCJG", "rizhao-office", reader, "OK") in looks
    asked = identity.ListAccessesRequest(holder_id=CITIZEN)
    listed = doors.call("ListAccesses", asked, identity.ListAccessesResponse, doors.token("rizhao-ops")).accesses
    assert {one.person_id for one in listed} >= {reader}
    assert refused(lambda: doors.call("ListAccesses", asked, identity.ListAccessesResponse, citizen)) == "SCOPE_MISSING"
    assert refused(lambda: own_accesses(doors, doors.token("rizhao-ssp"))) == "NO_PERSON"
    asked.holder_id = "019b76da-a800-7000-8000-000000000000"
    assert refused(lambda: doors.call("ListAccesses", asked, identity.ListAccessesResponse, doors.token("rizhao-ops")))


def test_staff_are_told_to_a_service_at_the_department_it_asks_for(doors: Doors) -> None:
    asked = identity.GetStaffRequest(person_id=str(person_id_of(*LENT)))
    staff = doors.call("GetStaff", asked, identity.GetStaffResponse, peer=doors.inspection).staff
    assert (staff.department, list(staff.roles), staff.active) == ("371103-SCJG", ["officer"], True)
    assert staff.officer_licence.startswith("YL-")
    asked.department = "371102-SCJG"
    away = doors.call("GetStaff", asked, identity.GetStaffResponse, peer=doors.inspection).staff
    assert (away.department, list(away.roles)) == ("371102-SCJG", ["officer"])
    assert refused(lambda: doors.call("GetStaff", asked, identity.GetStaffResponse)) == "CALLER_NOT_ALLOWED"
    asked.person_id = CITIZEN
    unknown = refused(lambda: doors.call("GetStaff", asked, identity.GetStaffResponse, peer=doors.inspection))
    assert unknown == "PARTY_UNKNOWN"


def test_a_token_is_for_the_department_that_is_asked_for(doors: Doors) -> None:
    def ask(person: str, department: str) -> tuple[int, Any]:
        assertion = doors.assertion("rizhao-office", person)
        fields = {"grant_type": JWT_BEARER, "assertion": assertion, "department": department}
        status, _, answer = doors.http("POST", "/oauth2/token", fields)
        return status, answer

    status, answer = ask("@".join(LENT), "371102-SCJG")
    assert status == 200 and "inspection.inspections.check" in answer["scope"].split()
    status, answer = ask("@".join(LENT), "371102-CGJ")
    assert (status, answer["reason"]) == (400, "PERSON_NOT_AT_DEPARTMENT")
    status, answer = ask("officer-2.scjg.371121@371121-SCJG", "371102-SCJG")
    assert (status, answer["reason"]) == (400, "PERSON_NOT_AT_DEPARTMENT"), "that secondment is over"


def test_who_is_shut_out_gets_no_token_until_let_in_again(doors: Doors) -> None:
    operations = doors.token("rizhao-ops")
    person = str(person_id_of("officer.cgj.371102", "371102-CGJ"))
    out = identity.DisableSubjectRequest(person_id=person, reason=standing_pb2.DISABLE_REASON_EXPOSED)
    standing = doors.call("DisableSubject", out, identity.DisableSubjectResponse, operations).standing
    assert (standing.disabled, standing.version) == (True, 2)
    asked = {"grant_type": JWT_BEARER, "assertion": doors.assertion("rizhao-office", person)}
    status, _, answer = doors.http("POST", "/oauth2/token", asked)
    assert (status, answer["error"], answer["reason"]) == (400, "invalid_grant", "SUBJECT_DISABLED")
    again = refused(lambda: doors.call("DisableSubject", out, identity.DisableSubjectResponse, operations))
    assert again == "WRONG_STATE"
    back = identity.EnableSubjectRequest(person_id=person)
    assert not doors.call("EnableSubject", back, identity.EnableSubjectResponse, operations).standing.disabled
    doors.token("rizhao-office", person)
    forbidden = refused(lambda: doors.call("DisableSubject", out, identity.DisableSubjectResponse, officer(doors)))
    assert forbidden == "SCOPE_MISSING"


def test_a_client_that_is_shut_out_gets_no_token_until_let_in_again(doors: Doors) -> None:
    operations = doors.token("rizhao-ops")
    out = identity.DisableClientRequest(client_id="rizhao-ssp", reason=standing_pb2.DISABLE_REASON_MISUSE)
    doors.call("DisableClient", out, identity.DisableClientResponse, operations)
    status, _, answer = doors.http("POST", "/oauth2/token", own(doors.assertion("rizhao-ssp", "rizhao-ssp")))
    assert (status, answer["error"], answer["reason"]) == (401, "invalid_client", "CLIENT_DISABLED")
    back = identity.EnableClientRequest(client_id="rizhao-ssp")
    assert doors.call("EnableClient", back, identity.EnableClientResponse, operations).standing.version == 3
    doors.token("rizhao-ssp")
    itself = identity.DisableClientRequest(client_id="rizhao-ops", reason=standing_pb2.DISABLE_REASON_LEFT)
    refusal = refused(lambda: doors.call("DisableClient", itself, identity.DisableClientResponse, operations))
    assert refusal == "NOT_YOURSELF"


@pytest.mark.parametrize("kind", ["person", "client"])
def test_a_good_token_buys_nothing_within_seconds_of_the_event(doors: Doors, kind: str) -> None:
    """The consumer needs Kafka, which these tests do without: the row that it writes is written here."""
    token, citizen = doors.token("rizhao-ssp", CITIZEN), {"person": CITIZEN, "client": "rizhao-ssp"}[kind]
    own_accesses(doors, token)
    row = {"kind": kind, "id": citizen}
    with doors.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO chassis.denied VALUES (:kind, :id, now())"), row)
    until, reason = time.monotonic() + 20, ""
    while not reason:
        assert time.monotonic() < until
        try:
            own_accesses(doors, token)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            reason = reasons(error)[0]
    assert reason == {"person": "SUBJECT_DISABLED", "client": "CLIENT_DISABLED"}[kind]
    with doors.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM chassis.denied WHERE kind = :kind AND id = :id"), row)
    while True:
        assert time.monotonic() < until
        try:
            own_accesses(doors, token)
            break
        except grpc.RpcError:
            continue
