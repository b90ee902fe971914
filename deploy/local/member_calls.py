"""The first calls of a new member system, ready to paste: curl, buf curl, Python."""

from __future__ import annotations

import csv
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.local.places import ROOT
from deploy.local.stackfile import Stack
from services.kernel import regions

REPORT = {
    "type": {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"},
    "region": "371102001001",
    "description": "Rubbish at the crossing",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A call that a member with this scope may make, as JSON and as gRPC. `body` of None: a GET."""

    scope: str
    path: str
    rpc: str
    body: dict[str, Any] | None = None
    service: str = ""


# The first whose scope the member has becomes its example.
EXAMPLES = (
    Example("grid.incidents.read", "/v1/incidents", "egov.grid.v1.GridService/ListIncidents"),
    Example("grid.incidents.file", "/v1/incidents", "egov.grid.v1.GridService/FileIncident", {"report": REPORT}),
    Example("notification.notices.read", "/v1/notices", "egov.notification.v1.NotificationService/ListNotices"),
    Example("identity.departments.read", "/v1/departments", "egov.identity.v1.IdentityService/ListDepartments"),
    Example(
        "operations.read",
        "/v1/operations/grid/status",
        "egov.chassis.v1.OperationsService/GetStatus",
        service="grid",
    ),
    Example("", "/v1/incidentTypes", "egov.grid.v1.GridService/ListIncidentTypes"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The member system that is asked for."""

    name: str
    scopes: tuple[str, ...]
    region: str
    departments: tuple[str, ...]


def example_for(wish: Wish) -> Example:
    """A call that the member may make; a report is about a village of its own region."""
    example = next(one for one in EXAMPLES if not one.scope or one.scope in wish.scopes)
    if example.body is None:
        return example
    village = first_village(wish.region) or REPORT["region"]
    return replace(example, body={"report": {**REPORT, "region": village}})


def first_village(region: str) -> str | None:
    """The first village of the sample city in a region; None when there is none."""
    prefix = regions.scope_prefix(region)
    with (ROOT / "deploy/local/sample/regions.csv").open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines) if row["level"] == "village"]
    return next((code for code in codes if code.startswith(prefix) or prefix.startswith(code)), None)


def texts(where: Stack, wish: Wish, folder: Path, example: Example) -> dict[str, str]:
    """What the kit's README says about this member."""
    shown = shown_path(folder)
    return {
        "name": wish.name,
        "gateway": where.gateway,
        "region": wish.region,
        "scopes": ", ".join(f"`{scope}`" for scope in wish.scopes),
        "folder": shown,
        "python": _tool("python"),
        "curl": _curl(where, shown, example),
        "grpc": _grpc(where, shown, example),
    }


def _curl(where: Stack, folder: str, example: Example) -> str:
    lines = [f"curl --cacert {folder}/trust.pem", f'-H "Authorization: Bearer $(sh {folder}/token.sh)"']
    if example.body is not None:
        lines += ['-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"', "-H 'Content-Type: application/json'"]
        lines.append(f"-d {shlex.quote(json.dumps(example.body))}")
    return _continued([*lines, where.gateway + example.path])


def _grpc(where: Stack, folder: str, example: Example) -> str:
    lines = [f"{_tool('buf')} curl --protocol grpc --cacert {folder}/trust.pem"]
    lines += [
        f"--cert {folder}/tls.crt --key {folder}/tls.key",
        f'-H "Authorization: Bearer $(sh {folder}/token.sh tls)"',
    ]
    if example.body is not None:
        lines.append('-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"')
    if example.service:
        lines.append(f"-H 'egov-service: {example.service}'")
    body = example.body if example.body is not None else {"service": example.service} if example.service else {}
    return _continued([*lines, f"-d {shlex.quote(json.dumps(body))}", f"{where.gateway}/{example.rpc}"])


def _continued(lines: Sequence[str]) -> str:
    return " \\\n  ".join(lines)


def member_json(where: Stack, wish: Wish, example: Example) -> str:
    """What example.py reads."""
    call = {"method": "GET" if example.body is None else "POST", "path": example.path, "body": example.body}
    said = {"client_id": wish.name, "gateway": where.gateway, "issuer": where.gateway, "scopes": wish.scopes}
    return json.dumps({**said, "call": call}, ensure_ascii=False, indent=2) + "\n"


def token_script(folder: Path) -> str:
    """The file token.sh."""
    return f"""#!/bin/sh
# Prints an access token; with the word tls, one that is bound to the TLS identity. Run it in the project's folder.
exec {_tool("python")} {shown_path(folder)}/example.py --token ${{1:+--tls}}
"""


def _tool(name: str) -> str:
    """A command of the environment that runs this."""
    return shown_path(Path(sys.executable).parent / name)


def shown_path(path: Path) -> str:
    """The path as it is typed in the project's folder."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
