"""Settings of the gateway: a typed, frozen object read from a JSON file; every bad key is reported at once, by name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
Read: TypeAlias = Callable[[Any], Any]


class SettingsError(ValueError):
    """Settings that cannot be used; `problems` has one `key: what is wrong` for each bad key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Address:
    """A host (name or IP address) and a TCP port."""

    host: str
    port: int

    @property
    def is_ip(self) -> bool:
        """Whether the host is an IP address and needs no DNS."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Rate:
    """A token bucket: refilled evenly with `per_second` calls, holding at most `burst`."""

    per_second: int
    burst: int


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be non-empty text")
    return value


def _address(value: Any) -> Address:
    host, _, port = _text(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    address = Address(host, int(port) if port.isdecimal() else 0)
    if not 0 < address.port < 65536 or not (_HOST.fullmatch(host) or address.is_ip):
        raise ValueError("must be host:port")
    return address


def _addresses(value: Any) -> tuple[Address, ...]:
    return tuple(_address(part.strip()) for part in _text(value).split(","))


def _file(value: Any) -> Path:
    path = Path(_text(value))
    if not path.is_file():
        raise ValueError("no such file")
    return path.resolve()


def _number(low: float, high: float, kind: type) -> Read:
    def read(value: Any) -> Any:
        whole_needed = kind is int and not isinstance(value, int)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or whole_needed or not low <= value <= high:
            raise ValueError(f"must be a {'whole ' if kind is int else ''}number from {low:g} to {high:g}")
        return kind(value)

    return read


def _issuer(value: Any) -> str:
    if urlsplit(_text(value)).scheme != "https":
        raise ValueError("must be an https address")
    return str(value)


def _origins(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of origins")
    for origin in value:
        parts = urlsplit(_text(origin))
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query or parts.fragment:
            raise ValueError("must be origins such as https://app.example, without a path")
    return tuple(value)


def _rate(value: Any) -> Rate:
    if not isinstance(value, dict) or set(value) != {"per_second", "burst"}:
        raise ValueError("must have per_second and burst")
    count = _number(1, 1_000_000, int)
    return Rate(count(value["per_second"]), count(value["burst"]))


def _named(read: Read) -> Read:
    def each(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise ValueError("must be an object by name")
        found = {}
        for name, item in value.items():
            try:
                found[name] = read(item)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
        return found

    return each


def _setting(read: Read, default: Any = MISSING) -> Any:
    extra: dict[str, Any] = {"metadata": {"read": read}}
    return field(**extra) if default is MISSING else field(default=default, **extra)


@dataclass(frozen=True)
class GatewaySettings:
    """What the rendered configuration depends on beside the contract. `README.md` explains each key."""

    listen: Address = _setting(_address)
    admin: Address = _setting(_address)
    tls_cert: Path = _setting(_file)
    tls_key: Path = _setting(_file)
    upstream_cert: Path = _setting(_file)
    upstream_key: Path = _setting(_file)
    upstream_trust: Path = _setting(_file)
    services: Mapping[str, tuple[Address, ...]] = _setting(_named(_addresses))
    identity_http: tuple[Address, ...] = _setting(_addresses)
    catalogue_rpc: Address = _setting(_address)
    catalogue_http: Address = _setting(_address)
    collector: Address = _setting(_address)
    issuer: str = _setting(_issuer)
    audience: str = _setting(_text, "egov")
    casetrace_http: tuple[Address, ...] = _setting(_addresses, ())
    members_trust: Path | None = _setting(_file, None)
    cors_origins: tuple[str, ...] = _setting(_origins, ())
    rate_default: Rate = _setting(_rate, Rate(50, 100))
    rate_anonymous: Rate = _setting(_rate, Rate(20, 60))
    rate_clients: Mapping[str, Rate] = field(default_factory=dict, metadata={"read": _named(_rate)})
    trace_ratio: float = _setting(_number(0, 1, float), 1.0)
    body_bytes: int = _setting(_number(1_024, 16_777_216, int), 1_048_576)
    header_kb: int = _setting(_number(8, 96, int), 12)
    call_seconds: float = _setting(_number(0.1, 300, float), 10.0)
    jwks_seconds: int = _setting(_number(10, 3_600, int), 60)
    connections: int = _setting(_number(10, 100_000, int), 10_000)


def parse(values: Any) -> GatewaySettings:
    """Builds the settings from a decoded JSON object. Errors: `SettingsError` that names every bad key."""
    if not isinstance(values, dict):
        raise SettingsError(["settings: must be a JSON object"])
    known = {item.name: item for item in fields(GatewaySettings)}
    problems = [f"{name}: unknown key" for name in values if name not in known]
    found: dict[str, Any] = {}
    for name, item in known.items():
        if name not in values:
            if item.default is MISSING and item.default_factory is MISSING:
                problems.append(f"{name}: missing")
            continue
        try:
            found[name] = item.metadata["read"](values[name])
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise SettingsError(sorted(problems))
    return GatewaySettings(**found)
