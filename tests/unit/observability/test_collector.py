import threading
from collections.abc import Sequence

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from observability.collector import otlp
from observability.collector.intake import Intake
from observability.collector.settings import from_environment
from observability.records import SpanRecord
from services.chassis import telemetry_registry
from services.chassis.settings import ConfigurationError
from tests.unit.observability.sample import CASE, span


class Shelf:
    """A store in memory that can be held up and can fail."""

    def __init__(self) -> None:
        self.spans: list[SpanRecord] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.full = False
        self.closed = False

    def append(self, spans: Sequence[SpanRecord]) -> None:
        self.entered.set()
        self.open.wait(10)
        if self.full:
            raise OSError(28, "No space left on device")
        self.spans += spans

    def close(self) -> None:
        self.closed = True


def test_a_batch_is_settled_once_it_is_stored() -> None:
    shelf = Shelf()
    intake = Intake(shelf, 10)
    batch = intake.offer([span(1), span(2)])
    assert batch is not None and batch.settled.wait(5) and batch.stored
    assert len(shelf.spans) == 2
    intake.close()
    assert shelf.closed


def test_a_full_queue_refuses_and_a_stop_writes_what_waits() -> None:
    shelf = Shelf()
    shelf.open.clear()
    intake = Intake(shelf, 3)
    assert intake.offer([span(1)]) and shelf.entered.wait(5)
    assert intake.offer([span(2), span(3)])
    assert intake.offer([span(4)]) is None
    assert intake.depth == 3
    shelf.open.set()
    intake.close()
    assert [int(each.span, 16) for each in shelf.spans] == [1, 2, 3]
    assert intake.offer([span(5)]) is None


def test_a_batch_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    shelf = Shelf()
    intake = Intake(shelf, 1)
    batch = intake.offer([span(1), span(2)])
    assert batch is not None and batch.settled.wait(5)
    intake.close()


def test_a_store_that_fails_loses_the_batch_and_goes_on() -> None:
    shelf = Shelf()
    shelf.full = True
    intake = Intake(shelf, 10)
    lost = intake.offer([span(1)])
    assert lost is not None and lost.settled.wait(5) and not lost.stored
    assert _told(intake) == (True, False)
    shelf.full = False
    kept = intake.offer([span(2)])
    assert kept is not None and kept.settled.wait(5) and kept.stored
    assert _told(intake) == (True, True)
    intake.close()


def _told(intake: Intake[SpanRecord]) -> tuple[bool, bool]:
    return intake.alive, intake.writing


def _request() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    spans.resource.attributes.add(key="service.name").value.string_value = "gateway"
    one = spans.scope_spans.add().spans.add(name="ingress", kind=2, start_time_unix_nano=5, end_time_unix_nano=9)
    one.trace_id, one.span_id = b"\1" * 16, b"\2" * 8
    return request


def test_only_attributes_of_the_registry_are_kept() -> None:
    request = _request()
    told = {
        "egov.case.number": CASE, "http.status_code": "200", "http.url": "https://host/v1/persons/1", "user_agent": "x",
        "citizen.name": "王小明", "egov.reason": "王小明 said so", "response_flags": "-",
    }  # fmt: skip
    for key, value in told.items():
        request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key=key).value.string_value = value
    before = telemetry_registry.refused["foreign_attribute"]
    (record,), rejected = otlp.records(request)
    assert record.attributes == {"egov.case.number": CASE, "http.status_code": "200"}
    assert (record.service, record.kind, record.parent, rejected) == ("gateway", "server", "", 0)
    assert telemetry_registry.refused["foreign_attribute"] == before + 2


def test_a_span_without_ids_or_times_is_left_out_and_counted() -> None:
    request = _request()
    request.resource_spans[0].scope_spans[0].spans.add(name="nothing")
    kept, rejected = otlp.records(request)
    assert (len(kept), rejected) == (1, 1)


def test_the_settings_have_defaults_and_all_bad_ones_are_told_at_once() -> None:
    assert str(from_environment({}).listen) == "127.0.0.1:4317"
    with pytest.raises(ConfigurationError) as refusal:
        from_environment({"EGOV_TELEMETRY_FILES": "1", "EGOV_COLLECTOR_QUEUE": "many", "EGOV_TELEMETRY_FILE_MB": "0"})
    assert len(refusal.value.problems) == 3
    with pytest.raises(ConfigurationError, match="EGOV_COLLECTOR_LISTEN must be on this machine"):
        from_environment({"EGOV_COLLECTOR_LISTEN": "0.0.0.0:4317"})
