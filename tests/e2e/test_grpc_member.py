"""A department's system joins by gRPC: registered through the API, known by its TLS identity, kept outside."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from egov.grid.v1 import grid_service_pb2, incidents_pb2
from egov.identity.v1 import identity_service_pb2
from google.protobuf.message import Message
from google.rpc import status_pb2

from deploy.local.member import Kit, register
from deploy.local.member_calls import Wish
from deploy.local.pki import DevelopmentPki
from deploy.local.places import ROOT
from deploy.local.tokens import Member
from services.chassis.contract import Method, methods_of
from services.chassis.interceptors.errors import read_status
from services.kernel.errors import Refusal
from tests.e2e.city import COUNTY, VILLAGE, VILLAGE_ELSEWHERE, City
from tests.e2e.door import assert_refused

GRID = methods_of(grid_service_pb2.DESCRIPTOR.services_by_name["GridService"])
IDENTITY = methods_of(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"])
INWARD = [method for method in IDENTITY.values() if method.access.WhichOneof("door") == "inward"]
SCOPES = ("grid.incidents.file", "grid.incidents.read")
CALL_S = 15.0


@dataclass(frozen=True)
class Files:
    """A TLS identity: certificate and key."""

    cert: Path
    key: Path


@dataclass(frozen=True)
class System:
    """A member system of one county, as it was registered."""

    city: City
    kit: Kit
    member: Member

    @property
    def tls(self) -> Files:
        return Files(self.kit.folder / "tls.crt", self.kit.folder / "tls.key")

    def call(self, method: Method, request: Message, *, tls: Files | None = None, key: str = "", **more: str) -> Called:
        """One gRPC call through the gateway, by this TLS identity, its own unless said; `more` metadata."""
        said = {"authorization": f"Bearer {self.member.token()}", "accept-language": "en"}
        said |= {name.replace("_", "-"): text for name, text in more.items()} | (
            {"idempotency-key": key} if key else {}
        )
        with channel(self.city, tls or self.tls) as opened:
            return Called.made(opened, method, request, said)


@dataclass(frozen=True)
class Called:
    """What came of a gRPC call: an answer or a refusal, and the metadata in front of it."""

    status: grpc.StatusCode
    answer: Message | None
    refusal: Refusal | None
    headers: dict[str, str]

    @classmethod
    def made(cls, opened: grpc.Channel, method: Method, request: Message, metadata: dict[str, str]) -> Called:
        """Make the call and wait for its end."""
        ask: Any = opened.unary_unary(method.path, lambda each: each.SerializeToString(), method.response.FromString)
        call = ask.future(request, timeout=CALL_S, metadata=tuple(metadata.items()))
        with contextlib.suppress(grpc.RpcError):
            call.result()
        status = call.code()
        headers = {key: value for key, value in call.initial_metadata() or () if isinstance(value, str)}
        if status is grpc.StatusCode.OK:
            return cls(status, call.result(), None, headers)
        details = dict(call.trailing_metadata() or ()).get("grpc-status-details-bin")
        refusal = read_status(status_pb2.Status.FromString(details)) if details else None
        return cls(status, None, refusal, headers)


@contextlib.contextmanager
def channel(city: City, tls: Files, address: str = "") -> Iterator[grpc.Channel]:
    """A connection by mutual TLS, to the gateway unless said."""
    trust, key, cert = city.where.trust.read_bytes(), tls.key.read_bytes(), tls.cert.read_bytes()
    credentials = grpc.ssl_channel_credentials(trust, key, cert)
    with grpc.secure_channel(address or urlsplit(city.where.gateway).netloc, credentials) as opened:
        yield opened


def registered(city: City) -> System:
    """A new member system, as `make member` registers it."""
    name = f"water-{uuid.uuid4().hex[:8]}"
    kit = register(city.where, Wish(name, SCOPES, COUNTY, ()))
    return System(city, kit, Member(city.gateway, name, kit.folder / "key.pem", bind_tls=True))


@pytest.fixture(scope="module")
def system(city: City) -> System:
    return registered(city)


def report_message(region: str = VILLAGE) -> grid_service_pb2.FileIncidentRequest:
    kind = incidents_pb2.INCIDENT_KIND_EVENT
    key = incidents_pb2.IncidentTypeKey(standard="GB/T 47678.5-2026", kind=kind, code="06010")
    report = incidents_pb2.Report(type=key, region=region, description="Rubbish at the crossing")
    return grid_service_pb2.FileIncidentRequest(report=report)


def test_a_registration_is_an_event(system: System) -> None:
    (event,) = system.city.rows(
        "identity", "SELECT * FROM chassis.event_log WHERE aggregate_id = %s", system.member.client_id
    )
    assert event["type"] == "egov.identity.v1.MemberRegistered"


def test_it_files_and_reads_by_grpc(system: System) -> None:
    key = str(uuid.uuid4())
    filed = system.call(GRID["FileIncident"], report_message(), key=key)
    assert isinstance(filed.answer, grid_service_pb2.FileIncidentResponse)
    incident = filed.answer.incident

    assert incident.reporter.id == system.member.client_id
    assert filed.headers["egov-case-number"] == incident.case_number
    assert re.fullmatch("[0-9a-f]{32}", filed.headers["egov-trace-id"])

    read = system.call(GRID["GetIncident"], grid_service_pb2.GetIncidentRequest(incident_id=incident.incident_id))
    assert isinstance(read.answer, grid_service_pb2.GetIncidentResponse)
    assert read.answer.incident == incident

    again = system.call(GRID["FileIncident"], report_message(), key=key)
    assert again.answer == filed.answer


def test_a_refusal_by_grpc_has_the_same_details_as_by_json(system: System) -> None:
    refused = system.call(GRID["FileIncident"], report_message(region="371102999999"), key="refused")

    assert (refused.status, reason(refused)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert refused.refusal is not None
    assert [(each.field, each.rule) for each in refused.refusal.violations] == [("report.region", "region_unknown")]


def test_it_is_bound_to_its_region(system: System) -> None:
    elsewhere = system.city.file(region=VILLAGE_ELSEWHERE).body["incident"]
    request = grid_service_pb2.GetIncidentRequest(incident_id=elsewhere["incidentId"])
    assert reason(system.call(GRID["GetIncident"], request)) == "INCIDENT_NOT_FOUND"


def test_its_token_is_of_no_use_without_its_tls_identity(system: System) -> None:
    reply = system.city.door.get("/v1/incidents", system.member.token())
    assert_refused(reply, 401, "TOKEN_NOT_BOUND")


def test_its_token_is_of_no_use_with_the_tls_identity_of_another(system: System) -> None:
    other = registered(system.city)
    refused = system.call(GRID["ListIncidents"], grid_service_pb2.ListIncidentsRequest(), tls=other.tls)

    assert (refused.status, reason(refused)) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_NOT_BOUND")


def test_saying_that_one_has_the_tls_identity_does_not_help(system: System) -> None:
    fingerprint = {"x-forwarded-client-cert": f'Hash={"0" * 64};Subject=""'}
    reply = system.city.door.get("/v1/incidents", system.member.token(), headers=fingerprint)
    assert_refused(reply, 401, "TOKEN_NOT_BOUND")


def test_a_tls_identity_of_another_root_is_not_let_in(system: System, tmp_path: Path) -> None:
    stranger = DevelopmentPki(tmp_path).member_identity(system.member.client_id)
    tls = Files(stranger.cert, stranger.key)
    refused = system.call(GRID["ListIncidents"], grid_service_pb2.ListIncidentsRequest(), tls=tls)
    assert (refused.status, refused.refusal) == (grpc.StatusCode.UNAVAILABLE, None)


def test_a_services_own_tls_identity_is_not_let_in_from_outside(system: System) -> None:
    service = system.city.stack.identities.workload("notification")
    tls = Files(service.cert, service.key)
    refused = system.call(GRID["ListIncidents"], grid_service_pb2.ListIncidentsRequest(), tls=tls)
    assert (refused.status, refused.refusal) == (grpc.StatusCode.UNAVAILABLE, None)


def test_it_does_not_get_past_the_gateway(system: System) -> None:
    grid = system.city.stack.addresses()["grid-rpc"]
    with channel(system.city, system.tls, grid) as opened:
        refused = Called.made(opened, GRID["ListIncidents"], grid_service_pb2.ListIncidentsRequest(), {})
    assert (refused.status, refused.refusal) == (grpc.StatusCode.UNAVAILABLE, None)


def test_what_it_says_of_cases_and_callers_is_not_believed(system: System) -> None:
    foreign = system.city.file().case_number
    filed = system.call(
        GRID["FileIncident"], report_message(), key=str(uuid.uuid4()), egov_case_number=foreign, egov_service="identity"
    )

    assert filed.headers["egov-case-number"] != foreign
    assert len(system.city.events("grid", foreign)) == 1


@pytest.mark.parametrize("method", INWARD, ids=lambda method: method.name)
def test_inward_methods_are_not_there(system: System, method: Method) -> None:
    refused = system.call(method, method.request())
    assert (refused.status, reason(refused)) == (grpc.StatusCode.UNIMPLEMENTED, "NO_SUCH_ROUTE")


def test_inward_methods_are_not_there_as_json_either(city: City) -> None:
    for method in INWARD:
        reply = city.door.post(method.path, city.people.citizens.token(), {})
        assert_refused(reply, 404, "NO_SUCH_ROUTE")


@pytest.mark.parametrize("heading", ["JSON with curl", "gRPC with buf curl", "Python"])
def test_the_first_calls_of_its_readme_work_as_they_are_pasted(system: System, heading: str) -> None:
    readme = (system.kit.folder / "README.md").read_text(encoding="utf-8")
    command = re.search(rf"## {heading}.*?```\n(.*?)```", readme, re.DOTALL)
    assert command is not None
    if heading.startswith("JSON") and shutil.which("curl") is None:
        pytest.skip("this machine has no curl")

    done = subprocess.run(["sh", "-c", command[1]], cwd=ROOT, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr.decode()
    # The first call of a system that may read lists the incidents of its region.
    regions = {incident["report"]["region"] for incident in json.loads(done.stdout)["incidents"]}
    assert regions and all(region.startswith(COUNTY) for region in regions)


def reason(called: Called) -> str:
    """The reason of a refusal; the gRPC status where there is none."""
    return called.refusal.reason if called.refusal else called.status.name
