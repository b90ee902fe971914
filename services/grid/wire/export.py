"""Exports: incidents as lines of CSV or features of GeoJSON. Codes, times and places, no free text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from egov.grid.v1 import export_pb2

from services.grid.domain.search import Line
from services.kernel.paging import Page, PageRequest, instant, read_position

MOST = 1_000
COLUMNS = Line._fields[:-1]
"""All but the position, which each format writes in its own way."""


def _facts(line: Line) -> list[str]:
    return [_text(each) for each in line[:-1]]


def _text(said: Any) -> str:
    if isinstance(said, datetime):
        return said.isoformat(timespec="seconds")
    return "" if said is None else str(said)


def _as_csv(lines: Iterable[Line]) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*COLUMNS, "latitude", "longitude"])
    writer.writerows([*_facts(each), *(each.position or ("", ""))] for each in lines)
    return written.getvalue()


def _as_geojson(lines: Iterable[Line]) -> str:
    features = [
        {"type": "Feature", "geometry": _point(each), "properties": dict(zip(COLUMNS, _facts(each), strict=True))}
        for each in lines
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _point(line: Line) -> dict[str, Any] | None:
    if line.position is None:
        return None
    return {"type": "Point", "coordinates": [line.position.longitude, line.position.latitude]}


def export_page(message: export_pb2.ExportIncidentsRequest) -> PageRequest:
    """Which part of what is found."""
    return PageRequest(MOST, read_position(message.page_token, instant, UUID, field="page_token"))


def export_message(page: Page[Line], format: int, *, public_only: bool) -> export_pb2.ExportIncidentsResponse:
    """An export, for an answer to whoever searched; `public_only`: for anyone."""
    media_type, written = FORMATS[format]
    return export_pb2.ExportIncidentsResponse(
        content=written(each.for_anyone() if public_only else each for each in page.rows),
        media_type=media_type,
        count=len(page.rows),
        truncated=bool(page.next_token),
        next_page_token=page.next_token,
    )


FORMATS: dict[int, tuple[str, Callable[[Iterable[Line]], str]]] = {
    export_pb2.EXPORT_FORMAT_CSV: ("text/csv; charset=utf-8", _as_csv),
    export_pb2.EXPORT_FORMAT_GEOJSON: ("application/geo+json", _as_geojson),
}
