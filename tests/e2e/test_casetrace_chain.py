"""The whole chain through the eyes of the case trace: at every moment it says what the services' own answers say.

Also where no spans are recorded, where a process dies between a commit and its effect, and where an event is parked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.client import ApiError
from tests.conftest import running_stack
from tests.e2e.chain import DEPARTMENT, Chain
from tests.e2e.city import City, Json
from tests.e2e.course import Standing, course, held, moment
from tests.e2e.edges import declared_edges, outcomes
from tests.e2e.telling import ask, by_time, linked, settled, told
from tests.waiting import wait_for

# On a busy machine a part may take long to come back.
pytestmark = pytest.mark.timeout(600)

NO_SPANS = {"EGOV_TRACE_RATIO": "0"}
WHY = "the handler was mended"
CLOCKS_MEET_WITHIN = timedelta(seconds=5)


@pytest.fixture(scope="module")
def blind(request: pytest.FixtureRequest) -> Iterator[City]:
    """A city of this module's own, of which no trace is recorded."""
    with running_stack(request, settings=NO_SPANS) as stack, City(stack) as city:
        yield city


def test_at_every_step_of_the_chain_it_says_what_happened(city: City) -> None:
    chain = Chain.begun(city)
    for standing in course(chain):
        stands_so(chain, standing)
    traces = wait_for("spans of every step", lambda: traced(city, chain))
    assert {each["traceId"] for each in traces} >= set(chain.traces.values())
    wait_for("nothing is missing", lambda: unknown(city, chain) == [])


def test_without_spans_it_says_the_same_and_what_is_missing(blind: City) -> None:
    chain = Chain.begun(blind)
    for standing in course(chain):
        answer = stands_so(chain, standing)
        assert {each["spans"] for each in answer["traces"]} == {0}
        wait_for("nothing else is missing", lambda: unknown(blind, chain) == ["GAP_KIND_SPANS"])
    with pytest.raises(ApiError) as refused:
        ask(blind, f"/v1/cases/{chain.case_number}/traces/{chain.traces['incident:file']}")
    assert refused.value.reason == "TRACE_NOT_FOUND"


def unknown(city: City, chain: Chain) -> list[str]:
    """What the case trace says that it does not know; how far behind its sources it is changes with every look."""
    return [gap["kind"] for gap in ask(city, f"/v1/cases/{chain.case_number}")["gaps"]]


def stands_so(chain: Chain, standing: Standing) -> Json:
    """The case trace says so, too, once every consumer has taken what it is declared to take."""
    city, number = chain.city, chain.case_number
    edges = declared_edges(city, number)
    wait_for("every edge is gone", lambda: outcomes(city, edges) == Counter((edge, "taken") for edge in edges))
    answer = settled(city, number)
    case = answer["case"]
    assert case["state"] == ("CASE_STATE_OPEN" if standing.holder else "CASE_STATE_CLOSED")
    assert case["holder"] == (f"department/{standing.holder}" if standing.holder else "")
    assert moment(case["heldSince" if standing.holder else "closedAt"]) == standing.since
    assert moment(case["deadline"]) == standing.deadline if standing.deadline else "deadline" not in case
    assert [event["eventId"] for event in answer["events"]] == [row["id"] for row in by_time(city, number)]
    assert not any(event["notMet"] for event in answer["events"])
    assert {each["caseNumber"] for each in answer["linkedCases"]} == linked(city, number)
    held_so(held(answer), standing)
    return answer


def held_so(found: dict[str, tuple[timedelta, int]], standing: Standing) -> None:
    """As long and as often; the holder of now up to the moment of the answer."""
    until = standing.since if standing.holder is None else datetime.now(UTC)
    wanted = standing.held(until)
    assert {who: times for who, (_, times) in found.items()} == {who: times for who, (_, times) in wanted.items()}
    for who, (time, _) in wanted.items():
        late = CLOCKS_MEET_WITHIN if who == standing.holder else timedelta()
        assert timedelta() <= time - found[who][0] <= late, who


def traced(city: City, chain: Chain) -> list[Json]:
    """The case's traces, once each has spans."""
    traces: list[Json] = ask(city, f"/v1/cases/{chain.case_number}")["traces"]
    return traces if all(each["spans"] for each in traces) else []


def test_what_was_committed_and_not_sent_is_told_when_its_service_is_back(blind: City) -> None:
    blind.stack.restart_part("grid", {"EGOV_FAULTPOINTS": "relay.before_send=kill@1"})
    number = blind.file().case_number
    dies(blind, "grid")
    assert told(blind, number) == (set(), set()), "it is in grid's database and nowhere else"

    blind.stack.start_part("grid", {"EGOV_FAULTPOINTS": ""})
    wait_for("it is told", lambda: told(blind, number)[0])
    settled(blind, number)


def test_a_consumer_that_died_on_an_event_has_not_met_it_until_it_is_back(blind: City) -> None:
    # Who takes dispatches is known from the last one.
    settled(blind, blind.dispatch(blind.file().body["incident"]).case_number)
    chain = Chain.begun(blind)
    filed = chain.file()
    settled(blind, chain.case_number)
    blind.stack.restart_part("inspection", {"EGOV_FAULTPOINTS": "consumer.before_commit=kill@1"})
    chain.led("dispatch", blind.dispatch(filed))
    dies(blind, "inspection")
    wait_for("others have taken it", lambda: outcome(chain, "notification") == "TAKEN")
    assert outcome(chain, "inspection") == ""
    assert "inspection" in {each["service"] for each in dispatched(chain)["notMet"]}
    wait_for("the gap is named", lambda: gaps(chain) == {"inspection"})

    blind.stack.start_part("inspection", {"EGOV_FAULTPOINTS": ""})
    wait_for("it is taken", lambda: outcome(chain, "inspection") == "TAKEN")
    wait_for("the gap is closed", lambda: not gaps(chain))
    settled(blind, chain.case_number)


def test_an_event_that_cannot_be_taken_is_told_of_until_its_service_has_taken_it(blind: City) -> None:
    chain = Chain.begun(blind)
    filed = chain.file()
    settled(blind, chain.case_number)
    blind.stack.restart_part("inspection", {"EGOV_FAULTPOINTS": "consumer.in_handler=raise@*"})
    chain.led("dispatch", blind.dispatch(filed))
    wait_for("it is tried again", lambda: outcome(chain, "inspection") == "RETRYING")
    assert effect(chain, "inspection")["reason"] == "HANDLER_FAILED"

    wait_for("it is parked", lambda: outcome(chain, "inspection") == "PARKED")
    (parked,) = listed(chain)
    said = effect(chain, "inspection")
    assert {name: said[name] for name in ("consumer", "reason", "attempts")}.items() <= parked.items()
    assert settled(blind, chain.case_number)["case"]["holder"] == f"department/{DEPARTMENT}"

    blind.stack.restart_part("inspection", {"EGOV_FAULTPOINTS": ""})
    path = f"/v1/operations/inspection/parked/{parked['eventId']}:retry"
    blind.gateway.post(path, {"consumer": parked["consumer"], "reason": WHY}, door=blind.people.operations)
    wait_for("it is taken", lambda: outcome(chain, "inspection") == "TAKEN")
    assert listed(chain) == []
    chain.await_inspection()
    settled(blind, chain.case_number)


def dies(city: City, part: str) -> None:
    """Wait until the service has killed itself, as it was told."""
    child = city.stack.part(part).child
    assert child is not None
    wait_for(f"{part} kills itself", lambda: not child.alive())


def listed(chain: Chain) -> list[Json]:
    """The case's events that inspection has not taken, as inspection itself says."""
    answer = chain.city.gateway.get("/v1/operations/inspection/parked", door=chain.city.people.operations)
    return [event for event in answer.body["events"] if event["caseNumber"] == chain.case_number]


def dispatched(chain: Chain) -> Json:
    """The dispatch as the case trace tells it; empty while it does not."""
    events = ask(chain.city, f"/v1/cases/{chain.case_number}")["events"]
    return next((event for event in events if event["type"].endswith(".IncidentDispatched")), {})


def effect(chain: Chain, service: str) -> Json:
    """What became of the dispatch at a service, as the case trace says; empty while nothing did."""
    effects = dispatched(chain).get("effects", [])
    return next((each for each in effects if each["service"] == service), {})


def outcome(chain: Chain, service: str) -> str:
    return str(effect(chain, service).get("outcome", "")).removeprefix("EFFECT_OUTCOME_")


def gaps(chain: Chain) -> set[str]:
    """Services of which it says that what became of events there may be missing."""
    found = ask(chain.city, f"/v1/cases/{chain.case_number}")["gaps"]
    return {gap["service"] for gap in found if gap["kind"] == "GAP_KIND_EFFECTS"}
