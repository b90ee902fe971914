"""What every method of the contract says of itself."""

from __future__ import annotations

import pytest

from tests.contract.system import CHASSIS_CONTRACT, OPERATIONS, SERVICES, Rpc, declared, rpcs, service_class

ALL = pytest.mark.parametrize("rpc", rpcs(), ids=str)


@ALL
def test_a_method_has_exactly_one_door(rpc: Rpc) -> None:
    door = rpc.access.WhichOneof("door")
    assert door in ("outward", "inward"), f"{rpc} says not who may call it"
    if door == "outward":
        outward = rpc.access.outward
        assert bool(outward.scope) != outward.anonymous, f"{rpc} must name a scope or be anonymous"
        assert not (outward.anonymous and outward.lowest_level), f"{rpc} is anonymous and asks for a level"
    else:
        known = {*SERVICES, "*"}
        assert rpc.access.inward.services and set(rpc.access.inward.services) <= known, f"{rpc} names unknown services"


@ALL
def test_an_outward_method_has_a_route_and_an_inward_one_has_none(rpc: Rpc) -> None:
    has_route = rpc.http.WhichOneof("pattern") is not None
    assert has_route == (rpc.access.WhichOneof("door") == "outward")


@ALL
def test_a_read_is_a_get_and_a_get_is_a_read(rpc: Rpc) -> None:
    verb = rpc.http.WhichOneof("pattern")
    if verb is not None:
        assert rpc.reads == (verb == "get"), f"{rpc} is a {verb} and {'a read' if rpc.reads else 'a change'}"
    else:
        assert rpc.reads, f"{rpc} is inward and changes something: changes elsewhere happen by event"


@ALL
def test_a_method_has_no_stream(rpc: Rpc) -> None:
    assert not rpc.method.client_streaming and not rpc.method.server_streaming


@ALL
def test_a_scope_belongs_to_the_service(rpc: Rpc) -> None:
    scope = rpc.access.outward.scope
    owner = "operations" if rpc.method.containing_service.file.package == CHASSIS_CONTRACT else rpc.service
    assert not scope or scope.split(".")[0] == owner, f"{rpc} asks for {scope}"


def test_routes_are_distinct() -> None:
    routes = [(pattern, getattr(rpc.http, pattern)) for rpc in rpcs() if (pattern := rpc.http.WhichOneof("pattern"))]
    assert len(routes) == len(set(routes))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_serves_its_contract_and_nothing_else(name: str) -> None:
    cls = service_class(name)
    served = {method for method, entrypoint in declared(cls) if type(entrypoint).__name__ == "Rpc"}
    contract = {rpc.method.name for rpc in rpcs() if rpc.service == name}
    assert served - {method.name for method in OPERATIONS.methods} == contract
