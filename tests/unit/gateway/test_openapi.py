"""OpenAPI: valid, whole, and its examples keep its own rules."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from gateway import contract as contracts
from gateway.catalogue.model import Book
from gateway.catalogue.openapi import document
from gateway.catalogue.page import Page, example
from gateway.catalogue.samples import matching

BOOK = Book.of(contracts.load())
DOCUMENT = document(BOOK)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, operation) for path, verbs in DOCUMENT["paths"].items() for verb, operation in verbs.items()]


def test_it_is_valid() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_outward_method_and_no_other_is_in_it() -> None:
    assert {operation["x-egov-rpc"] for *_, operation in operations()} == {
        method.full_name for method in BOOK.contract.outward if method.bindings
    }


def test_changes_need_a_key_and_reads_do_not() -> None:
    reads = {method.full_name for method in BOOK.contract.outward if method.read_only}
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    for *_, operation in operations():
        assert (key in operation["parameters"]) == (operation["x-egov-rpc"] not in reads)


def test_scopes_and_anonymous_methods() -> None:
    paths = DOCUMENT["paths"]
    assert paths["/v1/incidents"]["post"]["security"] == [{"token": ["grid.incidents.file"]}]
    assert paths["/v1/incidentTypes"]["get"]["security"] == [{}]


def test_field_rules_are_constraints() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    report = schemas["egov.grid.v1.Report"]
    assert report["properties"]["description"]["maxLength"] == 2000
    assert report["properties"]["description"]["x-egov-personal"] is True
    assert report["properties"]["reference"]["pattern"] == "^(?:[A-Za-z0-9._:/-]*)?$"
    assert set(report["required"]) == {"type", "description"}
    said = {"required": ["region"], "properties": {"region": {"minLength": 1}}}
    assert report["allOf"] == [{"anyOf": [said, {"required": ["position"]}]}]
    position = schemas["egov.grid.v1.Position"]
    assert (position["properties"]["latitude"]["minimum"], position["properties"]["latitude"]["maximum"]) == (-90, 90)
    assert set(position["required"]) == {"latitude", "longitude", "system"}
    assert report["additionalProperties"] is False
    close = schemas["egov.grid.v1.CloseIncidentRequest"]
    assert "incidentId" not in close["properties"]
    assert close["properties"]["outcome"]["not"] == {"const": "CLOSING_OUTCOME_UNSPECIFIED"}
    assert schemas["egov.grid.v1.IncidentState"]["enum"][1] == "INCIDENT_STATE_FILED"
    parameters = {each.get("name"): each for each in DOCUMENT["paths"]["/v1/incidents"]["get"]["parameters"]}
    assert parameters["page.pageSize"]["schema"]["maximum"] == 200


def test_what_a_request_may_hold_is_no_promise_about_answers() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["egov.identity.v1.RegisterMemberRequest"]["properties"]["departments"]["maxItems"] == 50
    # A page may have up to 200 rows.
    assert "maxItems" not in schemas["egov.grid.v1.ListIncidentTypesResponse"]["properties"]["types"]
    assert "maxLength" not in schemas["egov.grid.v1.IncidentType"]["properties"]["name"]


def test_everything_is_described() -> None:
    for path, verb, operation in operations():
        assert operation["summary"], (path, verb)
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for field, inner in schema.get("properties", {}).items():
            assert inner.get("description"), f"{name}.{field}"


def test_examples_keep_the_rules() -> None:
    count = 0
    for path, verb, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = {**content["schema"], "components": DOCUMENT["components"]}
            problems = list(OAS31Validator(schema).iter_errors(content["example"]))
            assert not problems, (path, verb, problems)
            count += 1
    assert count >= 6


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{5}",
        "[0-9]{12}([0-9]{3})?",
        "[a-z][a-z0-9-]{2,39}",
        "[a-z]+(\\.[a-z]+){1,3}",
        "[A-Za-z0-9_-]{43}",
        "(zh-CN|en)",
    ],
)
def test_texts_that_match(pattern: str) -> None:
    assert re.fullmatch(pattern, matching(pattern))


def test_pages_escape_what_they_show() -> None:
    page = Page(BOOK, "en").html()
    assert "<department>" not in page
    assert "&lt;code&gt;" in page
    assert page.count("<article") == len(BOOK.contract.outward) + len(list(BOOK.events()))


def test_an_example_call_is_one_that_can_be_pasted() -> None:
    calls = {method.name: example(BOOK, method) for method in BOOK.contract.outward}
    assert calls["GetStatus"].splitlines()[0] == "curl -X GET https://GATEWAY/v1/operations/grid/status \\"
    assert "Idempotency-Key" in calls["FileIncident"] and "Idempotency-Key" not in calls["GetIncident"]
    assert "Authorization" not in calls["ListIncidentTypes"]
