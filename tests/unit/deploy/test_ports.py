import socket

import pytest

from deploy.local import parts
from deploy.local.errors import StackError
from deploy.local.ports import FREE_RANGE, Ports


def test_a_port_is_set_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOV_PORT_GRID_RPC", "17120")
    ports = Ports(parts.DEFAULT_PORTS)
    assert (ports["grid-rpc"], ports["gateway"]) == (17120, 8443)


def test_a_port_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOV_PORT_GATEWAY", "https")
    with pytest.raises(StackError, match="EGOV_PORT_GATEWAY must be a port number from 1 to 65535"):
        Ports(parts.DEFAULT_PORTS)["gateway"]


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(StackError, match=f"port {taken}, which kafka wants, is taken .* with EGOV_PORT_KAFKA"):
            Ports({"kafka": taken}).check_free("kafka")


def test_an_address_of_another_machine_is_told_apart_from_a_taken_port() -> None:
    with pytest.raises(StackError, match=r"gateway cannot listen at 192\.0\.2\.1:"):
        Ports({"gateway": FREE_RANGE[0]}).check_free("gateway", "192.0.2.1")


def test_free_ports_are_of_one_stack_only() -> None:
    one, other = Ports({}, free=True), Ports({}, free=True)
    try:
        taken = [ports[name] for ports in (one, other) for name in parts.DEFAULT_PORTS]
        assert len(set(taken)) == len(taken)
        assert one["kafka"] == taken[list(parts.DEFAULT_PORTS).index("kafka")]
    finally:
        one.release()
        other.release()


def test_no_two_parts_want_one_port() -> None:
    assert len(set(parts.DEFAULT_PORTS.values())) == len(parts.DEFAULT_PORTS)
    assert parts.ports_of("kafka") == ["kafka", "kafka-controller"]
    assert parts.ports_of("grid") == ["grid-rpc", "grid-http", "grid-admin"]


def test_a_part_behind_a_front_listens_on_a_port_of_its_own() -> None:
    ports = Ports(parts.DEFAULT_PORTS, free=True, fronts=["kafka"])
    try:
        assert ports.inner("kafka") != ports["kafka"]
        assert ports.inner("kafka") == ports.inner("kafka")
        assert ports.inner("postgres") == ports["postgres"]
    finally:
        ports.release()


def test_a_replica_has_the_doors_of_its_service() -> None:
    assert parts.ports_of(parts.replica_of("grid")) == ["grid-2-rpc", "grid-2-http", "grid-2-admin"]
