import json

import pytest

from observability import events, render, tree
from observability.records import SpanRecord
from tests.unit.observability.sample import CASE, filed, span


def _text(spans: list[SpanRecord], width: int = 100) -> list[str]:
    return list(render.text(CASE, events.events(spans, CASE), tree.traces(spans, CASE), width))


def test_the_case_reads_from_top_to_bottom() -> None:
    lines = _text(filed())
    shown = " ".join(" ".join(lines).split())
    for part in (
        "1 event, 1 trace, 6 spans in gateway, grid, notification",
        "11-23 18:00:00.012 IncidentFiled opens the case held by department/371102-ZHZX",
        "> notification.incident-notices: taken after 40 ms",
        "gateway ingress (server) +0.0 ms 30 ms",
        "GridService/FileIncident (server) +3.0 ms 22 ms",
        "~ waiting in the outbox 20 ms",
        "sends IncidentFiled",
        "~ waiting at the broker 3.0 ms",
        "incident-notices takes IncidentFiled +52 ms 9.0 ms",
        "job send_mail +90 ms 250 ms ! failed: MAIL_REFUSED",
    ):
        assert part in shown


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_longer_than_the_terminal_and_no_time_is_cut(width: int) -> None:
    deep = [span(1)] + [span(number, number - 1, "a name that is long " * 4, at_ms=number) for number in range(2, 60)]
    for spans in (filed(), deep):
        lines = _text(spans, width)
        assert max(map(len, lines)) <= max(40, width)
        timed = [line for line in lines if " +" in line[-19:]]
        assert len(timed) == len(spans)
        assert all(line.endswith(("ms", "s")) for line in timed)


def test_a_missing_parent_is_named() -> None:
    spans = filed()[1:]
    assert any(line.startswith(f"? parent {1:016x} is missing") for line in _text(spans))


def test_json_holds_the_same() -> None:
    spans = filed()
    told = json.loads(json.dumps(render.document(CASE, events.events(spans, CASE), tree.traces(spans, CASE))))
    (event,), (trace,) = told["events"], told["traces"]
    assert (event["type"], event["taken"][0]["outcome"]) == ("egov.grid.v1.IncidentFiled", "taken")
    spans_told = {int(each["span_id"], 16): each for each in trace["spans"]}
    assert spans_told[4]["waiting"] == {"where": "in the outbox", "ms": 20.0}
    assert (spans_told[5]["parent_span_id"], spans_told[1]["parent_span_id"]) == (f"{4:016x}", None)
    assert spans_told[6]["reason"] == "MAIL_REFUSED"
    assert trace["missing_parents"] == []


def test_a_very_deep_tree_is_no_error() -> None:
    deep = [span(1)] + [span(number, number - 1, at_ms=number) for number in range(2, 3000)]
    assert len(_text(deep)) > 2999
    json.dumps(render.document(CASE, [], tree.traces(deep, CASE)))
