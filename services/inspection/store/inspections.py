"""The tables of inspections, their findings and refused effects, and how they are read from and kept in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.inspection.domain.inspections import Finding, Inspection, InspectionOutcome, RefusedEffect
from services.inspection.domain.reference import Gravity
from services.inspection.domain.transitions import InspectionState
from services.kernel.errors import conflict, not_found
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party

_MOMENT = sa.DateTime(timezone=True)
_TABLES = sa.MetaData()

INSPECTION = sa.Table(
    "inspection",
    _TABLES,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_number", sa.Text),
    sa.Column("version", sa.BigInteger),
    sa.Column("state", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("enterprise_code", sa.Text),
    sa.Column("opened_at", _MOMENT),
    sa.Column("incident_id", sa.Uuid),
    sa.Column("reporter_kind", sa.Text),
    sa.Column("reporter_id", sa.Text),
    sa.Column("officers", ARRAY(sa.Text)),
    sa.Column("rectify_by", _MOMENT),
    sa.Column("closed_at", _MOMENT),
    sa.Column("outcome", sa.Text),
)
FINDING = sa.Table(
    "finding",
    _TABLES,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("inspection_id", sa.Uuid),
    sa.Column("item_code", sa.Text),
    sa.Column("gravity", sa.Text),
    sa.Column("certificate_type", sa.Text),
    sa.Column("officer", sa.Text),
    sa.Column("recorded_at", _MOMENT),
)
REFUSED = sa.Table(
    "refused_effect",
    _TABLES,
    sa.Column("inspection_id", sa.Uuid, primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Uuid, primary_key=True),
    sa.Column("reason", sa.Text),
)

_LOAD = sa.select(INSPECTION).where(
    INSPECTION.c.id == sa.bindparam("inspection_id"), INSPECTION.c.region.like(sa.bindparam("bound"))
)
_SAVE = sa.update(INSPECTION).where(
    INSPECTION.c.id == sa.bindparam("inspection_id"), INSPECTION.c.version == sa.bindparam("seen")
)
_NEWEST_FIRST = sa.select(INSPECTION).order_by(INSPECTION.c.opened_at.desc(), INSPECTION.c.id.desc())
_OPEN_FOR = sa.select(INSPECTION.c.id).where(
    INSPECTION.c.incident_id == sa.bindparam("incident_id"),
    INSPECTION.c.owner == sa.bindparam("department"),
    INSPECTION.c.state != InspectionState.CLOSED.value,
)
_NEWEST_OF_CASE = (
    _NEWEST_FIRST.with_only_columns(INSPECTION.c.id).where(INSPECTION.c.case_number == sa.bindparam("case")).limit(1)
)
_ADD_FINDINGS = insert(FINDING).on_conflict_do_nothing()
_FINDINGS_OF = (
    sa.select(FINDING)
    .where(FINDING.c.inspection_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(FINDING.c.recorded_at, FINDING.c.id)
)
_KEEP_REFUSED = insert(REFUSED).on_conflict_do_nothing()
_REFUSED_OF = (
    sa.select(REFUSED)
    .where(REFUSED.c.inspection_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(REFUSED.c.event_id, REFUSED.c.service)
)


class InspectionStore:
    """Inspections over one connection. `bound` is the region prefix that the caller works in."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, inspection: Inspection) -> None:
        """Keep a new inspection."""
        self._connection.execute(sa.insert(INSPECTION), _row(inspection))

    def load(self, inspection_id: UUID, bound: str) -> Inspection:
        """Read one; Refusal INSPECTION_NOT_FOUND, also when it lies outside `bound`."""
        given = {"inspection_id": inspection_id, "bound": f"{bound}%"}
        found = self._whole(self._connection.execute(_LOAD, given).mappings().all())
        if not found:
            raise not_found("INSPECTION_NOT_FOUND")
        return found[0]

    def save(self, inspection: Inspection) -> None:
        """Keep a changed inspection; Refusal STALE_VERSION when someone else was faster."""
        row = _row(inspection)
        found = {"inspection_id": row.pop("id"), "seen": inspection.version - 1}
        if self._connection.execute(_SAVE, row | found).rowcount == 0:
            raise conflict("STALE_VERSION")
        if inspection.findings:
            self._connection.execute(_ADD_FINDINGS, [_finding_row(inspection.id, each) for each in inspection.findings])

    def is_open_for(self, incident_id: UUID, department: str) -> bool:
        """Whether this department inspects because of this incident already."""
        given = {"incident_id": incident_id, "department": department}
        return self._connection.execute(_OPEN_FOR, given).first() is not None

    def keep_refused_effect(self, case_number: str, effect: RefusedEffect) -> None:
        """Keep it with the newest inspection of the case, once; Refusal INSPECTION_NOT_FOUND when there is none."""
        inspection_id = self._connection.execute(_NEWEST_OF_CASE, {"case": case_number}).scalar()
        if inspection_id is None:
            raise not_found("INSPECTION_NOT_FOUND")
        kept = {"service": effect.service, "event_id": effect.event_id, "reason": effect.reason}
        self._connection.execute(_KEEP_REFUSED, {"inspection_id": inspection_id, **kept})

    def search(
        self,
        bound: str,
        page: PageRequest,
        *,
        state: InspectionState | None = None,
        department: str = "",
        case_number: str = "",
        incident_id: UUID | None = None,
    ) -> Page[Inspection]:
        """Inspections inside `bound`, newest first; None and empty filters let everything pass."""
        wanted = _NEWEST_FIRST.where(INSPECTION.c.region.like(f"{bound}%"))
        if state:
            wanted = wanted.where(INSPECTION.c.state == state.value)
        if department:
            wanted = wanted.where(INSPECTION.c.owner == department)
        if case_number:
            wanted = wanted.where(INSPECTION.c.case_number == case_number)
        if incident_id:
            wanted = wanted.where(INSPECTION.c.incident_id == incident_id)
        if page.after:
            wanted = wanted.where(sa.tuple_(INSPECTION.c.opened_at, INSPECTION.c.id) < page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings().all()
        return page.cut(self._whole(rows), key=lambda inspection: (inspection.opened_at, inspection.id))

    def _whole(self, rows: Sequence[Mapping[Any, Any]]) -> list[Inspection]:
        """Rows as inspections, with all that hangs on them."""
        if not rows:
            return []
        ids = {"ids": [row["id"] for row in rows]}
        findings: dict[UUID, list[Finding]] = defaultdict(list)
        for each in self._connection.execute(_FINDINGS_OF, ids).mappings():
            findings[each["inspection_id"]].append(_finding(each))
        refused: dict[UUID, list[RefusedEffect]] = defaultdict(list)
        for each in self._connection.execute(_REFUSED_OF, ids).mappings():
            refused[each["inspection_id"]].append(RefusedEffect(each["service"], each["event_id"], each["reason"]))
        return [_inspection(row, findings[row["id"]], refused[row["id"]]) for row in rows]


def _row(inspection: Inspection) -> dict[str, Any]:
    """An inspection as a row. The department that inspects owns it."""
    reporter = inspection.reporter or Party("", "")
    return {
        "id": inspection.id,
        "case_number": inspection.case_number,
        "version": inspection.version,
        "state": inspection.state.value,
        "region": inspection.region,
        "owner": inspection.department,
        "enterprise_code": inspection.enterprise_code,
        "opened_at": inspection.opened_at,
        "incident_id": inspection.incident_id,
        "reporter_kind": reporter.kind,
        "reporter_id": reporter.id,
        "officers": list(inspection.officers),
        "rectify_by": inspection.rectify_by,
        "closed_at": inspection.closed_at,
        "outcome": inspection.outcome.value if inspection.outcome else None,
    }


def _finding_row(inspection_id: UUID, finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "inspection_id": inspection_id,
        "item_code": finding.item_code,
        "gravity": finding.gravity.name,
        "certificate_type": finding.certificate_type,
        "officer": finding.officer,
        "recorded_at": finding.recorded_at,
    }


def _inspection(row: Mapping[Any, Any], findings: list[Finding], refused: list[RefusedEffect]) -> Inspection:
    """A row as an inspection."""
    return Inspection(
        id=row["id"],
        case_number=row["case_number"],
        version=row["version"],
        state=InspectionState(row["state"]),
        region=row["region"],
        department=row["owner"],
        enterprise_code=row["enterprise_code"],
        opened_at=row["opened_at"],
        incident_id=row["incident_id"],
        reporter=Party(row["reporter_kind"], row["reporter_id"]) if row["reporter_kind"] else None,
        officers=tuple(row["officers"]),
        findings=tuple(findings),
        rectify_by=row["rectify_by"],
        refused_effects=tuple(refused),
        closed_at=row["closed_at"],
        outcome=InspectionOutcome(row["outcome"]) if row["outcome"] else None,
    )


def _finding(row: Mapping[Any, Any]) -> Finding:
    return Finding(
        id=row["id"],
        item_code=row["item_code"],
        gravity=Gravity[row["gravity"]],
        certificate_type=row["certificate_type"],
        officer=row["officer"],
        recorded_at=row["recorded_at"],
    )
