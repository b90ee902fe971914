"""Line `gateway`: one JSON call over many connections, and what the gateway costs against the same call without it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.tokens import Staff
from tests.bench.connections import Connections, Tally
from tests.bench.direct import Call, closed_loop, grid_at
from tests.bench.measure import Line, Meter, Sample, Side, Told, ratio_of_cpu, ratio_of_rates
from tests.bench.stacks import GRID_ONLY, allow_many_files, pids, running, visiting
from tests.e2e.city import COUNTY

CONNECTIONS, PER_SECOND = 1_000, 800
# Two calls for each of the service's threads: it is never without one.
AT_A_TIME = 12
PACED_S, LOOP_S = 10.0, 5.0
MOST_P99_MS, LEAST_SHARE = 250.0, 0.7
PACED, LOOP, DIRECT = range(3)
TITLE = f"GET of one incident through the gateway, as JSON; {CONNECTIONS:,} TLS connections kept open"


@dataclass(frozen=True, kw_only=True)
class Loaded(Sample):
    """Calls that were answered with 200, those that were not, and the client's own processor time per call."""

    refused: int = 0
    client_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Asking:
    """The same read through the gateway and straight to grid, by a seat of the county's grid centre."""

    connections: Connections
    path: str
    by: Staff
    direct: Call
    parts: dict[str, list[int]]

    def paced(self) -> Loaded:
        """At a rate, over all connections."""
        return self._through(lambda request: self.connections.paced(request, PER_SECOND, PACED_S))

    def loop(self) -> Loaded:
        """As fast as they are answered."""
        return self._through(lambda request: self.connections.closed_loop(request, AT_A_TIME, LOOP_S))

    def straight(self) -> Loaded:
        """The same without the gateway."""
        self.by.token()
        with Meter(self.parts) as meter:
            spent = time.process_time()
            sample = closed_loop(self.direct, LOOP_S, AT_A_TIME)
            client_s = time.process_time() - spent
        cpu_s = {part: seconds for part, seconds in meter.cpu_s.items() if part != "gateway"}
        return Loaded(
            done=sample.done,
            seconds=sample.seconds,
            cpu_s=cpu_s,
            took_s=sample.took_s,
            client_ms=1000 * client_s / sample.done,
        )

    def _through(self, load: Callable[[bytes], Tally]) -> Loaded:
        request = self.connections.request(self.path, self.by.token())
        with Meter(self.parts) as meter:
            tally = load(request)
        done = len(tally.took_s)
        return Loaded(
            done=done,
            seconds=tally.seconds,
            cpu_s=meter.cpu_s,
            took_s=tally.took_s,
            refused=tally.refused,
            client_ms=1000 * tally.client_s / max(1, done),
        )


@contextlib.contextmanager
def gateway(folder: Path) -> Iterator[Line]:
    """Grid behind a gateway, one incident in it, and the connections."""
    allow_many_files()
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(running(folder, GRID_ONLY))
        _, people = opened.enter_context(visiting(stack))
        grid = opened.enter_context(grid_at(stack, [stack.ports.address("grid-rpc")]))
        incident_id, seat = grid.file(people.citizens).incident_id, people.seat(COUNTY)
        where = stack.where()
        connections = opened.enter_context(Connections(where.gateway, where.trust, CONNECTIONS))
        parts = {name: pids(stack, name) for name in ("gateway", "grid", "postgres")}
        asking = Asking(connections, f"/v1/incidents/{incident_id}", seat, grid.reads([incident_id], seat), parts)
        yield Line("gateway", TITLE, _sides(asking), _tells())


def _sides(asking: Asking) -> list[Side]:
    return [
        Side(f"gateway, paced at {PER_SECOND}/s", asking.paced),
        Side(f"gateway, {AT_A_TIME} at a time", asking.loop),
        Side(f"straight to grid by gRPC, {AT_A_TIME} at a time", asking.straight),
    ]


def _tells() -> list[Told]:
    return [
        Told(
            f"p99 at {PER_SECOND}/s, from when it was due",
            lambda samples: samples[PACED].quantile_ms(0.99),
            "ms",
            f"< {MOST_P99_MS:.0f}",
            lambda value: value < MOST_P99_MS,
        ),
        Told("p50 of the same", lambda samples: samples[PACED].quantile_ms(0.5), "ms"),
        Told("refused of the same", lambda samples: _loaded(samples, PACED).refused, "", "0", lambda value: value == 0),
        Told(
            "rate through the gateway : straight",
            ratio_of_rates(LOOP, DIRECT),
            "x",
            f">= {LEAST_SHARE}",
            lambda value: value >= LEAST_SHARE,
        ),
        Told("calls for the servers' processor time, same", ratio_of_cpu(LOOP, DIRECT), "x"),
        Told("the client's own, through the gateway", lambda samples: _loaded(samples, LOOP).client_ms, "ms"),
        Told("the client's own, straight", lambda samples: _loaded(samples, DIRECT).client_ms, "ms"),
    ]


def _loaded(samples: Sequence[Sample], side: int) -> Loaded:
    loaded = samples[side]
    assert isinstance(loaded, Loaded)
    return loaded
