"""Exports: incidents as lines of CSV or features of GeoJSON. Codes, times and places, no free text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from egov.grid.v1 import export_pb2

from services.grid.domain.incidents import Incident
from services.kernel.paging import Page, PageRequest, instant, read_position
from services.kernel.parties import Party

MOST = 1_000
COLUMNS = (
    "case_number", "incident_id", "state", "standard", "kind", "type_code", "region", "department", "centre",
    "reference", "enterprise_code", "filed_at", "dispatched_at", "handle_by", "handled_at", "closed_at",
    "closing_outcome", "escalation_level",
)  # fmt: skip


def _facts(incident: Incident) -> dict[str, str]:
    """The columns of an incident."""
    report = incident.report
    facts = (
        incident.case_number,
        str(incident.id),
        incident.state.value,
        report.type.standard,
        report.type.kind.value,
        report.type.code,
        report.region,
        incident.department,
        incident.owner,
        report.reference,
        report.enterprise_code,
        _moment(incident.filed_at),
        _moment(incident.dispatched_at),
        _moment(incident.handle_by),
        _moment(incident.handled_at),
        _moment(incident.closed_at),
        incident.closing_outcome.value if incident.closing_outcome else "",
        incident.level.value,
    )
    return dict(zip(COLUMNS, facts, strict=True))


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _as_csv(incidents: Iterable[Incident]) -> str:
    rows = [(_facts(each), each.report.position) for each in incidents]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow([*COLUMNS, "latitude", "longitude"])
    for facts, position in rows:
        writer.writerow([*facts.values(), *(position.point if position else ("", ""))])
    return lines.getvalue()


def _as_geojson(incidents: Iterable[Incident]) -> str:
    features = [{"type": "Feature", "geometry": _point(each), "properties": _facts(each)} for each in incidents]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _point(incident: Incident) -> dict[str, Any] | None:
    position = incident.report.position
    if position is None:
        return None
    return {"type": "Point", "coordinates": [position.point.longitude, position.point.latitude]}


def export_page(message: export_pb2.ExportIncidentsRequest) -> PageRequest:
    """Which part of what is found."""
    return PageRequest(MOST, read_position(message.page_token, instant, UUID, field="page_token"))


def export_message(
    page: Page[Incident], format: int, department: str | None, party: Party
) -> export_pb2.ExportIncidentsResponse:
    """An export, for an answer to this party, who speaks for this department."""
    return _written([each.shown_to(department, party) for each in page.rows], format, page.next_token)


def public_message(page: Page[Incident], format: int) -> export_pb2.ExportIncidentsResponse:
    """An export for anyone: no exact place, nothing that names an enterprise or leads back to another system."""
    reports = [replace(each.report, position=None, reference="", enterprise_code="") for each in page.rows]
    shown = [replace(each, report=report) for each, report in zip(page.rows, reports, strict=True)]
    return _written(shown, format, page.next_token)


def _written(incidents: list[Incident], format: int, next_token: str) -> export_pb2.ExportIncidentsResponse:
    media_type, written = FORMATS[format]
    return export_pb2.ExportIncidentsResponse(
        content=written(incidents),
        media_type=media_type,
        count=len(incidents),
        truncated=bool(next_token),
        next_page_token=next_token,
    )


FORMATS: dict[int, tuple[str, Callable[[Iterable[Incident]], str]]] = {
    export_pb2.EXPORT_FORMAT_CSV: ("text/csv; charset=utf-8", _as_csv),
    export_pb2.EXPORT_FORMAT_GEOJSON: ("application/geo+json", _as_geojson),
}
