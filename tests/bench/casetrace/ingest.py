"""What the case trace takes: events into its store, events out of Kafka, spans at its OTLP door."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psycopg
import sqlalchemy as sa
from kafka import KafkaProducer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from deploy.kafka.topics import CLIENT_KEYS
from deploy.local.stack import Stack
from observability.casetrace.domain.facts import Fact
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.usecases import take_events
from observability.collector.otlp import TRACES
from services.chassis.batches import MOST
from services.chassis.database import create_engine
from services.chassis.envelope import Envelope
from services.chassis.runtime import BROKERS
from services.kernel import casenumber
from services.kernel.ids import uuid7
from tests.bench.casetrace.courses import BEGIN, OF_KIND, course
from tests.bench.casetrace.report import Ingest
from tests.bench.casetrace.rows import SPAN_NAMES
from tests.bench.measure import Meter
from tests.bench.records import headers_of
from tests.bench.stacks import pids
from tests.waiting import wait_for

SERVICE, REGION = "casetrace", "371102003002"
# In a stream cases begin every few milliseconds and take minutes: some thousands are under way at a time.
SPEED, EVERY = 0.02, timedelta(milliseconds=20)
CASES, WARM_EVENTS = 4_000, 2_000
SPANS, SPANS_A_REQUEST, SENDERS = 60_000, 500, 4
BODY = bytes(150)
WITHIN_S = 120.0
TAKEN = "SELECT coalesce(sum(next_offset), 0) FROM chassis.consumer_position WHERE consumer = 'case-events'"


def stream(cases: int, first_serial: int, *services: str) -> list[Fact]:
    """The events of new cases, in the order in which they happen; of some services only, if those are named."""
    now = datetime.now(UTC)
    began = now - timedelta(hours=4) - cases * EVERY
    facts = [
        fact for n in range(cases) for fact in _case(began + n * EVERY, first_serial + n) if fact.service in services
    ]
    facts.sort(key=lambda fact: fact.at)
    # Ids rise with the moment, as those do that relays hand on.
    return [replace(fact, id=str(uuid7())) for fact in facts]


def _case(began: datetime, serial: int) -> list[Fact]:
    made = course(OF_KIND[serial * 7919 % len(OF_KIND)], REGION[:6], "CGJ", SPEED, 99)
    number = str(casenumber.make(REGION[:6], began.date(), casenumber.DIGIT["grid"], serial))
    things = {fact.aggregate_id: str(uuid7()) for fact in made.facts}
    return [
        replace(
            fact,
            at=began + (fact.at - BEGIN),
            deadline=fact.deadline and began + (fact.deadline - BEGIN),
            aggregate_id=things[fact.aggregate_id],
            case_number=number,
            region=REGION,
            links=tuple((kind, things["grid"]) for kind, _ in fact.links),
            trace_id=f"{random.getrandbits(128):032x}",
            subject_type=None if fact.subject_type is None else "GB/T 47678.5-2026/event/06010",
        )
        for fact in made.facts
    ]


def into_the_store(stack: Stack, facts: Sequence[Fact]) -> Ingest:
    """As the consumer hands them over, in batches of a transaction each, by this process alone."""
    engine = create_engine(stack.wiring.database(SERVICE, owner=False), application="bench", pool_size=1)
    _take(engine, facts[:WARM_EVENTS])
    rest = facts[WARM_EVENTS:]
    spent = time.process_time()
    with Meter({"postgres": pids(stack, "postgres")}) as meter:
        _take(engine, rest)
    own = time.process_time() - spent
    engine.dispose()
    return Ingest(len(rest), meter.seconds, {"python": own, **meter.cpu_s})


def _take(engine: sa.Engine, facts: Sequence[Fact]) -> None:
    for begin in range(0, len(facts), MOST):
        with engine.begin() as connection:
            take_events(EventStore(connection), CaseStore(connection), facts[begin : begin + MOST])


def out_of_kafka(stack: Stack, facts: Sequence[Fact]) -> Ingest:
    """By the service itself, which begins when all of them lie in their topics.

    Counted is the second half: of each partition it takes the first events one by one, in case one of them ended the
    process before.
    """
    with stack.database(SERVICE) as connection:
        stack.stop_part(SERVICE)
        before = _taken(connection)
        _publish(stack, facts)
        stack.start_part(SERVICE)
        wait_for("half of the events", lambda: _taken(connection) >= before + len(facts) // 2, within_s=WITHIN_S)
        _on_one_core(stack)
        first = _taken(connection)
        with _meter(stack, "kafka") as meter:
            wait_for("every event", lambda: _taken(connection) >= before + len(facts), within_s=WITHIN_S)
    return Ingest(before + len(facts) - first, meter.seconds, meter.cpu_s)


def _on_one_core(stack: Stack) -> None:
    """The case trace's process, with all its threads, has one core from now on."""
    core = {min(os.sched_getaffinity(0))}
    for pid in pids(stack, SERVICE):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            # One that has just ended needs none.
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), core)


def _taken(connection: psycopg.Connection) -> int:
    row = connection.execute(TAKEN.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _meter(stack: Stack, *more: str) -> Meter:
    return Meter({name: pids(stack, name) for name in (SERVICE, "postgres", *more)})


def _publish(stack: Stack, facts: Sequence[Fact]) -> None:
    """Each on the topic of its service, by that service's identity."""
    for service in sorted({fact.service for fact in facts}):
        with _producer(stack, service) as producer:
            for fact in facts:
                if fact.service == service:
                    envelope = _envelope(fact)
                    topic = f"egov.{service}.v1"
                    producer.send(topic, key=envelope.key.encode(), value=BODY, headers=headers_of(envelope))


@contextlib.contextmanager
def _producer(stack: Stack, service: str) -> Iterator[KafkaProducer]:
    assert stack.kafka is not None, "nothing is published into somebody else's topics"
    given = stack.kafka.settings(stack.identities.workload(service))
    made = KafkaProducer(
        **{name: given[key] for name, key in CLIENT_KEYS.items()}, api_version=BROKERS, acks="all", linger_ms=5
    )
    yield made
    made.flush()
    made.close()


def _envelope(fact: Fact) -> Envelope:
    return Envelope(
        id=fact.id,
        type=fact.type,
        source=f"/egov/{fact.service}",
        time=fact.at,
        key=fact.aggregate_id,
        version=fact.aggregate_version,
        case_number=fact.case_number,
        case_phase=fact.phase,
        holder=fact.holder,
        deadline=fact.deadline,
        region=fact.region,
        subject_type=fact.subject_type,
        audience="grid.incidents.read",
        actor="client/rizhao-ssp",
        links=fact.links,
    )


def at_the_door(stack: Stack) -> Ingest:
    """Spans by OTLP from some senders, each request acknowledged when it is written."""
    requests = [_request(SPANS_A_REQUEST) for _ in range(SPANS // SPANS_A_REQUEST)]
    with grpc.insecure_channel(stack.ports.address("casetrace-otlp")) as channel, ThreadPoolExecutor(SENDERS) as pool:
        export: Any = channel.unary_unary(f"/{TRACES}/Export")
        export(_request(1))
        _on_one_core(stack)
        with _meter(stack) as meter:
            list(pool.map(lambda request: export(request, timeout=30), requests))
    return Ingest(SPANS, meter.seconds, meter.cpu_s)


def _request(spans: int) -> bytes:
    """Spans as services send them, ten to a trace."""
    made, now = ExportTraceServiceRequest(), time.time_ns()
    resource = made.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "grid"
    scope = resource.scope_spans.add()
    serial = random.randrange(10**6, 10**7)
    number = str(casenumber.make(REGION[:6], datetime.now(UTC).date(), casenumber.DIGIT["grid"], serial))
    said = {"egov.case.number": number, "rpc.method": SPAN_NAMES[0], "rpc.system.name": "grpc", "egov.region": REGION}
    traces = [random.randbytes(16) for _ in range(spans // 10 + 1)]
    for place in range(spans):
        span = scope.spans.add(
            trace_id=traces[place // 10],
            span_id=random.randbytes(8),
            parent_span_id=random.randbytes(8),
            name=SPAN_NAMES[place % len(SPAN_NAMES)],
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=now,
            end_time_unix_nano=now + 900_000,
        )
        for key, value in said.items():
            span.attributes.add(key=key).value.string_value = value
    return made.SerializeToString()
