"""What the case trace says of a case equals what really happened, at every step of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploy.local.client import ApiError
from tests import foreign, stock
from tests.e2e.city import CENTRE, COUNTY, RUBBISH, VILLAGE, City, Json
from tests.e2e.telling import OBSERVER, ask, by_time, settled, told
from tests.waiting import wait_for

HANDLING = f"{COUNTY}-CGJ"


def led(city: City) -> Iterator[tuple[Json, str | None]]:
    """A whole case step by step: the incident, and the department that holds it then."""
    incident = city.file().body["incident"]
    yield incident, CENTRE
    for step, holder in (
        (city.dispatch, HANDLING), (city.accept, HANDLING), (city.report_handled, CENTRE), (city.verify, CENTRE),
        (city.close, None),
    ):  # fmt: skip
        incident = step(incident).body["incident"]
        yield incident, holder


def test_at_every_step_of_a_case_it_says_what_happened(city: City) -> None:
    for incident, holder in led(city):
        number = incident["caseNumber"]
        answer = settled(city, number)
        case = answer["case"]
        assert case["holder"] == (f"department/{holder}" if holder else "")
        assert case["state"] == ("CASE_STATE_OPEN" if holder else "CASE_STATE_CLOSED")
        assert (case["region"], case["events"]) == (VILLAGE, len(answer["events"]))
        # The last event that says a deadline says it to both.
        said = [row["headers"]["ce_deadline"] for row in by_time(city, number) if "ce_deadline" in row["headers"]]
        assert ("deadline" in case, "clockUsed" in case) == (bool(holder), bool(holder))
        assert not holder or case["deadline"] == said[-1]
    assert {each["holder"] for each in answer["held"]} == {f"department/{CENTRE}", f"department/{HANDLING}"}
    assert answer["traces"] and not {gap["kind"] for gap in answer["gaps"]} - {"GAP_KIND_SPANS"}


def test_what_became_of_events_comes_late_and_is_missed_meanwhile(city: City) -> None:
    city.stack.stop_part("notification")
    try:
        number = city.file().body["incident"]["caseNumber"]
        wait_for("the event is known", lambda: told(city, number)[0])
        wait_for("the gap is named", lambda: "notification" in gaps(city, number))
        assert told(city, number)[1] == set()
    finally:
        city.stack.start_part("notification")
    settled(city, number)
    wait_for("the gap is closed", lambda: not gaps(city, number))


def test_a_case_trace_that_hangs_holds_nobody_up_and_catches_up(city: City) -> None:
    city.stack.pause(OBSERVER)
    try:
        incidents = [incident for incident, _ in led(city)]
        number = incidents[-1]["caseNumber"]
        wait_for("every event is published", lambda: not city.rows("grid", "SELECT 1 FROM chassis.outbox"))
        wait_for("people are told", lambda: city.notices(number))
    finally:
        city.stack.resume(OBSERVER)
    assert settled(city, number)["case"]["state"] == "CASE_STATE_CLOSED"


def gaps(city: City, number: str) -> set[str]:
    found = ask(city, f"/v1/cases/{number}")["gaps"]
    return {gap["service"] for gap in found if gap["kind"] == "GAP_KIND_EFFECTS"}


def test_a_case_is_found_by_what_is_known_of_it(city: City) -> None:
    incident = city.dispatch(city.file().body["incident"]).body["incident"]
    number = incident["caseNumber"]
    settled(city, number)
    for query in (
        {"caseNumber": number}, {"caseNumber": number[:-3]}, {"about": incident["incidentId"]},
        {"department": HANDLING, "state": "CASE_STATE_OPEN"}, {"region": VILLAGE}, {"stuckFor": "0s"},
        {"subjectType": RUBBISH["code"]}, {"subjectType": f"{RUBBISH['standard']}/event/{RUBBISH['code']}"},
    ):  # fmt: skip
        found = ask(city, "/v1/cases", query | {"page.pageSize": "200"})
        assert number in {case["caseNumber"] for case in found["cases"]}, query
    counted = ask(city, "/v1/cases", {"caseNumber": number, "facets": "true"})
    assert counted["counted"] == "1"
    assert {"facet": "holder", "value": f"department/{HANDLING}", "cases": "1"} in counted["facets"]


def test_every_look_is_audited_and_is_no_part_of_the_case(city: City) -> None:
    number = city.file().body["incident"]["caseNumber"]
    settled(city, number)
    answer = city.gateway.get(f"/v1/cases/{number}", door=city.people.operator())
    rows = wait_for("the look is written down", lambda: city.audit(OBSERVER, answer.trace_id))
    assert [(row["case_number"], row["outcome"]) for row in rows] == [(number, "OK")]
    assert answer.trace_id not in {each["traceId"] for each in ask(city, f"/v1/cases/{number}")["traces"]}


def test_a_case_that_is_not_there_is_not_found(city: City) -> None:
    with pytest.raises(ApiError) as refused:
        ask(city, "/v1/cases/371102-20261123-2000427-X")
    assert refused.value.reason == "CASE_NOT_FOUND"


def test_the_spans_of_a_step_are_a_tree_from_the_gateway_to_the_last_consumer(city: City) -> None:
    filed = city.file()
    number, path = filed.case_number, f"/v1/cases/{filed.case_number}/traces/{filed.trace_id}"
    settled(city, number)

    def whole() -> Json:
        """The tree once every span has arrived: nothing hangs on one that is not there."""
        try:
            trace = ask(city, path, {"otlp": "true"})
        except ApiError as error:
            assert error.reason == "TRACE_NOT_FOUND"
            return {}
        taken = [span for span in trace["spans"] if span["kind"] == "consumer" and span["service"] == "notification"]
        return trace if taken and not any(span["parentMissing"] for span in trace["spans"]) else {}

    trace = wait_for("the tree is whole", whole)
    assert [span["service"] for span in trace["spans"] if span["depth"] == 0] == ["gateway"]
    assert "at the broker" in {span["waited"] for span in trace["spans"]}
    spans = [
        span
        for resource in json.loads(trace["otlpJson"])["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert {span["spanId"] for span in spans} == {span["spanId"] for span in trace["spans"]}
    (known,) = [each for each in ask(city, f"/v1/cases/{number}")["traces"] if each["traceId"] == filed.trace_id]
    assert known["spans"] >= len(spans)


def test_a_call_that_failed_is_told_of(city: City) -> None:
    incident = city.file().body["incident"]
    number = incident["caseNumber"]
    with pytest.raises(ApiError) as refused:
        city.close(incident)

    def failed() -> list[Json]:
        return [
            each for each in ask(city, f"/v1/cases/{number}")["failedCalls"] if each["reason"] == refused.value.reason
        ]

    settled(city, number)
    (call,) = wait_for("the failed call is known", failed)
    assert (call["service"], call["method"]) == ("grid", "egov.grid.v1.GridService/CloseIncident")
    found = ask(city, "/v1/cases", {"caseNumber": number, "reason": refused.value.reason})
    assert [case["caseNumber"] for case in found["cases"]] == [number]


def test_what_a_program_of_somebody_else_exports_is_found_by_its_case(city: City) -> None:
    number = city.file().case_number
    settled(city, number)
    sent = foreign.run(f"http://{city.stack.ports.address('casetrace-otlp')}", number)
    path = f"/v1/cases/{number}/traces/{foreign.trace_id(sent.values())}"
    trace = ask(city, path, {"otlp": "true"})
    assert {span["service"] for span in trace["spans"]} == {foreign.RESOURCE["OTEL_SERVICE_NAME"]}
    assert foreign.by_id(foreign.read(trace["otlpJson"])).keys() == sent.keys()
    (call,) = ask(city, f"/v1/cases/{number}")["failedCalls"]
    assert (call["reason"], call["traceId"]) == (stock.REASON, foreign.trace_id(sent.values()))


def test_a_trace_of_nothing_is_not_found(city: City) -> None:
    number = city.file().case_number
    settled(city, number)
    with pytest.raises(ApiError) as refused:
        ask(city, f"/v1/cases/{number}/traces/{'0' * 31}1")
    assert refused.value.reason == "TRACE_NOT_FOUND"
