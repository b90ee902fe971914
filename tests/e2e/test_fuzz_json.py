"""Every JSON route of the OpenAPI document, with input that keeps its rules and input that breaks them.

Whatever is sent: an answer within the deadline, never a 5xx, of the document's shape, and nothing half done.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from gateway import contract as contracts
from gateway.catalogue.model import Book
from gateway.catalogue.openapi import document
from tests.e2e.city import City
from tests.e2e.fuzzing import Attack, for_each

DOCUMENT = document(Book.of(contracts.load()))
SCHEMA: Any = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
ANSWER_WITHIN_S = 15.0


@pytest.fixture(scope="module")
def attack(city: City) -> Iterator[Attack]:
    """What was sent is held against the books at the end."""
    attack = Attack(city)
    yield attack
    assert list(attack.half_effects()) == []


@pytest.fixture(scope="module")
def session(city: City) -> Iterator[requests.Session]:
    with requests.Session() as session:
        # A bundle or a proxy that somebody's shell names would go before ours.
        session.trust_env, session.verify = False, str(city.where.trust)
        yield session


def test_the_document_is_the_one_that_is_served(city: City) -> None:
    assert city.door.get("/openapi.json").json == DOCUMENT


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_input_is_answered_with_a_fault(
    attack: Attack, session: requests.Session, operation: Any, mode: GenerationMode
) -> None:
    raw = operation.definition.raw
    scope = next((scope for need in raw["security"] for scope in need.get("token", ())), "")

    def check(example: tuple[Any, bool]) -> None:
        case, of_a_real_incident = example
        if of_a_real_incident and "incidentId" in (case.path_parameters or {}):
            case.path_parameters["incidentId"] = attack.incident["incidentId"]
        send(attack, session, case, scope, raw["x-egov-rpc"], fresh_key=mode is GenerationMode.POSITIVE)

    for_each(strategies.tuples(operation.as_strategy(generation_mode=mode), strategies.booleans()))(check)


def send(attack: Attack, session: requests.Session, case: Any, scope: str, method: str, *, fresh_key: bool) -> None:
    """Send one case, hold the answer against the document, and write down what it came to."""
    headers = {"Authorization": f"Bearer {token}"} if (token := attack.token(scope)) else {}
    headers |= {"Idempotency-Key": str(uuid.uuid4())} if fresh_key else {}
    where = attack.city.where
    answer = case.call(
        base_url=where.gateway, session=session, headers=headers, timeout=ANSWER_WITHIN_S, verify=str(where.trust)
    )
    case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
    if answer.status_code >= 400:
        (info,) = (each for each in answer.json()["details"] if each["@type"].endswith("ErrorInfo"))
        assert info["reason"]
    said = {name: values[0] for name, values in answer.headers.items()}
    attack.came_of(method, said.get("egov-trace-id", ""), answer.status_code == 200)
