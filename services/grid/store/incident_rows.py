"""The table of incidents, and an incident as a row of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.grid.domain.catalogue import Urgency
from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.places import Position
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.reports import Report, Source
from services.grid.domain.standing import Main
from services.grid.domain.states import ClosingOutcome, HandlingOutcome, ReturnReason, Satisfaction
from services.grid.store.clocks import asked_in, asked_out, clocks_in, clocks_out
from services.grid.store.courses import course_in, course_out
from services.grid.store.records import (
    intake_in,
    intake_out,
    last_step_in,
    last_step_out,
    outside_in,
    outside_out,
    proofs_in,
    proofs_out,
    supervision_in,
    supervision_out,
)
from services.grid.store.stages import state_in, state_out
from services.kernel.coordinates import Point
from services.kernel.parties import Party
from services.kernel.worktime.terms import Limit, Unit

_MOMENT = sa.DateTime(timezone=True)

INCIDENT = sa.Table(
    "incident",
    sa.MetaData(),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_number", sa.Text),
    sa.Column("version", sa.BigInteger),
    sa.Column("state", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("department", sa.Text),
    sa.Column("type_standard", sa.Text),
    sa.Column("type_kind", sa.Text),
    sa.Column("type_code", sa.Text),
    sa.Column("description", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("seen_at", _MOMENT),
    sa.Column("reporter_kind", sa.Text),
    sa.Column("reporter_id", sa.Text),
    sa.Column("reporter_citizen_number", sa.Text),
    sa.Column("enterprise_code", sa.Text),
    sa.Column("enterprise_code_doubtful", sa.Boolean),
    sa.Column("reference", sa.Text),
    sa.Column("filed_at", _MOMENT),
    sa.Column("dispatched_at", _MOMENT),
    sa.Column("handle_by", _MOMENT),
    sa.Column("dispatch_reason", sa.Text),
    sa.Column("closed_at", _MOMENT),
    sa.Column("closing_outcome", sa.Text),
    sa.Column("closing_reason", sa.Text),
    sa.Column("deadline", _MOMENT),
    sa.Column("escalation_level", sa.Text),
    sa.Column("handle_within_hours", sa.Integer),
    sa.Column("returned_by", sa.Text),
    sa.Column("return_reason", sa.Text),
    sa.Column("accepted_at", _MOMENT),
    sa.Column("inspection_id", sa.Uuid),
    sa.Column("handled_at", _MOMENT),
    sa.Column("handling_outcome", sa.Text),
    sa.Column("verified_at", _MOMENT),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("accuracy_m", sa.Double),
    sa.Column("handle_unit", sa.Text),
    sa.Column("clocks", JSONB),
    sa.Column("stage", sa.Text),
    sa.Column("returns", sa.Integer),
    sa.Column("coordinator", sa.Text),
    sa.Column("asked", JSONB(none_as_null=True)),
    sa.Column("refusal_reason", sa.Text),
    sa.Column("review_at", _MOMENT),
    sa.Column("hold_reason", sa.Text),
    sa.Column("main_id", sa.Uuid),
    sa.Column("main_case_number", sa.Text),
    sa.Column("satisfaction", sa.Text),
    sa.Column("handling", JSONB(none_as_null=True)),
    sa.Column("source", sa.Text),
    sa.Column("reported_evidence", JSONB),
    sa.Column("evidence", JSONB),
    sa.Column("intake", JSONB(none_as_null=True)),
    sa.Column("outside", JSONB(none_as_null=True)),
    sa.Column("reply", sa.Text),
    sa.Column("captured_at", _MOMENT),
    sa.Column("supervision", JSONB(none_as_null=True)),
    sa.Column("said_urgency", sa.Text),
    sa.Column("last_step", JSONB(none_as_null=True)),
)
COLUMNS = ", ".join(f"incident.{column.name}" for column in INCIDENT.c)
"""For statements that are written out. `*` would be another row when the next release adds a column meanwhile."""


def incident_row(incident: Incident) -> dict[str, Any]:
    """An incident as a row."""
    report = incident.report
    return {
        "id": incident.id,
        "case_number": incident.case_number,
        "version": incident.version,
        **state_out(incident.state),
        "region": report.region,
        "owner": incident.owner,
        "department": incident.department,
        "type_standard": report.type.standard,
        "type_kind": report.type.kind.value,
        "type_code": report.type.code,
        "description": report.description,
        "address": report.address,
        "seen_at": report.seen_at,
        "reporter_kind": incident.reporter.kind,
        "reporter_id": incident.reporter.id,
        "reporter_citizen_number": report.reporter_citizen_number,
        "enterprise_code": report.enterprise_code,
        "enterprise_code_doubtful": incident.enterprise_code_doubtful,
        "reference": report.reference,
        "filed_at": incident.filed_at,
        "dispatched_at": incident.dispatched_at,
        "handle_by": incident.handle_by,
        "dispatch_reason": incident.dispatch_reason,
        "closed_at": incident.closed_at,
        "closing_outcome": _code(incident.closing_outcome),
        "closing_reason": incident.closing_reason,
        "deadline": incident.deadline,
        "escalation_level": incident.level.value,
        "handle_within_hours": incident.handle_within and int(incident.handle_within.amount),
        "handle_unit": (incident.handle_within.unit if incident.handle_within else Unit.CLOCK_HOUR).value,
        "returned_by": incident.returned_by,
        "return_reason": _code(incident.return_reason),
        "accepted_at": incident.accepted_at,
        "inspection_id": incident.inspection_id,
        "handled_at": incident.handled_at,
        "handling_outcome": _code(incident.handling_outcome),
        "verified_at": incident.verified_at,
        **_position_values(report.position),
        "clocks": clocks_out(incident.clocks),
        "returns": incident.returns,
        "coordinator": incident.coordinator,
        "asked": asked_out(incident.asked),
        "refusal_reason": incident.refusal_reason,
        "review_at": incident.review_at,
        "hold_reason": incident.hold_reason,
        "main_id": incident.main.id if incident.main else None,
        "main_case_number": incident.main.case_number if incident.main else "",
        "satisfaction": _code(incident.satisfaction),
        "handling": course_out(incident.course, incident.dispatched_at),
        "source": report.source.value,
        "reported_evidence": proofs_out(report.evidence),
        "evidence": proofs_out(incident.evidence),
        "intake": intake_out(incident.intake),
        "outside": outside_out(incident.outside),
        "reply": incident.reply,
        "captured_at": report.captured_at,
        "supervision": supervision_out(incident.supervision),
        "said_urgency": incident.urgency.value,
        "last_step": last_step_out(incident.last, incident.version),
    }


def _position_values(position: Position | None) -> dict[str, float | None]:
    if position is None:
        return dict.fromkeys(("latitude", "longitude", "accuracy_m"))
    return {**position.point._asdict(), "accuracy_m": position.accuracy_m}


def _code(each: StrEnum | None) -> str | None:
    return each.value if each else None


def incident_of(row: Mapping[Any, Any]) -> Incident:
    """A row as an incident. A deadline that the release before left behind when it closed says nothing."""
    state, course = state_in(row), course_in(row["handling"], row["dispatched_at"])
    said = Urgency(row["said_urgency"])
    return Incident(
        id=row["id"],
        case_number=row["case_number"],
        version=row["version"],
        state=state,
        report=_report(row),
        reporter=Party(row["reporter_kind"], row["reporter_id"]),
        owner=row["owner"],
        filed_at=row["filed_at"],
        deadline=None if state.ended else row["deadline"],
        level=Level(row["escalation_level"]),
        enterprise_code_doubtful=row["enterprise_code_doubtful"],
        department=row["department"],
        dispatched_at=row["dispatched_at"],
        handle_within=Limit(row["handle_within_hours"], Unit(row["handle_unit"]))
        if row["handle_within_hours"]
        else None,
        handle_by=row["handle_by"],
        dispatch_reason=row["dispatch_reason"],
        returned_by=row["returned_by"],
        return_reason=ReturnReason(row["return_reason"]) if row["return_reason"] else None,
        accepted_at=row["accepted_at"],
        inspection_id=row["inspection_id"],
        handled_at=row["handled_at"],
        handling_outcome=HandlingOutcome(row["handling_outcome"]) if row["handling_outcome"] else None,
        verified_at=row["verified_at"],
        closed_at=row["closed_at"],
        closing_outcome=ClosingOutcome(row["closing_outcome"]) if row["closing_outcome"] else None,
        closing_reason=row["closing_reason"],
        clocks=clocks_in(row["clocks"]),
        # The release before does not count.
        returns=max(row["returns"], 1 if row["returned_by"] else 0),
        coordinator=row["coordinator"],
        asked=asked_in(row["asked"]),
        refusal_reason=row["refusal_reason"],
        review_at=row["review_at"],
        hold_reason=row["hold_reason"],
        main=Main(row["main_id"], row["main_case_number"]) if row["main_id"] else None,
        satisfaction=Satisfaction(row["satisfaction"]) if row["satisfaction"] else None,
        course=course,
        evidence=proofs_in(row["evidence"]),
        intake=intake_in(row["intake"]),
        outside=outside_in(row["outside"]),
        reply=row["reply"],
        # The release before leaves it behind where it closes one.
        supervision=None if state.ended else supervision_in(row["supervision"]),
        # The release before says it with the stages alone.
        urgency=course.present.urgency if course and said is Urgency.NORMAL else said,
        last=last_step_in(row["last_step"], row["version"]),
    )


def _report(row: Mapping[Any, Any]) -> Report:
    return Report(
        type=TypeKey(row["type_standard"], IncidentKind(row["type_kind"]), row["type_code"]),
        region=row["region"],
        description=row["description"],
        seen_at=row["seen_at"],
        captured_at=row["captured_at"],
        address=row["address"],
        reporter_citizen_number=row["reporter_citizen_number"],
        enterprise_code=row["enterprise_code"],
        reference=row["reference"],
        position=_position(row),
        source=Source(row["source"]),
        evidence=proofs_in(row["reported_evidence"]),
    )


def _position(row: Mapping[Any, Any]) -> Position | None:
    if row["latitude"] is None:
        return None
    return Position(Point(row["latitude"], row["longitude"]), row["accuracy_m"])
