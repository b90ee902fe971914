"""The sample case as the case trace answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from egov.casetrace.v1 import casetrace_service_pb2 as pb

from observability.casetrace.console.naming import Naming
from observability.casetrace.console.words import Words
from observability.casetrace.domain.cases import case_of
from observability.casetrace.domain.effects import Effect, Taker
from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.names import CodeName, Directory
from observability.casetrace.wire.cases import case_answer
from tests.unit.casetrace.samples import INSPECTION, at, course

SIXTH_HOUR = at(6)

NAMES = (
    CodeName("371102", "东港区", ""),
    CodeName("371102-ZHZX", "东港区网格中心", "Donggang Grid Centre"),
    CodeName("371102-SCJG", "东港区市场监督管理局", "Donggang Market Supervision"),
)
DIRECTORY = Directory({each.code: each for each in NAMES})
ENGLISH = Naming(DIRECTORY, Words("en"))


def answer(
    facts: Sequence[Fact] = (),
    effects: Sequence[Effect] = (),
    takers: Sequence[Taker] = (),
    now: datetime = SIXTH_HOUR,
) -> pb.GetCaseResponse:
    """The sample case, up to its sixth hour unless facts are given."""
    told = [_of_its_service(each) for each in facts or course() if each.at <= now]
    by_event = {each.id: [effect for effect in effects if effect.event_id == each.id] for each in told}
    return case_answer(case_of(told), told, by_event, takers, [], [], {}, [], now)


def _of_its_service(fact: Fact) -> Fact:
    """The sample's events all say that they are grid's; a title needs the true name."""
    return replace(fact, type=fact.type.replace("grid", "inspection")) if fact.aggregate_id == INSPECTION else fact
