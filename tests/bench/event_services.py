"""The two services of the lines about events, each in a process of its own, under the chassis's own main.

    python -m tests.bench.event_services grid --only timers --count 1000 --rate 100
    python -m tests.bench.event_services inspection --only events

`grid` closes incidents at a rate, each in a unit of work of its own; with `--only http`, which it has none of, it only
publishes what is in its outbox. `inspection` writes one row for each event.
"""

from __future__ import annotations

import argparse
import os
import sys

import sqlalchemy as sa
from egov.grid.v1 import events_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import BEGINNING, every, on
from services.chassis.run import make_runtime, serve
from services.chassis.uow import UnitOfWork
from tests.bench.pace import Pace
from tests.bench.records import incident_closed

CONSUMER = "bench"
ONCE_S = 86_400
NOTE = sa.text("INSERT INTO effect (event_id) VALUES (:event_id)")


class Closing:
    """Closes incidents: records the event, and nothing else."""

    name = "grid"
    pace = Pace(0, 1)

    uow = UnitOfWork()

    @every(seconds=ONCE_S)
    def close_next(self) -> bool:
        """Closes the next incident at its moment; the container commits. True: there are more."""
        if self.pace.more:
            self.uow.record(incident_closed(self.pace.wait()))
        return self.pace.more


class Noting:
    """Takes closed incidents, with the least effect there is: one row each."""

    name = "inspection"

    uow = UnitOfWork()

    @on(events_pb2.IncidentClosed, id=CONSUMER, start=BEGINNING)
    def note(self, event: events_pb2.IncidentClosed, call: Call) -> None:
        """Writes the row."""
        self.uow.connection.execute(NOTE, {"event_id": call.event_id})


def main() -> int:
    """Run one of the two until asked to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.event_services")
    parser.add_argument("service", choices=(Closing.name, Noting.name))
    parser.add_argument("--only", required=True)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1.0)
    asked = parser.parse_args()
    Closing.pace = Pace(asked.count, asked.rate)
    # Settings and runtime are those of the real service of that name; its class is not run.
    _, runtime = make_runtime(asked.service, frozenset({asked.only}), os.environ)
    return serve(Closing if asked.service == Closing.name else Noting, runtime)


if __name__ == "__main__":
    sys.exit(main())
