"""Events: from a commit to the next service's effect, out of a full outbox, and in from a full topic.

Moments are those of PostgreSQL's commit records (`track_commit_timestamp`), of one clock for both databases. Each is
taken before its commit reaches the disk: the flush of the first commit is counted, that of the second is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.event_servers import SENDER, TAKER, EventServers
from tests.bench.event_services import CONSUMER
from tests.bench.measure import Figure, Line, Meter, Opened, Sample, Side, Told, ratio_of_rates
from tests.bench.records import queue, sealed
from tests.integration.chassis.servers import GRID_TOPIC
from tests.waiting import wait_for

RATE, SECONDS, WARM_S = 100, 10, 1
QUEUED = 20_000
FULL = 10_000
WITHIN_S = 90.0

COMMITTED = (
    "SELECT event_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM chassis.event_log"
    " WHERE logged_at >= %s ORDER BY event_id"
)
EFFECTS = "SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM effect"
TAKEN = f"SELECT coalesce(sum(next_offset), 0) FROM chassis.consumer_position WHERE consumer = '{CONSUMER}'"
ANEW = "TRUNCATE chassis.inbox, chassis.consumer_position, chassis.consumer_try, effect"
# Where the earliest event stood is last looked at: dead rows lie there.
WAITING = "SELECT position FROM chassis.outbox ORDER BY position DESC LIMIT 1"


@contextmanager
def _effect(folder: Path) -> Iterator[Line]:
    with EventServers() as servers, servers.service(TAKER, "events"):
        yield Line(
            "effect",
            f"From a commit to the committed effect in the next service, {RATE} events/s",
            [
                Side("commit, relay, Kafka, consumer, commit", lambda: _commits_to_effects(servers)),
                Side("kafka-python alone, send to poll", lambda: _sends_to_polls(servers)),
            ],
            [
                Told("p50", _quantile(0, 0.5), "ms", "< 20 ms", lambda value: value < 20),
                Told("p99", _quantile(0, 0.99), "ms", "< 100 ms", lambda value: value < 100),
                Told("events/s", lambda samples: samples[0].rate, "/s", ">= 99/s", lambda value: value >= 0.99 * RATE),
                Told("p50 of kafka-python alone", _quantile(1, 0.5), "ms"),
                Told("p99 of kafka-python alone", _quantile(1, 0.99), "ms"),
            ],
        )


def _commits_to_effects(servers: EventServers) -> Sample:
    count, begun = RATE * (SECONDS + WARM_S), datetime.now(UTC)
    with servers.service(SENDER, "timers", count=count, rate=RATE):
        # Nothing asks the database meanwhile.
        time.sleep(SECONDS + WARM_S)
        wait_for("every commit", lambda: len(servers.sql(SENDER, COMMITTED, begun)) == count)
        committed = dict(servers.sql(SENDER, COMMITTED, begun)[RATE * WARM_S :])
        wait_for("every effect", lambda: committed.keys() <= dict(servers.sql(TAKER, EFFECTS)).keys())
    effects = dict(servers.sql(TAKER, EFFECTS))
    took = [effects[id] - moment for id, moment in committed.items()]
    seconds = max(committed.values()) - min(committed.values())
    return Sample(done=len(took), seconds=seconds, took_s=took)


def _sends_to_polls(servers: EventServers) -> Sample:
    with servers.begun_alone("follow", RATE * (SECONDS + WARM_S)) as followed:
        sent = servers.alone("send", RATE * (SECONDS + WARM_S), rate=RATE)
        took = followed().took_s[RATE * WARM_S :]
    return Sample(done=len(took), seconds=len(took) / sent.rate, took_s=took)


def _quantile(side: int, share: float) -> Figure:
    return lambda samples: samples[side].quantile_ms(share)


@contextmanager
def _relay(folder: Path) -> Iterator[Line]:
    with EventServers() as servers, servers.service(SENDER, "http") as process:
        yield Line(
            "relay",
            f"From a full outbox to Kafka, acknowledged and deleted, {QUEUED:,} events of as many keys",
            [
                Side("the relay", lambda: _relayed(servers, servers.meter(process))),
                Side("kafka-python's producer alone", lambda: servers.alone("send", QUEUED)),
            ],
            [Told("against kafka-python alone", ratio_of_rates(), "x", ">= 0.5", lambda value: value >= 0.5)],
        )


def _relayed(servers: EventServers, meter: Meter) -> Sample:
    before, events = servers.records_in(GRID_TOPIC), sealed(QUEUED)
    with servers.postgres.connect(SENDER) as connection:
        queue(connection, events)
        with meter:
            wait_for("an empty outbox", lambda: connection.execute(WAITING).fetchone() is None, within_s=WITHIN_S)
    sent = servers.records_in(GRID_TOPIC) - before
    assert sent == QUEUED, f"{sent} records came of {QUEUED} events"
    return Sample(done=QUEUED, seconds=meter.seconds, cpu_s=meter.cpu_s)


@contextmanager
def _consume(folder: Path) -> Iterator[Line]:
    with EventServers() as servers:
        with servers.service(SENDER, "http"), servers.postgres.connect(SENDER) as connection:
            queue(connection, sealed(FULL))
            wait_for("a full topic", lambda: connection.execute(WAITING).fetchone() is None, within_s=WITHIN_S)
        # A relay whose lease ran out sends some again; the inbox knows them.
        records = servers.records_in(GRID_TOPIC)
        yield Line(
            "consume",
            f"From a full topic to committed effects, {FULL:,} events of as many keys",
            [
                Side("the consumer: position, inbox, one row", lambda: _consumed(servers, records)),
                Side("kafka-python's consumer alone", lambda: servers.alone("read", records)),
            ],
            [
                Told("against kafka-python alone", ratio_of_rates(), "x", ">= 0.5", lambda value: value >= 0.5),
                Told("events/s", lambda samples: samples[0].rate, "/s", ">= 5,000/s", lambda value: value >= 5000),
            ],
        )


def _consumed(servers: EventServers, records: int) -> Sample:
    """From the first commit of effects to the last: those of the first one are not counted, it began before."""
    servers.sql(TAKER, ANEW)
    with servers.service(TAKER, "events") as process, servers.postgres.connect(TAKER) as connection:
        with servers.meter(process) as meter:
            wait_for("every event", lambda: connection.execute(TAKEN).fetchone() == (records,), within_s=WITHIN_S)
        moments = [moment for _, moment in connection.execute(EFFECTS)]
    assert len(moments) == FULL, f"{len(moments)} effects of {FULL} events"
    first, last = min(moments), max(moments)
    done = sum(moment > first for moment in moments)
    return Sample(done=done, seconds=last - first, cpu_s=meter.cpu_s)


LINES: Mapping[str, Callable[[Path], Opened]] = {"effect": _effect, "relay": _relay, "consume": _consume}
