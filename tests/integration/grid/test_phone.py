"""A phone at the gateway's JSON door: it sends what it noted down, keeps a copy, and asks what waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.client import ApiError, Gateway, TokenSource
from deploy.local.people import People
from tests.integration.grid.test_service import REGION, RUBBISH

BATCH, SYNC, SEARCH = "/v1/incidents:submitBatch", "/v1/incidents:sync", "/v1/incidents:search"
CAPTURED = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")


def noted(**said: Any) -> dict[str, Any]:
    report = {"type": RUBBISH, "region": REGION, "description": "河道边漂着白色泡沫箱", **said}
    return {"itemId": str(uuid4()), "report": report, "capturedAt": CAPTURED}


def synced(gateway: Gateway, door: TokenSource) -> Iterator[dict[str, Any]]:
    token, more = "", True
    while more:
        answer = gateway.get(SYNC, {"token": token, "limit": "200"}, door=door).body
        yield from answer["changes"]
        token, more = answer["nextToken"], answer["more"]


def test_what_it_noted_down_is_filed_once_and_in_its_copy(gateway: Gateway, people: People) -> None:
    items = [noted(), noted(region="371199999999"), noted()]
    first = gateway.post(BATCH, {"items": items}, door=people.citizens).body["results"]
    assert ["filed" in each for each in first] == [True, False, True]
    assert first[1]["refused"]["violations"][0]["field"] == "report.region"
    assert first[0]["filed"]["capturedAt"] == CAPTURED
    assert gateway.post(BATCH, {"items": items[::-1]}, door=people.citizens).body["results"] == first[::-1]
    filed = {each["filed"]["incidentId"] for each in (first[0], first[2])}
    assert filed <= {each["incidentId"] for each in synced(gateway, people.citizens)}


def test_what_waits_is_counted_listed_found_and_exported(gateway: Gateway, people: People) -> None:
    (result,) = gateway.post(BATCH, {"items": [noted()]}, door=people.citizens).body["results"]
    filed, seat = result["filed"], people.seat("371102")
    counts = {each["kind"]: each["count"] for each in gateway.get("/v1/queues", door=seat).body["queues"]}
    assert counts["QUEUE_KIND_TO_DISPATCH"] > 0
    waiting = {"kind": "QUEUE_KIND_TO_DISPATCH", "page.pageSize": "200"}
    listed = gateway.get("/v1/queues:incidents", waiting, door=seat).body["incidents"]
    assert all(each["state"] == "INCIDENT_STATE_FILED" for each in listed)
    found = gateway.get(SEARCH, {"text": "泡沫", "region": REGION}, door=seat).body["incidents"]
    assert filed["caseNumber"] in {each["caseNumber"] for each in found}
    asked = {"sought.text": "泡沫", "format": "EXPORT_FORMAT_GEOJSON"}
    exported = json.loads(gateway.get("/v1/incidents:export", asked, door=seat).body["content"])
    assert filed["caseNumber"] in {each["properties"]["case_number"] for each in exported["features"]}
    public = gateway.get("/v1/incidents:export", {**asked, "publicOnly": "true"}, door=seat).body
    assert filed["caseNumber"] in public["content"], "rubbish is shown publicly in the sample city"


def test_a_token_of_another_caller_is_no_good(gateway: Gateway, people: People) -> None:
    token = gateway.get(SYNC, door=people.citizens).body["nextToken"]
    with pytest.raises(ApiError) as refused:
        gateway.get(SYNC, {"token": token}, door=people.seat("371102"))
    assert (refused.value.http_status, refused.value.reason) == (400, "SYNC_START_OVER")
