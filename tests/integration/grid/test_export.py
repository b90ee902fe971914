"""What is found, as a file, and as open data."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from egov.grid.v1 import export_pb2, search_pb2

from services.grid.domain.catalogue import Catalogue
from services.grid.domain.incidents import Incident
from services.grid.domain.versions import BEGINNING
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.incidents import IncidentStore
from services.grid.wire import export
from services.kernel.errors import Refusal
from services.kernel.ids import uuid7
from services.kernel.ports import Caller
from tests.integration.grid.desk import Desk
from tests.unit.fakes import NOW, caller
from tests.unit.grid.samples import (
    CENTRE,
    FOOD,
    RUBBISH,
    TYPES,
    VILLAGE,
    incident,
)


def exported(engine: sa.Engine, by: Caller, format: export_pb2.ExportFormat.ValueType) -> str:
    asked = search_pb2.SearchIncidentsRequest(region=VILLAGE)
    request = export_pb2.ExportIncidentsRequest(sought=asked, format=format)
    answer = Desk(engine).call("ExportIncidents", request, export_pb2.ExportIncidentsResponse, by)
    assert (answer.count, answer.truncated) == (3, False)
    return answer.content


def test_what_is_found_is_exported_with_no_free_text_and_positions_for_those_who_are_shown_them(
    kept: list[Incident], engine: sa.Engine
) -> None:
    seat, other = (caller(subject=str(uuid7()), department=each, region="371102") for each in (CENTRE, "371102-SCJG"))
    shown = list(csv.DictReader(io.StringIO(exported(engine, seat, export_pb2.EXPORT_FORMAT_CSV), newline="")))
    assert [each["case_number"] for each in shown] == [kept[each].case_number for each in (0, 1, 3)]
    assert (shown[0]["latitude"], shown[0]["longitude"]) == ("35.4", "119.5045")
    assert not any("垃圾" in value for each in shown for value in each.values())
    features = json.loads(exported(engine, seat, export_pb2.EXPORT_FORMAT_GEOJSON))["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [119.5045, 35.4]}
    assert features[2]["geometry"] is None
    hidden = json.loads(exported(engine, other, export_pb2.EXPORT_FORMAT_GEOJSON))["features"]
    assert [each["geometry"] for each in hidden] == [None] * 3


@pytest.mark.parametrize("format", [export_pb2.EXPORT_FORMAT_CSV, export_pb2.EXPORT_FORMAT_GEOJSON])
def test_all_exports_together_hold_every_incident_once(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, format: export_pb2.ExportFormat.ValueType
) -> None:
    monkeypatch.setattr(export, "MOST", 3)
    made = [incident(at=NOW + timedelta(milliseconds=each // 4)) for each in range(10)]
    with engine.begin() as connection:
        for each in made:
            IncidentStore(connection).add(each)
    found, token, seat = [], "", caller(subject=str(uuid7()), department=CENTRE, region="371102")
    for last in (False, False, False, True):
        request = export_pb2.ExportIncidentsRequest(format=format, page_token=token)
        answer = Desk(engine).call("ExportIncidents", request, export_pb2.ExportIncidentsResponse, seat)
        found += numbers(answer.content)
        token = answer.next_page_token
        assert (answer.truncated, bool(token)) == (not last, not last)
    assert found == [each.case_number for each in sorted(made, key=lambda it: (it.filed_at, it.id), reverse=True)]
    with pytest.raises(Refusal) as refused:
        wrong = export_pb2.ExportIncidentsRequest(format=format, page_token="x")
        Desk(engine).call("ExportIncidents", wrong, export_pb2.ExportIncidentsResponse, seat)
    assert [(each.field, each.rule) for each in refused.value.violations] == [("page_token", "PAGE_TOKEN_INVALID")]


def numbers(content: str) -> list[str]:
    """The case numbers of an export of either format, each a whole file."""
    if content.startswith("{"):
        return [each["properties"]["case_number"] for each in json.loads(content)["features"]]
    return [each["case_number"] for each in csv.DictReader(io.StringIO(content, newline=""))]


def test_open_data_has_public_types_alone_and_no_exact_place(kept: list[Incident], engine: sa.Engine) -> None:
    public = [replace(each, public=each.key == RUBBISH) for each in TYPES]
    hidden = incident(type=FOOD)
    with engine.begin() as connection:
        catalogue = Catalogue(tuple(public), ())
        CatalogueStore(connection).add(catalogue, BEGINNING, NOW)
        IncidentStore(connection).add(hidden)
    seat = caller(subject=str(uuid7()), department=CENTRE, region="371102")
    request = export_pb2.ExportIncidentsRequest(format=export_pb2.EXPORT_FORMAT_CSV, public_only=True)
    answer = Desk(engine).call("ExportIncidents", request, export_pb2.ExportIncidentsResponse, seat)
    rows = list(csv.DictReader(io.StringIO(answer.content, newline="")))
    assert [each["case_number"] for each in rows] == [kept[each].case_number for each in (0, 1, 3)]
    assert {each[name] for each in rows for name in ("latitude", "reference", "enterprise_code")} == {""}
