from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.status import StatusCode

from services.chassis import telemetry, telemetry_registry
from services.chassis.telemetry_registry import Unregistered
from services.kernel.errors import conflict

CASE = "371102-20261123-2000427-X"
METHOD = "egov.grid.v1.GridService/FileIncident"
SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    monkeypatch.setenv("EGOV_STRICT_TELEMETRY", "1")
    exporter = InMemorySpanExporter()
    telemetry.setup("grid", "1.0", 1.0, None, exporter=exporter)
    yield exporter
    telemetry.shutdown()


def _named(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    return next(span for span in spans.get_finished_spans() if span.name == name)


def _attributes(spans: InMemorySpanExporter, name: str) -> dict[str, object]:
    return dict(_named(spans, name).attributes or {})


def test_a_span_is_a_child_of_the_one_around_it_and_of_the_remote_parent(spans: InMemorySpanExporter) -> None:
    with (
        telemetry.span(METHOD, kind="server", parent=SAMPLED) as outer,
        telemetry.span("smtp send", kind="client") as inner,
    ):
        assert inner.trace_id == outer.trace_id == "0af7651916cd43dd8448eb211c80319c"
        assert telemetry.current_traceparent() == inner.traceparent
    commit, call = _named(spans, "smtp send"), _named(spans, METHOD)
    assert commit.parent is not None and call.parent is not None and call.context is not None
    assert commit.parent.span_id == call.context.span_id
    assert f"{call.parent.span_id:016x}" == "b7ad6b7169203331"
    assert telemetry.current_traceparent() is None


def test_a_span_that_is_only_opened_lasts_until_it_is_ended(spans: InMemorySpanExporter) -> None:
    opened = telemetry.span(METHOD, kind="server", parent=SAMPLED)
    with opened.open(), telemetry.span("smtp send", kind="client") as inner:
        telemetry.set_case(CASE)
    assert telemetry.current_traceparent() is None and telemetry.current_case() is None
    assert [span.name for span in spans.get_finished_spans()] == ["smtp send"]
    opened.set("egov.event.outcome", "taken")
    opened.end()
    assert _named(spans, "smtp send").parent == _named(spans, METHOD).context and inner.trace_id == opened.trace_id
    assert _attributes(spans, METHOD) == {"egov.case.number": CASE, "egov.event.outcome": "taken"}


def test_the_case_number_reaches_the_open_and_the_later_spans_of_the_call_and_no_further(
    spans: InMemorySpanExporter,
) -> None:
    with telemetry.span(METHOD, kind="server", parent=SAMPLED):
        with telemetry.span("job send_mail", kind="consumer"):
            telemetry.set_case(CASE)
        with telemetry.span("smtp send", kind="client"):
            assert telemetry.current_case() == CASE
    assert telemetry.current_case() is None
    with telemetry.span("timer sweep"):
        pass
    for name in (METHOD, "job send_mail", "smtp send"):
        assert _attributes(spans, name)["egov.case.number"] == CASE
    assert _attributes(spans, "timer sweep") == {}


def test_a_span_that_serves_several_cases_carries_none_but_what_it_sends_does(spans: InMemorySpanExporter) -> None:
    with telemetry.span("timer sweep"):
        with telemetry.span("send egov.grid.v1", kind="producer", parent=SAMPLED):
            telemetry.set_case(CASE)
        assert telemetry.current_case() is None
    assert _attributes(spans, "timer sweep") == {}
    assert _attributes(spans, "send egov.grid.v1")["egov.case.number"] == CASE


def test_a_parent_that_is_not_sampled_is_carried_on_and_records_nothing(spans: InMemorySpanExporter) -> None:
    with telemetry.span(METHOD, kind="server", parent=UNSAMPLED) as span:
        telemetry.set_case(CASE)
        span.set("egov.attempt", 1)
        assert not span.sampled
        assert telemetry.current_traceparent() == UNSAMPLED
    assert spans.get_finished_spans() == ()


def test_a_ratio_of_nothing_still_gives_every_trace_an_id() -> None:
    telemetry.setup("grid", "1.0", 0.0, None)
    with telemetry.span(METHOD, kind="server") as span:
        assert not span.sampled
        assert span.traceparent.endswith("-00")
        assert int(span.trace_id, 16) != 0
    telemetry.shutdown()


def test_a_ratio_is_the_share_of_traces_that_are_recorded_with_all_below_them() -> None:
    telemetry.setup("grid", "1.0", 0.5, None)
    chosen = 0
    for _ in range(1000):
        with telemetry.span(METHOD, kind="server") as outer, telemetry.span("inner") as inner:
            assert outer.sampled == inner.sampled
            assert telemetry.span(METHOD, kind="server", parent=outer.traceparent).sampled == outer.sampled
            chosen += outer.sampled
    # Twelve standard deviations.
    assert 300 < chosen < 700
    telemetry.shutdown()


def test_spans_work_before_setup() -> None:
    with telemetry.span(METHOD, kind="server") as span:
        assert telemetry.current_trace_id() == span.trace_id
        telemetry.set_case(CASE)


@pytest.mark.parametrize(
    "text", ["", "garbage", "00-" + "0" * 32 + "-b7ad6b7169203331-01", SAMPLED + "-more", "ff" + SAMPLED[2:]]
)
def test_a_malformed_parent_begins_a_new_trace(spans: InMemorySpanExporter, text: str) -> None:
    with telemetry.span(METHOD, kind="server", parent=text):
        pass
    assert _named(spans, METHOD).parent is None


def test_an_exception_marks_the_span_with_its_reason_and_leaves_no_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(Exception, match="STALE"), telemetry.span(METHOD, kind="server"):
        raise conflict("STALE_VERSION")
    with pytest.raises(UnicodeDecodeError), telemetry.span("smtp send", kind="client"):
        b"\xff".decode()
    assert _named(spans, METHOD).status.status_code is StatusCode.ERROR
    assert _attributes(spans, METHOD)["egov.reason"] == "STALE_VERSION"
    assert _attributes(spans, "smtp send")["error.type"] == "UnicodeDecodeError"
    assert all(span.events == () and span.status.description is None for span in spans.get_finished_spans())


def test_a_reason_given_is_not_replaced_by_the_exception(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="x"), telemetry.span("smtp send", kind="client") as span:
        span.fail("DISK_FULL")
        raise ValueError("x")
    assert _attributes(spans, "smtp send")["egov.reason"] == "DISK_FULL"


@pytest.mark.parametrize(
    ("key", "value"), [("citizen.name", "x"), ("egov.attempt", "three"), ("egov.reason", "a person said so")]
)
def test_what_the_registry_lacks_raises_in_tests(spans: InMemorySpanExporter, key: str, value: object) -> None:
    with telemetry.span("smtp send", kind="client") as span, pytest.raises(Unregistered) as refusal:
        span.set(key, value)
    assert str(value) not in str(refusal.value)


def test_in_production_it_is_dropped_and_counted(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_STRICT_TELEMETRY")
    monkeypatch.setattr(telemetry_registry, "STRICT", False)
    before = telemetry_registry.refused.copy()
    with telemetry.span("a name with a person in it") as span:
        span.set("citizen.name", "x")
        telemetry.set_case(CASE)
    (recorded,) = spans.get_finished_spans()
    assert recorded.name == "unregistered internal"
    assert recorded.attributes == {}
    assert telemetry_registry.refused["attribute"] == before["attribute"] + 1
    assert telemetry_registry.refused["span"] == before["span"] + 1


def test_links_begin_a_new_trace_even_inside_another_span(spans: InMemorySpanExporter) -> None:
    parent, links = telemetry.cause(SAMPLED, 301)
    with (
        telemetry.span("timer sweep"),
        telemetry.span("process egov.grid.v1", kind="consumer", parent=parent, links=links),
    ):
        pass
    taken = _named(spans, "process egov.grid.v1")
    assert taken.parent is None
    assert [f"{link.context.span_id:016x}" for link in taken.links] == ["b7ad6b7169203331"]
    assert telemetry.cause(SAMPLED, 300) == (SAMPLED, ())


@pytest.mark.parametrize(
    "endpoint", ["collector:4317", "http://collector.example:4317", "https://localhost:4317", "http://localhost"]
)
def test_an_endpoint_that_cannot_be_is_refused_by_name(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_TLS_TRUST", raising=False)
    with pytest.raises(ValueError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        telemetry.setup("grid", "1.0", 1.0, endpoint)
