"""The graph of calls between services: declared, allowed by the contract, without a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

import pytest

from tests.contract.system import FOLDERS, ROOT, SERVICES, clients, rpcs, service_class, sources


def called_by(service: str) -> Iterator[tuple[str, str]]:
    """(service, method) of every call `self.<client>.<Method>(...)` in a service's modules."""
    declared = {attribute: client.service for attribute, client in clients(service_class(service)).items()}
    for _, tree in sources(str(FOLDERS[service].relative_to(ROOT))):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr in declared
            ):
                yield declared[node.value.attr], node.attr


def inward(service: str) -> dict[str, set[str]]:
    """The inward methods of a service, and which services the contract lets call them."""
    return {
        rpc.method.name: set(rpc.access.inward.services)
        for rpc in rpcs()
        if rpc.service == service and rpc.access.WhichOneof("door") == "inward"
    }


def test_calls_have_no_cycle() -> None:
    graph = {service: {each.service for each in clients(service_class(service)).values()} for service in SERVICES}
    # Raises CycleError, which names the cycle.
    assert set(TopologicalSorter(graph).static_order()) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_declared_client_is_of_the_service_it_names(service: str) -> None:
    for attribute, client in clients(service_class(service)).items():
        assert client.contract.full_name.split(".")[1] == client.service, f"{service}.{attribute}"
        assert client.service in SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_called_is_open_to_the_caller(service: str) -> None:
    for target, method in called_by(service):
        allowed = inward(target).get(method, set())
        assert allowed & {service, "*"}, f"{service} calls {target}.{method}, which the contract does not open to it"


def test_what_is_open_to_a_service_is_called_by_it() -> None:
    used = {(service, *call) for service in SERVICES for call in called_by(service)}
    opened = {
        (caller, target, method)
        for target in SERVICES
        for method, callers in inward(target).items()
        for caller in callers - {"*"}
    }
    assert opened - used == set(), "the contract opens what nobody calls"
