from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter

from services.chassis import failures, telemetry
from services.chassis.telemetry_registry import Unregistered
from tests.waiting import wait_for

METHOD = "egov.grid.v1.GridService/CloseIncident"


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    failures.shutdown()
    telemetry.shutdown()
    # What was given up ends a moment later; a thread of it would disturb tests that watch the module `random`.
    wait_for("its thread has ended", lambda: "telemetry-close" not in {each.name for each in threading.enumerate()})


def test_a_record_says_what_is_registered_and_belongs_to_the_trace_though_no_span_is_recorded() -> None:
    sent = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    failures.setup("grid", "1", None, exporter=sent)
    with telemetry.span(METHOD, kind="server") as span:
        failures.tell({"rpc.method": METHOD, "egov.reason": "WRONG_STATE", "egov.case.number": None})
    (record,) = [each.log_record for each in sent.get_finished_logs()]
    assert dict(record.attributes or {}) == {"rpc.method": METHOD, "egov.reason": "WRONG_STATE"}
    assert (record.event_name, f"{record.trace_id:032x}") == (failures.EVENT, span.trace_id)
    assert record.timestamp and not span.sampled


def test_what_the_registry_does_not_know_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOV_STRICT_TELEMETRY", "1")
    failures.setup("grid", "1", None, exporter=InMemoryLogRecordExporter())  # type: ignore[no-untyped-call]
    with pytest.raises(Unregistered):
        failures.tell({"citizen.name": "王小明"})


def test_without_a_receiver_nothing_is_said() -> None:
    failures.setup("grid", "1", None)
    failures.tell({"egov.reason": "WRONG_STATE"})


def test_a_receiver_that_is_away_holds_nobody_up() -> None:
    failures.setup("grid", "1", "http://127.0.0.1:9")
    begun = time.monotonic()
    for _ in range(2 * failures.QUEUE):
        failures.tell({"egov.reason": "WRONG_STATE"})
    assert time.monotonic() - begun < 5
