"""Settings: what is wrong is told at once, by name, and secrets never show."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.chassis import client
from services.chassis.process_settings import ChassisSettings
from services.chassis.settings import (
    Address,
    ConfigurationError,
    Secret,
    number,
    one_of,
    read,
    read_all,
    setting,
    whole,
)


@dataclass(frozen=True, kw_only=True)
class Some:
    """Settings of a test."""

    url: Secret = setting("URL_{SERVICE}", "where")
    size: int = setting("SIZE", "how much", default=3, parse=whole(1, 9))
    on: bool = setting("ON", "whether", default=False)
    peers: tuple[Address, ...] = setting("PEERS", "who", default=())
    file: Path | None = setting("FILE", "a file", default=None)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Settings that must fit together."""

    low: int | None = setting("LOW", "from")
    high: int | None = setting("HIGH", "to")

    def problems(self) -> list[str]:
        """Each must be there."""
        return [f"{key} is odd" for key, value in (("LOW", self.low), ("HIGH", self.high)) if value is None]


@pytest.fixture
def right(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "file.pem"
    file.touch()
    keys = ("KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE", "EGOV_TLS_CERT", "EGOV_TLS_KEY")
    files = dict.fromkeys((*keys, "EGOV_TLS_TRUST"), str(file))
    return {
        "DATABASE_URL_GRID": "postgresql://grid:password@127.0.0.1/grid",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "EGOV_RPC_LISTEN": "127.0.0.1:1",
        "EGOV_ADMIN_LISTEN": "127.0.0.1:2",
        "EGOV_TOKEN_ISSUER": "https://127.0.0.1",
        **files,
    }


def problems_of(environment: dict[str, str], *classes: type) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read_all(classes or (ChassisSettings,), environment, service="grid")
    return refused.value.problems


def test_values_take_their_types_and_defaults() -> None:
    environment = {"URL_GRID": "secret", "ON": "true", "PEERS": "a:1,b:2"}
    some = read(Some, environment, service="grid")
    assert (some.url.reveal(), some.size, some.on) == ("secret", 3, True)
    assert some.peers == (Address("a", 1), Address("b", 2))
    assert some.file is None


def test_a_right_environment_has_no_problem(right: dict[str, str]) -> None:
    settings = read(ChassisSettings, right, service="grid")
    assert (settings.threads, settings.trace_ratio, settings.kafka_protocol) == (6, 1.0, "SSL")


def test_everything_that_is_wrong_is_told_at_once(right: dict[str, str]) -> None:
    wrong = {
        "DATABASE_URL_GRID": "mysql://password",
        "KAFKA_BOOTSTRAP_SERVERS": "broker",
        "KAFKA_SSL_CAFILE": "/nowhere.pem",
        "EGOV_RPC_LISTEN": "127.0.0.1:99999",
        "EGOV_ADMIN_LISTEN": "",
        "EGOV_TRACE_RATIO": "2",
        "EGOV_THREADS": "0",
        "EGOV_CALLS_WAITING": "many",
        "EGOV_LOG_LEVEL": "LOUD",
        "EGOV_DRAIN_SECONDS": "nan",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317",
        "URL_GRID": "",
        "ON": "perhaps",
    }
    problems = problems_of(right | wrong, ChassisSettings, Some)
    assert sorted(problem.split()[0] for problem in problems) == sorted(wrong)
    assert "password" not in "".join(problems)


def test_files_for_kafka_are_needed_with_tls_only(right: dict[str, str]) -> None:
    without = {key: text for key, text in right.items() if not key.startswith("KAFKA_SSL")}
    assert {problem.split()[0] for problem in problems_of(without)} == {
        "KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE",
    }  # fmt: skip
    read(ChassisSettings, without | {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, service="grid")


def test_a_key_is_told_once_and_what_is_known_already_beside_it() -> None:
    assert problems_of({"LOW": "x", "HIGH": "2"}, Pair) == ["LOW is not of the right form"]
    with pytest.raises(ConfigurationError) as refused:
        read_all((Pair,), {"HIGH": "2"}, known_problems=["OTHER is missing"])
    assert refused.value.problems == ["LOW is missing (from)", "OTHER is missing"]


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("password")
    some = read(Some, {"URL_GRID": "password"}, service="grid")
    assert "password" not in f"{secret!r} {secret} {some} {dataclasses.asdict(some)}"


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:x", "host:70000"])
def test_an_address_is_host_and_port(text: str) -> None:
    with pytest.raises(ValueError, match="must be host:port"):
        Address.parse(text)


def test_parsers_name_their_rule() -> None:
    for parse, text, rule in (
        (whole(1, 9), "10", "from 1 to 9"),
        (number(0, 1), "nan", "from 0 to 1"),
        (one_of("a", "b"), "c", "one of a, b"),
    ):
        with pytest.raises(ValueError, match=rule):
            parse(text)


def test_where_a_service_is() -> None:
    def target(text: str) -> str:
        return client.target_of("grid", {"EGOV_ADDRESS_GRID": text})

    assert target("10.0.0.1:1,10.0.0.2:2") == "ipv4:10.0.0.1:1,10.0.0.2:2"
    assert target("grid:7120") == "dns:///grid:7120"
    for wrong in ("", "grid", "grid:1,other:2"):
        with pytest.raises(ConfigurationError, match="EGOV_ADDRESS_GRID"):
            target(wrong)
