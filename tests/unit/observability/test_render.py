import json

import pytest

from observability import document, events, render, tree
from observability.records import SpanRecord, Value
from tests.unit.observability.sample import CASE, EVENT, filed, span


def _text(spans: list[SpanRecord], width: int = 100) -> list[str]:
    return list(render.text(CASE, events.events(spans, CASE), tree.traces(spans, CASE), width))


def mailed_twice() -> list[SpanRecord]:
    """The sample up to its consumer, then two mails, of which one had no address to go to."""
    there = "notification"
    return [
        *filed()[:5],
        span(6, 5, "job send_mail", service=there, at_ms=90, lasts_ms=10),
        span(7, 6, "egov.identity.v1.IdentityService/GetContact", kind="client", service=there, at_ms=91),
        span(8, 5, "job send_mail", service=there, at_ms=101, lasts_ms=20),
        span(9, 8, "egov.identity.v1.IdentityService/GetContact", kind="client", service=there, at_ms=102),
        span(10, 8, "smtp send", kind="client", service=there, at_ms=104),
    ]


def taken(number: int, consumer: str) -> SpanRecord:
    """A consumer that takes the sample's event."""
    facts: dict[str, Value] = {"egov.consumer": consumer, "egov.event.type": "egov.grid.v1.IncidentFiled"}
    return span(number, 4, "process egov.grid.v1", kind="consumer", service="notification", attributes=facts)


def notice(number: int) -> dict[str, Value]:
    """The facts of an event of which nothing more is told."""
    return {"egov.event.id": f"{EVENT[:-2]}{number}", "egov.event.type": "egov.notification.v1.NoticeCreated"}


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
    told = json.loads(json.dumps(document.document(CASE, events.events(spans, CASE), tree.traces(spans, CASE))))
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
    json.dumps(document.document(CASE, [], tree.traces(deep, CASE)))


def test_what_was_done_twice_and_went_well_is_one_line() -> None:
    done = mailed_twice()
    shown = [" ".join(line.split()) for line in _text(done)]
    assert "notification job send_mail x2 (IdentityService/GetContact x2, smtp send) +90 ms 31 ms" in " ".join(shown)
    assert len([line for line in shown if "send_mail" in line]) == 1
    every = list(render.text(CASE, [], tree.traces(done, CASE), 100, whole=True))
    assert len([line for line in every if "send_mail" in line]) == 2


def test_what_failed_is_never_folded() -> None:
    shown = _text([*mailed_twice(), span(11, 5, "job send_mail", service="notification", at_ms=120, failed=True)])
    assert len([line for line in shown if "send_mail" in line]) == 2
    assert any("failed" in line for line in shown)


def test_what_an_event_goes_on_to_is_never_folded() -> None:
    shown = _text([*filed()[:4], *(taken(number, "incident-notices") for number in (20, 21))])
    assert len([line for line in shown if "takes IncidentFiled" in line]) == 2


def test_events_of_one_type_that_say_no_more_are_counted() -> None:
    created = [
        span(number, 5, "send egov.notification.v1", kind="producer", service="notification", attributes=notice(number))
        for number in (30, 31, 32)
    ]
    shown = _text([*filed()[:5], *created])
    first = next(line for line in shown if "NoticeCreated" in line)
    assert first.split()[-2:] == ["NoticeCreated", "x3"]
