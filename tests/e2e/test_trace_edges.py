"""The trace of a case: one tree per call, no break at the broker, the case number on every span.

A citizen reports, a seat dispatches, an officer accepts and reports it handled, the seat verifies and closes.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass, field

import pytest

from deploy.local.client import Answer
from observability import files
from observability.records import SpanRecord
from services.chassis import telemetry_registry as registry
from tests.e2e.city import GRID_TOPIC, NOTIFICATION_TOPIC, City
from tests.e2e.spans import Edge, What, edges, spans_of, what
from tests.waiting import wait_for

STEPS = {
    "file": "FileIncident",
    "dispatch": "DispatchIncident",
    "accept": "AcceptIncident",
    "handle": "ReportHandled",
    "verify": "VerifyIncident",
    "close": "CloseIncident",
}
BEFORE_THE_CASE = {"IdentityService/GetRegion", "IdentityService/GetKeySet"}


@dataclass
class Story:
    """A case from its report to its close: the answers and the spans of each step."""

    city: City
    answers: dict[str, Answer] = field(default_factory=dict)
    spans: dict[str, list[SpanRecord]] = field(default_factory=dict)

    @property
    def case_number(self) -> str:
        return self.answers["file"].case_number

    @property
    def trace_ids(self) -> set[str]:
        return {answer.trace_id for answer in self.answers.values()}


@pytest.fixture(scope="module")
def story(city: City) -> Story:
    told = Story(city)
    answer = told.answers["file"] = city.file(region=region_not_asked_for(city))
    answer = told.answers["dispatch"] = city.dispatch(answer.body["incident"])
    answer = told.answers["accept"] = city.accept(answer.body["incident"])
    answer = told.answers["handle"] = city.report_handled(answer.body["incident"])
    answer = told.answers["verify"] = city.verify(answer.body["incident"])
    told.answers["close"] = city.close(answer.body["incident"])
    wait_for("a mail for every step", lambda: len(city.mails(told.case_number)) >= len(STEPS))
    for step, answer in told.answers.items():
        told.spans[step] = stored(city, answer.trace_id, expected(step).total())
    return told


def region_not_asked_for(city: City) -> str:
    """A unit grid that nobody has reported from: grid remembers what identity says of a region, and asks no more."""
    codes = city.rows("identity", "SELECT code FROM region WHERE level = 'grid' AND code LIKE '371102%%' ORDER BY code")
    known = {row["region"] for row in city.rows("grid", "SELECT region FROM incident")}
    return str(next(row["code"] for row in codes if row["code"] not in known))


def stored(city: City, trace_id: str, count: int) -> list[SpanRecord]:
    """The spans of a trace once there are as many as there have to be."""

    def enough() -> list[SpanRecord]:
        spans = spans_of(city.where.telemetry, trace_id)
        return spans if len(leave_out_keys(spans)) >= count else []

    return wait_for(f"{count} spans of trace {trace_id}", enough)


def expected(step: str) -> Counter[Edge]:
    """Every edge of a step's tree."""
    method = f"GridService/{STEPS[step]}"
    gateway: What = ("gateway", "server", method)
    call: What = ("grid", "server", method)
    sending: What = ("grid", "producer", f"send {GRID_TOPIC}")
    taking: What = ("notification", "consumer", f"process {GRID_TOPIC}")
    telling: What = ("notification", "producer", f"send {NOTIFICATION_TOPIC}")
    job: What = ("notification", "consumer", "job send_mail")
    contact = "IdentityService/GetContact"
    tree = Counter[Edge](
        {
            (None, gateway): 1,
            (gateway, call): 1,
            (call, sending): 1,
            (sending, taking): 1,
            # Two are told, the reporter and the department; only the department has an e-mail address.
            (taking, telling): 2,
            (taking, job): 2,
            (job, ("notification", "client", contact)): 2,
            (("notification", "client", contact), ("identity", "server", contact)): 2,
            (job, ("notification", "client", "smtp send")): 1,
        }
    )
    if step == "file":
        region = "IdentityService/GetRegion"
        tree[call, ("grid", "client", region)] += 1
        tree[("grid", "client", region), ("identity", "server", region)] += 1
    if step == "dispatch":
        # Whether there is something to inspect is asked of every dispatch; of rubbish there is not.
        tree[sending, ("inspection", "consumer", f"process {GRID_TOPIC}")] += 1
    return tree


def leave_out_keys(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Without the fetching of keys: it falls to whichever call comes first with a token that a service cannot check."""
    return [span for span in spans if not span.name.endswith("/GetKeySet")]


@pytest.mark.parametrize("step", STEPS)
def test_every_edge_from_envoy_to_the_last_hop_of_the_mail(story: Story, step: str) -> None:
    assert edges(leave_out_keys(story.spans[step])) == expected(step)


@pytest.mark.parametrize("step", STEPS)
def test_one_root_and_no_orphan(story: Story, step: str) -> None:
    spans = story.spans[step]
    by_id = {span.span: span for span in spans}
    (root,) = (span for span in spans if not span.parent)

    assert what(root) == ("gateway", "server", f"GridService/{STEPS[step]}")
    for span in spans:
        assert span.parent in by_id or span is root, f"{what(span)} is an orphan"
        assert not span.links, "work that begins at once joins its cause's trace"
        assert span is root or span.start_ns >= by_id[span.parent].start_ns


def test_the_cases_spans_lie_in_the_traces_of_its_calls(story: Story) -> None:
    needle = f'"egov.case.number":"{story.case_number}"'
    lines = (line.decode() for line in files.lines(story.city.where.telemetry))
    of_the_case = {json.loads(line)["trace"] for line in lines if needle in line}

    assert of_the_case == story.trace_ids
    assert len(of_the_case) == len(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_every_span_begun_after_the_case_number_is_known_carries_it(story: Story, step: str) -> None:
    for span in story.spans[step]:
        # A report has no case before identity has said what it knows of the region.
        before = step == "file" and what(span)[2] in BEFORE_THE_CASE
        assert span.case_number == (None if before else story.case_number), what(span)


def test_every_span_of_this_stack_is_in_the_registry(city: City, story: Story) -> None:
    for line in files.lines(city.where.telemetry):
        span = json.loads(line)
        if span["service"] == "gateway":
            assert set(span["attributes"]) <= registry.FOREIGN_KEPT | {"egov.case.number"}
            continue
        assert registry.span_name(span["name"], span["kind"]) is not None
        for name, value in span["attributes"].items():
            assert registry.attribute(name, value) is not None, (span["name"], name)


@pytest.mark.parametrize("part", ["identity", "grid", "notification", "inspection", "certificates", "collector"])
def test_nothing_unregistered_was_dropped_on_the_way(story: Story, part: str) -> None:
    with urllib.request.urlopen(f"{story.city.stack.admin_url(part)}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    refused = [line for line in lines if line.startswith("egov_telemetry_refused_total{")]
    assert [line for line in refused if not line.endswith(" 0.0")] == []
