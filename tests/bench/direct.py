"""Calls straight to grid over gRPC, as the gateway makes them for a person: by its TLS identity, with their token.

Requests go out as prepared bytes and answers stay bytes, so that the load costs as little as grpcio's client can.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
from egov.common.v1 import paging_pb2
from egov.grid.v1 import grid_service_pb2 as grid
from egov.grid.v1 import incidents_pb2

from deploy.local.stack import Stack
from deploy.local.tokens import Member, Staff
from services.chassis.contract import methods_of
from tests.bench.measure import Sample
from tests.e2e.city import RUBBISH, VILLAGE

METHODS = methods_of(grid.DESCRIPTOR.services_by_name["GridService"])
CALL_S = 10.0
# Full for every list of every side: few cases stand in one state.
PAGE = 10
DESCRIPTION = "路口东侧垃圾堆放已有两天。Rubbish has lain at the crossing for two days."

Call = Callable[[], object]
"""Makes one call. Raises grpc.RpcError when it is refused."""


class Grid:
    """The processes of grid at `addresses`, asked in turn. A context manager's value: see `grid_at`."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._asks: dict[str, Any] = {name: channel.unary_unary(method.path) for name, method in METHODS.items()}

    def reads(self, ids: Sequence[str], by: Staff) -> Call:
        """GetIncident, each time of another one of these."""
        requests = [grid.GetIncidentRequest(incident_id=each).SerializeToString() for each in ids]
        return self._call("GetIncident", lambda: random.choice(requests), by)

    def lists(
        self,
        by: Staff,
        state: incidents_pb2.IncidentState.ValueType = incidents_pb2.INCIDENT_STATE_UNSPECIFIED,
        region: str = "",
    ) -> Call:
        """ListIncidents, the first page, narrowed by state and region where they are given."""
        page = paging_pb2.PageRequest(page_size=PAGE)
        request = grid.ListIncidentsRequest(page=page, state=state, region=region).SerializeToString()
        return self._call("ListIncidents", lambda: request, by)

    def files(self, by: Member) -> Call:
        """FileIncident, each a report of its own."""
        kind = incidents_pb2.IncidentKind.Value(RUBBISH["kind"])
        key = incidents_pb2.IncidentTypeKey(standard=RUBBISH["standard"], kind=kind, code=RUBBISH["code"])
        report = incidents_pb2.Report(type=key, region=VILLAGE, description=DESCRIPTION)
        request = grid.FileIncidentRequest(report=report).SerializeToString()
        return self._call("FileIncident", lambda: request, by, change=True)

    def file(self, by: Member) -> incidents_pb2.Incident:
        """File one report."""
        raw: Any = self.files(by)()
        return grid.FileIncidentResponse.FromString(raw).incident

    def _call(self, name: str, request: Callable[[], bytes], by: Member | Staff, *, change: bool = False) -> Call:
        ask = self._asks[name]

        def once() -> object:
            said = (("authorization", f"Bearer {by.token()}"), ("accept-language", "en"))
            key = (("idempotency-key", uuid.uuid4().hex),) if change else ()
            return ask(request(), timeout=CALL_S, metadata=(*said, *key))

        return once


@contextlib.contextmanager
def grid_at(stack: Stack, addresses: Sequence[str]) -> Iterator[Grid]:
    """Grid, its processes at these numeric addresses asked in turn, over one connection to each."""
    files = stack.identities.workload("gateway")
    credentials = grpc.ssl_channel_credentials(
        files.trust.read_bytes(), files.key.read_bytes(), files.cert.read_bytes()
    )
    options = [
        ("grpc.ssl_target_name_override", "grid"),
        ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.secure_channel(f"ipv4:{','.join(addresses)}", credentials, options) as channel:
        grpc.channel_ready_future(channel).result(CALL_S)
        yield Grid(channel)


def in_turns(*calls: Call) -> Call:
    """One of these each time, one after the other."""
    order = itertools.cycle(calls)
    lock = threading.Lock()

    def once() -> object:
        with lock:
            call = next(order)
        return call()

    return once


def closed_loop(call: Call, seconds: float, threads: int) -> Sample:
    """Each thread makes its next call when the one before was answered. A call that is refused ends it all: raised."""
    took: list[list[float]] = [[] for _ in range(threads)]
    failures: list[BaseException] = []
    end = time.perf_counter() + seconds

    def run(own: list[float]) -> None:
        try:
            while (begun := time.perf_counter()) < end and not failures:
                call()
                own.append(time.perf_counter() - begun)
        except BaseException as failure:  # noqa: BLE001  # raised by the thread that waits for this one
            failures.append(failure)

    begun = time.perf_counter()
    workers = [threading.Thread(target=run, args=(own,)) for own in took]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    every = [each for own in took for each in own]
    return Sample(done=len(every), seconds=time.perf_counter() - begun, took_s=every)
