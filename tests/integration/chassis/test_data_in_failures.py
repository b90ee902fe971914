"""Failures whose texts quote people's data: what is said, stored and answered because of them quotes nothing.

Databases and parsers like to quote what they choked on. Methods, handlers, jobs and timers of a service fail here with
such texts, the database's own among them; then everything is searched that the service and its servers left behind.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import jobs, logs, metrics, resume, telemetry
from services.chassis.entrypoints import every, job, rpc
from services.kernel.ids import uuid7
from tests.e2e.marked import ADDRESS, CITIZEN_NUMBER, NAME, PHONE, assert_nothing_of
from tests.integration.chassis.harness import TABLES, World, event_call
from tests.waiting import wait_for

MARKS = (NAME, PHONE, CITIZEN_NUMBER, ADDRESS)
SENTENCE = f"{NAME}, {PHONE}, {CITIZEN_NUMBER}: {ADDRESS}"
PERMIT = (
    "INSERT INTO permit (id, case_number, version, region, owner, incident_id, ends_at, ended, sign_printed)"
    " VALUES (CAST(:id AS uuid), :case_number, :version, :region, :owner, :id, now(), false, false)"
)


class Odd(Exception):
    """Calls a sentence its reason."""

    reason = SENTENCE


def insert(service: Any, **said: Any) -> None:
    row = {"id": str(uuid7()), "case_number": NAME, "version": 1, "region": PHONE, "owner": ADDRESS} | said
    service.uow.connection.execute(sa.text(PERMIT), row)


def raise_it(service: Any) -> None:
    raise ValueError(SENTENCE)


def raise_with_cause(service: Any) -> None:
    try:
        raise KeyError(SENTENCE)
    except KeyError as error:
        raise RuntimeError(f"{NAME} was not found") from error


def raise_odd(service: Any) -> None:
    raise Odd(SENTENCE)


def break_unique(service: Any) -> None:
    insert(service)
    insert(service)


def break_check(service: Any) -> None:
    insert(service, version=0)


def break_type(service: Any) -> None:
    insert(service, id=SENTENCE)


def break_encoding(service: Any) -> None:
    insert(service, owner=f"{NAME}\0{PHONE}")


FAILURES = {
    each.__name__: each
    for each in (raise_it, raise_with_cause, raise_odd, break_unique, break_check, break_type, break_encoding)
}


class Left:
    """What a service has said since this was made: its log lines and its spans."""

    def __init__(self) -> None:
        self.lines = io.StringIO()
        self.spans = InMemorySpanExporter()

    def log(self) -> str:
        return self.lines.getvalue()


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Iterator[Left]:
    made = Left()
    handler = logging.StreamHandler(made.lines)
    handler.setFormatter(logs._JsonLines("permits"))
    logging.getLogger().addHandler(handler)
    telemetry.setup("permits", "1", 1.0, None, exporter=made.spans)
    monkeypatch.setattr(resume, "backoff", lambda attempts: 0.05)
    monkeypatch.setattr(jobs, "backoff", lambda attempts, longest_s: 0.05)
    yield made
    telemetry.shutdown()
    logging.getLogger().removeHandler(handler)


def assert_nothing_left(world: World, left: Left, *answers: object) -> None:
    """Nothing of the data in anything that was said, stored or answered."""
    assert_nothing_of(MARKS, "the log", left.log().encode())
    assert_nothing_of(MARKS, "a span", "\n".join(span.to_json() for span in left.spans.get_finished_spans()).encode())
    assert_nothing_of(MARKS, "metrics", metrics.render())
    for answer in answers:
        assert_nothing_of(MARKS, "an answer", repr(answer).encode())
    for table in (*(f"chassis.{table}" for table in TABLES), "permit"):
        rows = world.sql(f"SELECT t::text FROM {table} t")
        assert_nothing_of(MARKS, table, "\n".join(text for (text,) in rows).encode())
    for record in world.published():
        assert_nothing_of(MARKS, "an event", repr(record).encode())
    for server in ("postgres", "kafka"):
        assert_nothing_of(MARKS, server, (world.servers.folder / f"{server}.log").read_bytes())


@pytest.mark.parametrize("failure", FAILURES)
def test_a_call_that_fails(world: World, left: Left, failure: str) -> None:
    def GrantPermit(self: Any, request: Any, call: Any) -> None:
        FAILURES[failure](self)

    with world.running("rpc", service=world.variant(GrantPermit=rpc(GrantPermit))):
        refused = world.grant()
        wait_for("its audit row", lambda: world.sql("SELECT * FROM chassis.audit_log WHERE outcome <> 'OK'"))
    assert refused.reason == "INTERNAL"
    assert '"unforeseen error"' in left.log()
    assert_nothing_left(world, left, refused, refused.metadata, refused.message)


@pytest.mark.parametrize("failure", ["raise_it", "break_unique", "break_type"])
def test_an_event_whose_handler_fails_until_it_is_parked(world: World, left: Left, failure: str) -> None:
    def handle(service: Any, event: Any, call: Any) -> None:
        FAILURES[failure](service)

    with world.running("events", service=world.variant(**event_call(world, handle))):
        world.close_incident("bad")
        wait_for("it is parked", lambda: [row[:2] for row in world.kept()] == [("PARKED", "HANDLER_FAILED")])
        wait_for("it is told", lambda: world.outbox() == 0)
    assert '"handler failed"' in left.log() and '"reason":"' in left.log()
    assert [each.type for each in world.published()] == ["EventParked"]
    assert_nothing_left(world, left)


@pytest.mark.parametrize("failure", ["raise_it", "break_check", "raise_odd"])
def test_a_job_that_fails_until_it_is_given_up(world: World, left: Left, failure: str) -> None:
    @job(tries=2, limit_seconds=5)
    def print_sign(self: Any, job: Any) -> None:
        FAILURES[failure](self)

    with world.running("rpc", "jobs", service=world.variant(print_sign=print_sign)):
        world.grant()
        wait_for("it is given up", lambda: world.sql("SELECT 1 FROM chassis.job WHERE state = 'FAILED'"))
    assert '"job given up"' in left.log()
    assert_nothing_left(world, left)


def test_a_timer_that_fails(world: World, left: Left) -> None:
    @every(seconds=3600)
    def end_overdue(self: Any) -> None:
        break_type(self)

    with world.running("timers", service=world.variant(end_overdue=end_overdue)):
        wait_for("it has failed", lambda: '"timer failed"' in left.log())
    assert_nothing_left(world, left)
