"""A program of somebody else, in another process, exports with the stock SDK; what it sent is found, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from deploy.local.pki import Authority, Identity, Names
from observability.casetrace.otlp.export import otlp_json
from observability.casetrace.store.spans import FailureStore
from services.chassis.tls import TlsIdentity
from tests import foreign, stock
from tests.integration.casetrace.doors import door, export, spans_of
from tests.unit.casetrace.samples import CASE

# What the registry lets in of the attributes that the program sends.
KEPT = {"egov.case.number", "http.response.status_code", "egov.wait_ms", "error", "egov.attempt"}


def given(engine: sa.Engine, sent: Mapping[bytes, Span]) -> str:
    """What GetTrace gives of the trace for other tools."""
    return otlp_json(spans_of(engine, foreign.trace_id(sent.values())))


def kept(span: Span) -> Span:
    """What is kept of a span that was sent: no text that people wrote, and nothing that the registry does not know."""
    failed = span.status.code == Status.STATUS_CODE_ERROR
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=span.kind,
        start_time_unix_nano=span.start_time_unix_nano,
        end_time_unix_nano=span.end_time_unix_nano,
        attributes=[each for each in span.attributes if each.key in KEPT],
        links=[Span.Link(trace_id=each.trace_id, span_id=each.span_id) for each in span.links],
        status=Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET),
    )


def by_name(attributes: Iterable[KeyValue]) -> list[KeyValue]:
    return sorted(attributes, key=lambda each: each.key)


def test_every_field_that_is_kept_comes_back_as_it_was_sent(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        sent = foreign.run(endpoint, CASE)
        back = foreign.read(given(engine, sent))
    assert {name.value.string_value for each in back.resource_spans for name in each.resource.attributes} == {
        foreign.RESOURCE["OTEL_SERVICE_NAME"]
    }
    found = foreign.by_id(back)
    assert found.keys() == sent.keys() and len(sent) == 4
    for id, span in sent.items():
        wanted = kept(span)
        assert by_name(found[id].attributes) == by_name(wanted.attributes)
        del wanted.attributes[:], found[id].attributes[:]
        assert found[id] == wanted


def test_the_document_follows_the_rules_of_otlps_json(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        document = given(engine, foreign.run(endpoint, CASE))
    (resource,) = json.loads(document)["resourceSpans"]
    spans = {span["name"]: span for span in resource["scopeSpans"][0]["spans"]}
    root, asking, telling = spans["POST /tickets"], spans["ask 大厅"], spans["tell"]
    assert asking["parentSpanId"] == root["spanId"] and "parentSpanId" not in root
    assert (len(root["traceId"]), len(root["spanId"])) == (32, 16)
    assert root["links"] == [{"traceId": f"{0xFEED:032x}", "spanId": f"{0xBEEF:016x}"}]
    assert isinstance(root["startTimeUnixNano"], str) and root["startTimeUnixNano"].isdecimal()
    assert (root["kind"], asking["kind"], spans["print"]["status"]) == (2, 3, {"code": 2})
    # A whole number that a double cannot hold.
    assert {"key": "egov.attempt", "value": {"intValue": str(2**53 + 1)}} in telling["attributes"]


def test_what_was_given_and_is_sent_again_gives_the_same(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        sent = foreign.run(endpoint, CASE)
        first = given(engine, sent)
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM span")
        export(endpoint, ExportTraceServiceRequest(resource_spans=foreign.read(first).resource_spans))
        assert given(engine, sent) == first


def test_a_record_of_a_failed_call_is_told_with_its_case_and_trace(engine: sa.Engine) -> None:
    with door(engine) as endpoint:
        sent = foreign.run(endpoint, CASE)
    with engine.connect() as connection:
        (failure,) = FailureStore(connection).of_case(CASE)
    assert (failure.service, failure.method) == (foreign.RESOURCE["OTEL_SERVICE_NAME"], "hall.v1.HallService/Print")
    assert (failure.reason, failure.duration_ms) == (stock.REASON, 3.5)
    printing = sent[bytes.fromhex(failure.span_id)]
    assert (printing.name, printing.trace_id.hex()) == ("print", failure.trace_id)


def test_over_mutual_tls_it_is_told_by_opentelemetrys_own_variables(engine: sa.Engine, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours", "root"), Authority(tmp_path / "theirs", "another root")
    own = identity(ours, "casetrace")
    with door(engine, tls=TlsIdentity(own.cert, own.key, own.trust)) as endpoint:
        sent = foreign.run(endpoint, CASE, shown(identity(ours, "hall"), ours))
        assert foreign.by_id(foreign.read(given(engine, sent))).keys() == sent.keys()
        # One that another root vouches for is let in neither with its own certificate nor without any.
        for more in (shown(identity(theirs, "hall"), ours), {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(ours.trust)}):
            unknown = foreign.run(endpoint, CASE, more)
            assert not json.loads(given(engine, unknown))


def identity(authority: Authority, name: str) -> Identity:
    return authority.identity(name, Names(hosts=("127.0.0.1",)))


def shown(identity: Identity, trusted: Authority) -> dict[str, str]:
    """What tells the SDK to show an identity, and which root to trust."""
    return {
        "OTEL_EXPORTER_OTLP_CERTIFICATE": str(trusted.trust),
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": str(identity.cert),
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": str(identity.key),
    }
