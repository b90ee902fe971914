from __future__ import annotations

import json
from dataclasses import replace

import pytest

from observability.casetrace.domain.traces import trace_of_case
from observability.casetrace.otlp.export import otlp_json
from observability.casetrace.wire.traces import span_messages
from services.kernel.errors import Refusal
from tests.unit.observability.sample import CASE, OTHER, filed, span


def test_a_trace_is_a_tree_with_its_waits() -> None:
    shown = list(span_messages(trace_of_case(filed(), CASE)))
    assert [(each.name, each.depth) for each in shown][:3] == [
        ("ingress", 0), ("egov.grid.v1.GridService/FileIncident", 1), ("commit", 2),
    ]  # fmt: skip
    waits = {each.name: (each.waited, each.waited_for.ToMilliseconds()) for each in shown if each.waited}
    assert waits == {
        "send egov.grid.v1": ("in the outbox", 20),
        "process egov.grid.v1": ("at the broker", 3),
        "job send_mail": ("for its turn", 29),
    }
    (mail,) = [each for each in shown if each.failed]
    assert (mail.reason, mail.time.ToMilliseconds()) == ("MAIL_REFUSED", 250)


def test_a_span_whose_cause_is_not_kept_says_so() -> None:
    shown = list(span_messages(trace_of_case(filed()[3:], CASE)))
    assert [(each.depth, each.parent_missing) for each in shown] == [(0, True), (1, False), (2, False)]


def test_branches_of_other_cases_are_left_out_and_counted() -> None:
    trace = trace_of_case([*filed(), span(7, 1, "commit", case=OTHER)], CASE)
    assert (len(list(span_messages(trace))), trace.of_other_cases) == (6, 1)


def test_a_trace_in_which_nothing_says_that_it_is_the_cases_is_not_found() -> None:
    for spans in ([], [span(1, case=None)], [span(1, case=OTHER)]):
        with pytest.raises(Refusal, match="TRACE_NOT_FOUND"):
            trace_of_case(spans, CASE)


def test_otlp_json_has_ids_in_hexadecimal_and_numbers_for_enums() -> None:
    linked = replace(filed()[5], links=(("a" * 32, "b" * 16),), attributes={"egov.rows": 3, "error": True, "x": ["y"]})
    (resource,) = json.loads(otlp_json([linked]))["resourceSpans"]
    (document,) = resource["scopeSpans"][0]["spans"]
    assert resource["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "notification"}}]
    assert (document["traceId"], document["spanId"]) == (f"{1:032x}", f"{6:016x}")
    assert (document["parentSpanId"], document["kind"], document["status"]) == (f"{5:016x}", 1, {"code": 2})
    assert document["links"] == [{"traceId": "a" * 32, "spanId": "b" * 16}]
    assert {each["key"]: each["value"] for each in document["attributes"]} == {
        "egov.rows": {"intValue": "3"},
        "error": {"boolValue": True},
        "x": {"arrayValue": {"values": [{"stringValue": "y"}]}},
    }


def test_a_trace_may_be_as_deep_as_it_is_long() -> None:
    chain = [span(number, number - 1) for number in range(1, 2001)]
    shown = list(span_messages(trace_of_case(chain, CASE)))
    assert [each.depth for each in shown] == list(range(2000))


def test_spans_that_are_their_own_cause_are_shown_all_the_same() -> None:
    circle = [span(1), span(2, 3), span(3, 2), span(4, 4)]
    assert {each.span_id for each in span_messages(trace_of_case(circle, CASE))} == {f"{n:016x}" for n in range(1, 5)}
