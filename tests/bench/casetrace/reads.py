"""Reads of the case trace at its gRPC door, as the gateway makes them for an operator of the city."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import grpc
from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from deploy.local.stack import Stack
from deploy.local.tokens import Staff
from services.chassis.contract import methods_of
from services.chassis.moments import stamp
from tests.bench.casetrace import rows
from tests.bench.casetrace.courses import DEPARTMENTS
from tests.bench.casetrace.filling import Filled
from tests.bench.casetrace.report import Times
from tests.e2e.city import COUNTY

METHODS = methods_of(pb.DESCRIPTOR.services_by_name["CaseTraceService"])
CALL_S, WARM = 10.0, 15
LATER_PAGES = 8
COUNTIES = ("371102", "371103", "371121", "371122", "371171")
Request = dict[str, Any]


class Door:
    """The case trace's door. See `door_of`."""

    def __init__(self, channel: grpc.Channel, by: Staff) -> None:
        self._by = by
        self._get: Any = channel.unary_unary(METHODS["GetCase"].path)
        self._search: Any = channel.unary_unary(
            METHODS["SearchCases"].path, response_deserializer=pb.SearchCasesResponse.FromString
        )

    def get(self, number: str) -> None:
        """GetCase."""
        self._ask(self._get, pb.GetCaseRequest(case_number=number))

    def search(self, request: pb.SearchCasesRequest) -> pb.SearchCasesResponse:
        """SearchCases."""
        answer: pb.SearchCasesResponse = self._ask(self._search, request)
        return answer

    def _ask(self, call: Any, request: Message) -> Any:
        said = (("authorization", f"Bearer {self._by.token()}"), ("accept-language", "en"))
        return call(request.SerializeToString(), timeout=CALL_S, metadata=said)


@contextlib.contextmanager
def door_of(stack: Stack, by: Staff) -> Iterator[Door]:
    """The case trace of this stack, over one connection."""
    files = stack.identities.workload("gateway")
    credentials = grpc.ssl_channel_credentials(
        files.trust.read_bytes(), files.key.read_bytes(), files.cert.read_bytes()
    )
    options = [("grpc.ssl_target_name_override", "casetrace"), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(stack.ports.address("casetrace-rpc"), credentials, options) as channel:
        grpc.channel_ready_future(channel).result(CALL_S)
        yield Door(channel, by)


def gets(door: Door, filled: Filled, calls: int) -> dict[str, Times]:
    """GetCase of cases of all ages, and of such as have spans still."""
    kinds = {"a case of any age": filled.numbers, "a case of this week, with its spans": filled.recent}
    return {name: _timed(partial(_get_one, door, numbers), calls) for name, numbers in kinds.items()}


def _get_one(door: Door, numbers: Sequence[str]) -> None:
    door.get(random.choice(numbers))


@dataclass(frozen=True, slots=True)
class Searched:
    """How long the first page took, a later one, and the first one with counts; None where there is no later one."""

    first: Times
    later: Times | None
    counted: Times

    def __str__(self) -> str:
        return f"{self.first}, later {self.later or '-'}, with facets {self.counted}"


def searches(door: Door, filled: Filled, calls: int, say: Callable[[str], None]) -> dict[str, Searched]:
    """SearchCases, by each filter and by some together."""
    found = {}
    for name, request in kinds(filled).items():
        found[name] = _searched(door, request, calls)
        say(f"    {name}: {found[name]}")
    return found


def _searched(door: Door, request: Callable[[], Request], calls: int) -> Searched:
    first = _timed(lambda: door.search(pb.SearchCasesRequest(**request())), calls)
    counted = _timed(lambda: door.search(pb.SearchCasesRequest(**request(), facets=True)), calls)
    later = _later(door, request, calls)
    return Searched(first, later, counted)


def _later(door: Door, request: Callable[[], Request], calls: int) -> Times | None:
    """Pages behind the first, up to the ninth: each of them asked for several times."""
    pages: list[pb.SearchCasesRequest] = []
    wanted = pb.SearchCasesRequest(**request())
    while len(pages) < LATER_PAGES and (token := door.search(wanted).page.next_page_token):
        wanted.page.page_token = token
        pages.append(pb.SearchCasesRequest.FromString(wanted.SerializeToString()))
    return _timed(lambda: door.search(random.choice(pages)), calls) if pages else None


def _timed(call: Callable[[], object], calls: int) -> Times:
    """One after the other. Raises grpc.RpcError when one is refused."""
    for _ in range(WARM):
        call()
    took = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        took.append(time.perf_counter() - begun)
    return Times.of(took)


def kinds(filled: Filled) -> Mapping[str, Callable[[], Request]]:
    """What is searched for, by name; each time another value where there are several."""
    return {**_by_what_it_is(filled), **_by_what_happened(filled), **_by_several(filled)}


def _by_what_it_is(filled: Filled) -> Mapping[str, Callable[[], Request]]:
    return {
        "no filter": dict,
        "case_number, all of it": lambda: {"case_number": random.choice(filled.numbers)},
        "case_number, its day": lambda: {"case_number": random.choice(filled.numbers)[:15]},
        "case_number, its county": lambda: {"case_number": random.choice(COUNTIES)},
        "department": lambda: {"department": f"{random.choice(COUNTIES)}-{random.choice(DEPARTMENTS)}"},
        "region, a county": lambda: {"region": random.choice(COUNTIES)},
        "region, a township": lambda: {"region": random.choice(filled.villages)[:9]},
        "region, a village": lambda: {"region": random.choice(filled.villages)},
        "state, open": lambda: {"state": cases_pb2.CASE_STATE_OPEN},
        "state, closed": lambda: {"state": cases_pb2.CASE_STATE_CLOSED},
        "subject_type, of one in ten": lambda: {"subject_type": rows.COMMON_TYPE.rpartition("/")[2]},
        "subject_type, of 40 cases, all of it": lambda: {"subject_type": rows.RARE_TYPE},
        "active_from": lambda: {"active_from": stamp(_ago(1, 300))},
        "active_until": lambda: {"active_until": stamp(_ago(1, 364))},
        "active_from and active_until, a week": _week,
        "stuck_for": lambda: {"stuck_for": Duration(seconds=86_400 * random.randint(1, 20))},
        "overdue": lambda: {"overdue": True},
    }


def _by_what_happened(filled: Filled) -> Mapping[str, Callable[[], Request]]:
    return {
        "event_type, of every case": lambda: {"event_type": "egov.grid.v1.IncidentFiled"},
        "event_type, of 19 in 100": lambda: {"event_type": "egov.inspection.v1.InspectionOpened"},
        "event_type, of 2 in 100": lambda: {"event_type": "egov.certificates.v1.CertificateSuspended"},
        "event_type, of 2 in 1,000": lambda: {"event_type": "egov.chassis.v1.EventParked"},
        "event_type, of none": lambda: {"event_type": "egov.identity.v1.SubjectDisabled"},
        "last_event_type, the closing one": lambda: {"last_event_type": "egov.grid.v1.IncidentClosed"},
        "last_event_type, of none": lambda: {"last_event_type": "egov.identity.v1.SubjectDisabled"},
        "reason, of one in ten": lambda: {"reason": rows.COMMON_REASON},
        "reason, of 40 cases": lambda: {"reason": rows.RARE_REASON},
        "reason, of failed calls": lambda: {"reason": rows.FAILED_REASON},
        "about, an incident": lambda: {"about": random.choice(filled.incidents)},
        "about, a certificate of many": lambda: {"about": rows.certificate(0)},
    }


def _by_several(filled: Filled) -> Mapping[str, Callable[[], Request]]:
    food, opened = "06010", "egov.inspection.v1.InspectionOpened"
    return {
        "overdue at a department": lambda: {"overdue": True, "department": f"{COUNTY}-CGJ"},
        "a subject_type in a township, open": lambda: {
            "subject_type": food,
            "region": random.choice(filled.villages)[:9],
            "state": cases_pb2.CASE_STATE_OPEN,
        },
        "an event_type in a village": lambda: {"event_type": opened, "region": random.choice(filled.villages)},
        "an event_type and a common reason": lambda: {"event_type": opened, "reason": rows.COMMON_REASON},
    }


def _ago(least: int, most: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=random.uniform(least, most))


def _week() -> Request:
    begin = _ago(10, 364)
    return {"active_from": stamp(begin), "active_until": stamp(begin + timedelta(days=7))}
