from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from observability.casetrace.domain.cases import case_of
from observability.casetrace.domain.effects import Source
from observability.casetrace.domain.failures import Failure
from observability.casetrace.domain.search import LinkedCase
from observability.casetrace.wire.cases import LONG_AGO, case_answer, wanted
from observability.casetrace.wire.taken import facts
from services.chassis.envelope import Envelope
from services.chassis.moments import moment
from tests.unit.casetrace.samples import CASE, CENTRE, KITCHENS, RUBBISH, at, course, effect, event_id
from tests.unit.fakes import NOW

TRACE, OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d"


def envelope(**more: Any) -> Envelope:
    plain: dict[str, Any] = {
        "id": event_id(1),
        "type": "egov.grid.v1.IncidentFiled",
        "source": "/egov/grid",
        "time": NOW,
        "key": "k",
    }
    return Envelope(**plain | {"version": 1, "case_number": CASE} | more)


def test_an_envelope_becomes_a_fact_of_its_case() -> None:
    said = {"holder": CENTRE, "case_phase": "opens", "subject_type": RUBBISH}
    (fact,) = facts([envelope(traceparent=f"00-{TRACE}-b7ad6b7169203331-01", **said)])
    assert (fact.service, fact.trace_id) == ("grid", TRACE)
    assert (fact.holder, fact.phase, fact.subject_type) == (CENTRE, "opens", RUBBISH)


def test_what_names_no_case_is_passed_over() -> None:
    assert facts([envelope(case_number=None), envelope(case_number="a person's name")]) == []


@pytest.mark.parametrize(
    ("seconds", "since"),
    [(3600, NOW - timedelta(hours=1)), (-1, NOW), (-315_576_000_000, NOW), (315_576_000_000, LONG_AGO)],
)
def test_a_time_without_events_may_be_as_long_as_a_duration_can_be(seconds: int, since: datetime) -> None:
    request = pb.SearchCasesRequest(stuck_for=Duration(seconds=seconds))
    assert wanted(request, "37", NOW).quiet_since == since


def test_filters_are_what_the_caller_sets() -> None:
    plain = wanted(pb.SearchCasesRequest(), "3711", NOW)
    assert (plain.bound, plain.holder, plain.is_open, plain.quiet_since, plain.overdue_at) == (
        "3711",
        "",
        None,
        None,
        None,
    )
    request = pb.SearchCasesRequest(
        department="371102-SCJG", region="371100", state=cases_pb2.CASE_STATE_CLOSED, overdue=True,
        stuck_for=Duration(seconds=3600),
    )  # fmt: skip
    set_all = wanted(request, "37", NOW)
    assert (set_all.holder, set_all.region, set_all.is_open) == (KITCHENS, "3711", False)
    assert (set_all.quiet_since, set_all.overdue_at) == (NOW - timedelta(hours=1), NOW)


def test_the_answer_tells_all_and_what_is_missing() -> None:
    told = [replace(course()[0], trace_id=TRACE), course()[1]]
    waits = effect(course()[0].id, "retrying", reason="NOT_HERE", attempts=3, due_at=at(2))
    sources = [Source("grid", "", at(1)), Source("inspection", "", None)]
    linked = [LinkedCase("371102-20261123-2000428-V", "concerns", "x")]
    failure = Failure(at(1), OTHER_TRACE, "b7ad6b7169203331", "grid", "M", "ABORTED", "STALE_VERSION", 12.5, CASE)
    known = {OTHER_TRACE: (3, at(0))}
    answer = case_answer(case_of(told), told, {told[0].id: [waits]}, [], linked, [failure], known, sources, at(1))
    assert (answer.case.holder, answer.case.state) == (KITCHENS, cases_pb2.CASE_STATE_OPEN)
    assert answer.case.clock_used == 0.0 and answer.case.HasField("clock_used")
    assert (answer.held[0].holder, answer.held[0].time.ToTimedelta()) == (CENTRE, timedelta(hours=1))
    (shown,) = answer.events[0].effects
    assert (shown.reason, shown.attempts, moment(shown.due_at)) == ("NOT_HERE", 3, at(2))
    assert [(gap.kind, gap.service) for gap in answer.gaps] == [
        (cases_pb2.GAP_KIND_EFFECTS, "inspection"), (cases_pb2.GAP_KIND_SPANS, ""),
    ]  # fmt: skip
    (call,) = answer.failed_calls
    assert (call.reason, call.time.ToTimedelta(), call.trace_id) == (
        "STALE_VERSION", timedelta(milliseconds=12.5), OTHER_TRACE,
    )  # fmt: skip
    assert [(each.trace_id, each.spans) for each in answer.traces] == [(TRACE, 0), (OTHER_TRACE, 3)]
    late = case_answer(case_of(told[1:]), told[1:], {}, [], [], [], {}, [], at(1))
    assert [gap.kind for gap in late.gaps] == [cases_pb2.GAP_KIND_OPENING]
