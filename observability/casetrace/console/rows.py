"""A case as one row of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from egov.casetrace.v1 import cases_pb2

from observability.casetrace.console.clock import Clock, clock_of
from observability.casetrace.console.naming import Naming
from services.chassis.moments import moment, moment_in


@dataclass(frozen=True, slots=True)
class Row:
    """What a list tells of a case. `marks`: what is wrong, as (kind, how many)."""

    number: str
    what: str
    holder: str
    held_since: datetime | None
    region: str
    clock: Clock | None
    closed_at: datetime | None
    last_event: str
    last_at: datetime
    marks: tuple[tuple[str, int], ...]


def row_of(case: cases_pb2.Case, naming: Naming) -> Row:
    """The row of a case."""
    troubles = (("parked", case.parked_effects), ("retried", case.retried_effects), ("refused", case.refused_effects))
    return Row(
        number=case.case_number,
        what=naming.case(case.case_number, case.subject_type),
        holder=naming.holder(case.holder),
        held_since=moment_in(case, "held_since"),
        region=naming.region(case.region),
        clock=clock_of(case),
        closed_at=moment_in(case, "closed_at"),
        last_event=naming.event(case.last_event_type),
        last_at=moment(case.last_event_at),
        marks=tuple((kind, count) for kind, count in troubles if count),
    )
