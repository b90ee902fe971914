"""Settings: every bad key at once, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Address, GatewaySettings, Rate, SettingsError, parse


def good(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "file.pem"
    file.write_text("x")
    files = ("tls_cert", "tls_key", "upstream_cert", "upstream_key", "upstream_trust")
    places = ("listen", "admin", "identity_http", "catalogue_rpc", "catalogue_http", "collector")
    return {
        **dict.fromkeys(files, str(file)),
        **{name: f"127.0.0.1:{number}" for number, name in enumerate(places, 7000)},
        "services": {"grid": "127.0.0.1:7100, grid.internal:7100"},
        "issuer": "https://identity.egov",
    }


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    settings = parse(good(tmp_path))
    assert isinstance(settings, GatewaySettings)
    assert settings.services["grid"] == (Address("127.0.0.1", 7100), Address("grid.internal", 7100))
    assert (settings.audience, settings.trace_ratio, settings.members_trust) == ("egov", 1.0, None)


def test_ipv6_and_rates(tmp_path: Path) -> None:
    rates = {"a": {"per_second": 5, "burst": 9}}
    settings = parse({**good(tmp_path), "listen": "[::1]:8443", "rate_clients": rates})
    assert settings.listen == Address("::1", 8443)
    assert settings.rate_clients == {"a": Rate(5, 9)}


def test_every_bad_key_is_named_at_once(tmp_path: Path) -> None:
    bad: dict[str, Any] = {
        **good(tmp_path),
        "listen": "nowhere",
        "admin": "127.0.0.1:0",
        "tls_key": "/no/such/file",
        "services": {"grid": ""},
        "issuer": "http://identity.egov",
        "cors_origins": ["https://app.example/path"],
        "rate_default": {"per_second": 0, "burst": 1},
        "trace_ratio": 1.5,
        "body_bytes": 1.5,
        "header_kb": True,
        "unheard": 1,
    }
    del bad["collector"]
    with pytest.raises(SettingsError) as caught:
        parse(bad)
    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == (set(bad) - set(good(tmp_path))) | {"listen", "admin", "tls_key", "services", "issuer", "collector"}
    assert str(caught.value).count("\n") == len(named) - 1


@pytest.mark.parametrize("value", [None, [], "text"])
def test_what_is_no_object(value: Any) -> None:
    with pytest.raises(SettingsError):
        parse(value)
