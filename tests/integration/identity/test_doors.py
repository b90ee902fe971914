"""The running service behind its two doors: OAuth 2.0 over HTTP, and RPCs with the tokens that it grants."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

import grpc
import pytest
from egov.identity.v1 import identity_service_pb2 as identity
from joserfc import jws
from joserfc.jwk import ECKey

from services.chassis.tokens import TokenVerifier
from services.identity.domain.organisations import person_id_of
from services.identity.domain.tokens import ATTEMPTS_PER_MINUTE, JWT_BEARER
from services.identity.keys import KeyRing, rotate
from services.kernel.clock import SystemClock
from services.kernel.errors import Refusal
from tests.integration.identity.doors import Doors, basic, own, reasons
from tests.unit.chassis.issuing import Keeper
from tests.unit.identity.samples import SECRET

KEY_SET = "/.well-known/jwks.json"


def verifier(doors: Doors) -> TokenVerifier:
    def fetch() -> str:
        return json.dumps(doors.http("GET", KEY_SET)[2])

    return TokenVerifier(doors.issuer, "egov", fetch, SystemClock(), Keeper())


def test_a_member_gets_a_token_that_every_service_takes(doors: Doors) -> None:
    assertion = doors.assertion("rizhao-office", "rizhao-office")
    status, headers, answer = doors.http("POST", "/oauth2/token", own(assertion) | {"scope": "grid.incidents.read"})
    assert (status, answer["token_type"], answer["expires_in"], answer["scope"]) == (
        200,
        "Bearer",
        300,
        "grid.incidents.read",
    )
    assert headers["Cache-Control"] == "no-store"
    claims = verifier(doors).verify(answer["access_token"], peer_fingerprint=None)
    assert (claims.client_id, claims.vouched, claims.region, claims.level) == ("rizhao-office", None, "371100", 0)


def test_calls_of_the_http_door_are_counted_by_route_and_status(doors: Doors) -> None:
    def counted(verb: str, route: str, code: str) -> float:
        with urllib.request.urlopen(f"http://{doors.environment['EGOV_ADMIN_LISTEN']}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        series = f'egov_calls_total{{code="{code}",method="{verb} {route}"}} '
        return sum(float(line.removeprefix(series)) for line in lines if line.startswith(series))

    keys, tokens = counted("GET", KEY_SET, "200"), counted("POST", "/oauth2/token", "401")
    assert doors.http("GET", KEY_SET)[0] == 200
    assert doors.http("POST", "/oauth2/token", own("no assertion"))[0] == 401
    assert counted("GET", KEY_SET, "200") == keys + 1
    assert counted("POST", "/oauth2/token", "401") == tokens + 1


def test_an_assertion_is_good_once_also_when_it_bought_nothing(doors: Doors) -> None:
    assertion = doors.assertion("rizhao-office", "rizhao-office")
    refused = doors.http("POST", "/oauth2/token", own(assertion) | {"scope": "operations.act"})
    assert (refused[0], refused[2]["error"]) == (400, "invalid_scope")
    status, headers, answer = doors.http("POST", "/oauth2/token", own(assertion))
    assert (status, answer["error"], answer["reason"]) == (401, "invalid_client", "CLIENT_ASSERTION_REFUSED")
    assert "jti was used before" in answer["error_description"]
    assert headers["WWW-Authenticate"].startswith("Basic")


def test_a_member_vouches_for_its_staff_and_binds_the_token(doors: Doors) -> None:
    given = doors.token("rizhao-office", "seat.371102@371102-ZHZX", bind="tls")
    with pytest.raises(Refusal, match="TOKEN_NOT_BOUND"):
        verifier(doors).verify(given, peer_fingerprint=None)
    binding = json.loads(jws.extract_compact(given.encode()).payload or b"")["cnf"]["x5t#S256"]
    claims = verifier(doors).verify(given, peer_fingerprint=binding)
    assert claims.vouched == str(person_id_of("seat.371102", "371102-ZHZX"))
    assert (claims.department, claims.region, claims.level) == ("371102-ZHZX", "371102", 2)
    assert claims.roles == {"seat"}
    assert "grid.incidents.dispatch" in claims.scopes and "grid.incidents.supervise" not in claims.scopes


def test_a_member_cannot_vouch_for_anybody(doors: Doors) -> None:
    asked = {"grant_type": JWT_BEARER, "assertion": doors.assertion("rizhao-ssp", "seat.371102@371102-ZHZX")}
    status, _, answer = doors.http("POST", "/oauth2/token", asked)
    assert (status, answer["error"], answer["reason"]) == (400, "invalid_grant", "PERSON_NOT_VOUCHED")
    assert "seat" not in json.dumps(answer)


def test_a_stranger_gets_no_token(doors: Doors) -> None:
    stranger = ECKey.generate_key("P-256", private=True)
    forged = doors.assertion("rizhao-office", "rizhao-office", stranger)
    for fields in (own(forged), own("nonsense"), {"grant_type": "client_credentials"}):
        status, _, answer = doors.http("POST", "/oauth2/token", fields)
        assert (status, answer["error"]) == (401, "invalid_client")
    status, _, answer = doors.http("POST", "/oauth2/token", {"grant_type": "password"})
    assert (status, answer["error"]) == (400, "unsupported_grant_type")
    assert doors.http("POST", "/oauth2/token", {})[0] == 400
    assert doors.http("GET", "/oauth2/token")[0] == 405


def test_wrong_secrets_are_counted_and_close_the_door(doors: Doors) -> None:
    asked = {"grant_type": "client_credentials"}
    right, wrong = basic("rizhao-ssp", SECRET), basic("rizhao-ssp", SECRET + "x")
    assert doors.http("POST", "/oauth2/token", asked, Authorization=right)[0] == 200
    for _ in range(ATTEMPTS_PER_MINUTE):
        assert doors.http("POST", "/oauth2/token", asked, Authorization=wrong)[0] == 401
    status, headers, _ = doors.http("POST", "/oauth2/token", asked, Authorization=right)
    assert (status, headers["Retry-After"]) == (429, "60")
    doors.token("rizhao-ssp")


def test_metadata_lead_to_keys(doors: Doors) -> None:
    status, headers, answer = doors.http("GET", "/.well-known/openid-configuration")
    assert (status, answer["issuer"], headers["Cache-Control"]) == (200, doors.issuer, "public, max-age=300")
    assert answer["jwks_uri"] == doors.issuer + KEY_SET
    assert "grid.incidents.file" in answer["scopes_supported"]
    keys = doors.http("GET", KEY_SET)[2]["keys"]
    assert len(keys) == 2 and all("d" not in key for key in keys)


def test_a_rotation_is_picked_up_while_running(doors: Doors) -> None:
    checking = verifier(doors)
    before = doors.token()
    folder = Path(doors.environment["IDENTITY_KEYS"])
    old = KeyRing(folder).active().kid
    rotate(folder, SystemClock().now(), force=True)
    until = time.monotonic() + 20
    while (header := jws.extract_compact(doors.token().encode()).headers())["kid"] == old:
        assert time.monotonic() < until
    assert header["kid"] in {key["kid"] for key in doors.http("GET", KEY_SET)[2]["keys"]}
    with pytest.raises(Refusal, match="TOKEN_INVALID"):
        checking.verify(before, peer_fingerprint=None)


def test_regions_are_open_to_all(doors: Doors) -> None:
    answer = doors.call("ListRegions", identity.ListRegionsRequest(), identity.ListRegionsResponse)
    assert [region.code for region in answer.regions] == ["371100"]
    asked = identity.ListRegionsRequest(parent_code="371102")
    asked.page.page_size = 3
    first = doors.call("ListRegions", asked, identity.ListRegionsResponse)
    asked.page.page_token = first.page.next_page_token
    second = doors.call("ListRegions", asked, identity.ListRegionsResponse)
    codes = [region.code for region in (*first.regions, *second.regions)]
    assert len(codes) == 6 and codes == sorted(set(codes))


def test_departments_are_those_of_the_callers_region(doors: Doors) -> None:
    given = doors.token("rizhao-ops")
    answer = doors.call("ListDepartments", identity.ListDepartmentsRequest(), identity.ListDepartmentsResponse, given)
    assert len(answer.departments) == 37
    asked = identity.ListDepartmentsRequest(region="371103")
    answer = doors.call("ListDepartments", asked, identity.ListDepartmentsResponse, given)
    assert {department.region for department in answer.departments} == {"371103"}
    with pytest.raises(grpc.RpcError) as refused:
        doors.call("ListDepartments", asked, identity.ListDepartmentsResponse, doors.token("rizhao-ssp"))
    assert reasons(refused.value)[0] == "SCOPE_MISSING"


def test_a_member_registers_and_asks_for_its_first_token(doors: Doors) -> None:
    key = ECKey.generate_key("P-256", private=True)
    asked = identity.RegisterMemberRequest(
        client_id="donggang-video",
        display_name="东港视频（示例）",
        region="371102",
        departments=["371102-SCJG"],
        scopes=["grid.incidents.file"],
        public_keys=[json.dumps(key.as_dict(private=False))],
    )
    given = doors.token("rizhao-ops")
    answer = doors.call("RegisterMember", asked, identity.RegisterMemberResponse, given)
    assert json.loads(answer.member.public_keys[0])["kid"] == key.thumbprint()
    assertion = doors.assertion("donggang-video", "donggang-video", key)
    assert doors.http("POST", "/oauth2/token", own(assertion))[0] == 200
    with pytest.raises(grpc.RpcError) as refused:
        doors.call("RegisterMember", asked, identity.RegisterMemberResponse, given)
    assert reasons(refused.value)[0] == "CLIENT_EXISTS"
    asked.region, asked.scopes[0], asked.public_keys[0] = "371109", "grid.incidents.burn", "{}"
    with pytest.raises(grpc.RpcError) as refused:
        doors.call("RegisterMember", asked, identity.RegisterMemberResponse, given)
    assert reasons(refused.value)[1] == [
        ("region", "REGION_UNKNOWN"),
        ("departments[0]", "DEPARTMENT_OUTSIDE"),
        ("scopes[0]", "SCOPE_UNKNOWN"),
        ("public_keys[0]", "KEY_UNFIT"),
    ]
