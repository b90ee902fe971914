"""The rendered configuration, as far as it can be judged without Envoy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import contract as contracts
from gateway import errors
from gateway.contract import Binding
from gateway.render import bootstrap, main
from gateway.settings import SettingsError, parse

from .test_settings import good

CONTRACT = contracts.load()


def rendered(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    services = dict.fromkeys(CONTRACT.owners, "127.0.0.1:7100")
    return bootstrap(CONTRACT, parse({**good(tmp_path), "services": services, **changes}))


def routes(tmp_path: Path, **changes: Any) -> Iterator[dict[str, Any]]:
    (listener,) = rendered(tmp_path, **changes)["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    yield from manager["route_config"]["virtual_hosts"][0]["routes"]


def test_every_route_to_a_service_asks_for_a_token_or_is_declared_anonymous(tmp_path: Path) -> None:
    anonymous = {method.full_name for method in CONTRACT.outward if method.anonymous}
    seen = set()
    for route in routes(tmp_path):
        if route.get("route", {}).get("cluster") not in CONTRACT.owners:
            continue
        method = route["name"].removeprefix(errors.JSON_ROUTE)
        need = route["typed_per_filter_config"]["envoy.filters.http.jwt_authn"]["requirement_name"]
        assert need == ("optional" if method in anonymous else "required")
        seen.add(method)
    assert seen == {method.full_name for method in CONTRACT.outward}


def test_inward_methods_have_no_route(tmp_path: Path) -> None:
    inward = [method for method in CONTRACT.methods if not method.outward]
    assert inward
    text = json.dumps([route["match"] for route in routes(tmp_path)])
    assert not [method.full_name for method in inward if method.full_name in text]


def test_the_console_has_routes_where_there_is_one_and_alone_gets_cookies(tmp_path: Path) -> None:
    def keeping_cookies(**changes: Any) -> set[str]:
        pages = (route for route in routes(tmp_path, **changes) if "-http" in route.get("route", {}).get("cluster", ""))
        return {route["name"] for route in pages if "cookie" not in route.get("request_headers_to_remove", ())}

    assert {name for name in keeping_cookies() if "console" in name} == set()
    with_console = keeping_cookies(casetrace_http="127.0.0.1:7161") - keeping_cookies()
    assert with_console == {"casetrace-http /console", "casetrace-http /console/"}


def test_only_reads_are_tried_again(tmp_path: Path) -> None:
    reads = {method.full_name for method in CONTRACT.outward if method.read_only}
    for route in routes(tmp_path):
        if "retry_policy" in route.get("route", {}):
            assert route["name"].removeprefix(errors.JSON_ROUTE) in reads


def test_a_service_without_an_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"services: {CONTRACT.owners[0]} is missing"):
        rendered(tmp_path, services={"other": "127.0.0.1:1"})


def test_the_command_writes_a_file_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {**good(tmp_path), "services": dict.fromkeys(CONTRACT.owners, "127.0.0.1:7100")}
    given, out = tmp_path / "settings.json", tmp_path / "envoy.json"
    given.write_text(json.dumps(values))
    assert main(["--out", str(out), "--settings", str(given)]) == 0
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(out.read_text())["static_resources"]
    given.write_text(json.dumps({**values, "listen": 1, "admin": 2}))
    assert main(["--out", str(out), "--settings", str(given)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_paths_become_expressions() -> None:
    binding = Binding("POST", "/v1/operations/{service}/parked/{event_id}:retry", "*")
    assert binding.variables == ("service", "event_id")
    expression = binding.regex(service="grid")
    assert re.fullmatch(expression, "/v1/operations/grid/parked/a-b:retry")
    for other in (
        "/v1/operations/identity/parked/a:retry",
        "/v1/operations/grid/parked/a",
        "/v1/operations/grid/parked/:retry",
    ):
        assert not re.fullmatch(expression, other)


def test_methods_take_their_body_the_same_way_in_all_forms() -> None:
    for method in CONTRACT.outward:
        assert len({binding.body for binding in method.bindings}) <= 1, method.full_name


def test_reasons_are_distinct_and_every_error_speaks_both_languages() -> None:
    reasons = [error.reason for error in errors.ERRORS]
    assert len(set(reasons)) == len(reasons)
    for error in (*errors.ERRORS, *errors.BARE.values(), errors.INVALID_FIELDS):
        assert re.search("[\u4e00-\u9fff]", error.zh), error.reason
        assert not re.search("[\u4e00-\u9fff]", error.en), error.reason
        assert "could not be completed" not in error.en, f"{error.reason} has no text"
