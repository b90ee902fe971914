"""Renders Envoy's bootstrap from the contract: `python -m gateway.render --out FILE --settings FILE.json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from gateway import contract as contracts
from gateway.clusters import all_clusters
from gateway.contract import Contract
from gateway.listener import listener, socket_address
from gateway.settings import GatewaySettings, SettingsError, parse


def bootstrap(contract: Contract, settings: GatewaySettings) -> dict[str, Any]:
    """The whole configuration. Errors: `SettingsError` when a service of the contract has no address."""
    missing = [f"services: {name} is missing" for name in contract.owners if name not in settings.services]
    if missing:
        raise SettingsError(missing)
    return {
        "node": {"id": "gateway", "cluster": "egov"},
        "admin": {"address": socket_address(settings.admin)},
        "static_resources": {
            "listeners": [listener(contract, settings)],
            "clusters": all_clusters(settings),
        },
        "overload_manager": _overload(settings),
        # Names of the span's service come from the tracer; no guess at the environment.
        "stats_config": {"stats_tags": []},
    }


def _overload(settings: GatewaySettings) -> dict[str, Any]:
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    limit = {"@type": f"type.googleapis.com/{kind}", "max_active_downstream_connections": settings.connections}
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"resource_monitors": [{"name": name, "typed_config": limit}]}


def write(out: Path, configuration: dict[str, Any]) -> None:
    """Writes the configuration as JSON, whole or not at all; readable by its owner alone."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(json.dumps(configuration, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(out)


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit status 2 with one line for each bad key when the settings cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m gateway.render", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file to write; Envoy wants it to end in .json")
    parser.add_argument("--settings", type=Path, required=True, help="settings, a JSON file")
    asked = parser.parse_args(arguments)
    try:
        settings = parse(json.loads(asked.settings.read_text(encoding="utf-8")))
        write(asked.out, bootstrap(contracts.load(), settings))
    except SettingsError as error:
        problems = error.problems
    except (OSError, json.JSONDecodeError) as error:
        problems = [f"settings: {error}"]
    else:
        return 0
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 2


if __name__ == "__main__":
    sys.exit(main())
