"""The table of incidents, and how they are read from and kept in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.grid.domain.deadlines import Level
from services.grid.domain.incidents import Incident
from services.grid.domain.places import Position
from services.grid.domain.reference import IncidentKind, TypeKey
from services.grid.domain.reports import Report, Source
from services.grid.domain.standing import Main
from services.grid.domain.states import ClosingOutcome, HandlingOutcome, IncidentState, ReturnReason, Satisfaction
from services.grid.store.clocks import asked_in, asked_out, clocks_in, clocks_out
from services.grid.store.courses import course_in, course_out
from services.grid.store.records import intake_in, intake_out, outside_in, outside_out, proofs_in, proofs_out
from services.grid.store.stages import TRUE_STATE, in_state, state_in, state_out
from services.kernel.coordinates import Point
from services.kernel.errors import not_found
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.kernel.regions import scope_prefix
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
)
COLUMNS = ", ".join(f"incident.{column.name}" for column in INCIDENT.c)
"""For statements that are written out. `*` would be another row when the next release adds a column meanwhile."""
# The chassis's table of what is due.
_DUE = sa.table("due", sa.column("name"), sa.column("key"), schema="chassis")
_LOAD = sa.select(INCIDENT).where(
    INCIDENT.c.id == sa.bindparam("incident_id"), INCIDENT.c.region.like(sa.bindparam("bound"))
)
_LOAD_OWN = _LOAD.where(
    INCIDENT.c.reporter_kind == sa.bindparam("kind"), INCIDENT.c.reporter_id == sa.bindparam("party_id")
)
_LOAD_MAIN = _LOAD.with_for_update(read=True)
_DUPLICATES = sa.select(INCIDENT.c.id).where(
    INCIDENT.c.main_id == sa.bindparam("main_id"), INCIDENT.c.state != sa.literal_column("'CLOSED'")
)
_CLOSED_DUPLICATES = sa.select(INCIDENT.c.id).where(
    INCIDENT.c.main_id == sa.bindparam("main_id"), sa.text(in_state(IncidentState.CLOSED))
)
_NOW = sa.select(INCIDENT).where(INCIDENT.c.id == sa.bindparam("incident_id"))
_SAVE = sa.update(INCIDENT).where(
    INCIDENT.c.id == sa.bindparam("incident_id"), INCIDENT.c.version == sa.bindparam("seen")
)
_OPEN = sa.select(INCIDENT).where(INCIDENT.c.state != sa.literal_column("'CLOSED'"))
_MAIN = INCIDENT.alias("main")
_FOLLOWS = sa.and_(
    sa.literal_column(TRUE_STATE) == sa.literal_column("'MERGED'"),
    sa.exists().where(_MAIN.c.id == INCIDENT.c.main_id, _MAIN.c.state != sa.literal_column("'CLOSED'")),
)
_UNWATCHED = (
    _OPEN.where(~sa.exists().where(_DUE.c.name == sa.bindparam("timer"), _DUE.c.key == sa.cast(INCIDENT.c.id, sa.Text)))
    .where(~_FOLLOWS)
    .limit(1)
    .with_for_update(skip_locked=True, of=INCIDENT)
)
_UNHELD = _OPEN.where(INCIDENT.c.owner == "").limit(1).with_for_update(skip_locked=True)
_NEWEST_FIRST = sa.select(INCIDENT).order_by(INCIDENT.c.filed_at.desc(), INCIDENT.c.id.desc())


class IncidentStore:
    """Incidents over one connection. `bound` is the region prefix that the caller works in."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, incident: Incident) -> None:
        """Keep a new incident."""
        self._connection.execute(sa.insert(INCIDENT), _row(incident))

    def load(self, incident_id: UUID, bound: str) -> Incident:
        """Read one; Refusal INCIDENT_NOT_FOUND, also when it lies outside `bound`."""
        return self._only(_LOAD, {"incident_id": incident_id, "bound": f"{bound}%"})

    def show(self, incident_id: UUID, bound: str, reported_by: Party | None) -> Incident:
        """Read one as `load` does; of somebody else's report than `reported_by` there is none. None: anybody's."""
        wanted = {"incident_id": incident_id, "bound": f"{bound}%"}
        if reported_by is None:
            return self._only(_LOAD, wanted)
        return self._only(_LOAD_OWN, wanted | {"kind": reported_by.kind, "party_id": reported_by.id})

    def load_main(self, incident_id: UUID, bound: str) -> Incident:
        """Read one as `load` does, and let nobody change it until the end."""
        return self._only(_LOAD_MAIN, {"incident_id": incident_id, "bound": f"{bound}%"})

    def duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The open incidents that were merged into it."""
        return self._connection.execute(_DUPLICATES, {"main_id": main_id}).scalars().all()

    def closed_duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The incidents that were closed as duplicates of it."""
        return self._connection.execute(_CLOSED_DUPLICATES, {"main_id": main_id}).scalars().all()

    def save(self, incident: Incident) -> None:
        """Keep a changed incident; Refusal STALE_VERSION, with what it is now, when someone else was faster."""
        row = _row(incident)
        found = {"incident_id": row.pop("id"), "seen": incident.version - 1}
        if self._connection.execute(_SAVE, row | found).rowcount == 0:
            raise self._only(_NOW, {"incident_id": incident.id}).stale()

    def unwatched(self, timer: str) -> Incident | None:
        """An open incident that is not due by this name, locked until the end; None when there is none to be had.

        A duplicate is not meant whose main incident is open: it is looked at when that ends.
        """
        found = self._connection.execute(_UNWATCHED, {"timer": timer}).mappings().first()
        return incident_of(found) if found else None

    def unheld(self) -> Incident | None:
        """An open incident that nobody answers for, locked until the end; None when there is none to be had."""
        found = self._connection.execute(_UNHELD).mappings().first()
        return incident_of(found) if found else None

    def search(
        self,
        bound: str,
        page: PageRequest,
        *,
        reported_by: Party | None = None,
        state: IncidentState | None = None,
        region: str = "",
        case_number: str = "",
    ) -> Page[Incident]:
        """Incidents inside `bound`, newest first; None and empty filters let everything pass."""
        wanted = _NEWEST_FIRST.where(INCIDENT.c.region.like(f"{bound}%"))
        if reported_by:
            kind, party_id = reported_by
            wanted = wanted.where(INCIDENT.c.reporter_kind == kind, INCIDENT.c.reporter_id == party_id)
        if state:
            wanted = wanted.where(sa.text(in_state(state)))
        if region:
            wanted = wanted.where(INCIDENT.c.region.like(f"{scope_prefix(region)}%"))
        if case_number:
            wanted = wanted.where(INCIDENT.c.case_number == case_number)
        if page.after:
            wanted = wanted.where(sa.tuple_(INCIDENT.c.filed_at, INCIDENT.c.id) < page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings()
        return page.cut([incident_of(row) for row in rows], key=lambda incident: (incident.filed_at, incident.id))

    def _only(self, statement: sa.Select[Any], given: Mapping[str, Any]) -> Incident:
        found = self._connection.execute(statement, given).mappings().first()
        if found is None:
            raise not_found("INCIDENT_NOT_FOUND")
        return incident_of(found)


def _row(incident: Incident) -> dict[str, Any]:
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
    }


def _position_values(position: Position | None) -> dict[str, float | None]:
    if position is None:
        return dict.fromkeys(("latitude", "longitude", "accuracy_m"))
    return {**position.point._asdict(), "accuracy_m": position.accuracy_m}


def _code(each: StrEnum | None) -> str | None:
    return each.value if each else None


def incident_of(row: Mapping[Any, Any]) -> Incident:
    """A row as an incident. A deadline that the release before left behind when it closed says nothing."""
    state = state_in(row)
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
        course=course_in(row["handling"], row["dispatched_at"]),
        evidence=proofs_in(row["evidence"]),
        intake=intake_in(row["intake"]),
        outside=outside_in(row["outside"]),
        reply=row["reply"],
    )


def _report(row: Mapping[Any, Any]) -> Report:
    return Report(
        type=TypeKey(row["type_standard"], IncidentKind(row["type_kind"]), row["type_code"]),
        region=row["region"],
        description=row["description"],
        seen_at=row["seen_at"],
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
