"""Which role may what: the sheet of the sample city against the contract, its member systems and identity's README."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from typing import Any

import pytest
import yaml
from egov.common.v1 import options_pb2

from services.grid.domain.states import Command, Who
from services.grid.domain.transitions import TRANSITIONS
from services.grid.wire.actions import WAYS
from services.identity.domain.roles import ENTERPRISE, ROLES
from services.identity.wire.messages import known_scopes
from tests.contract.system import ROOT, Rpc, rpcs

SAMPLE = ROOT / "deploy/local/sample"
README = ROOT / "services/identity/README.md"
OUTWARD = [rpc for rpc in rpcs() if rpc.access.outward.scope]


@cache
def by_role() -> dict[str, set[str]]:
    """The scopes of each role, in the order of the sheet."""
    found: dict[str, set[str]] = {}
    with (SAMPLE / "role_scopes.csv").open(encoding="utf-8") as sheet:
        for row in csv.DictReader(sheet):
            found.setdefault(row["role"], set()).add(row["scope"])
    return found


@cache
def by_member() -> dict[str, set[str]]:
    return {each["client_id"]: set(each["scopes"]) for each in members()}


@cache
def members() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = yaml.safe_load((SAMPLE / "members.yaml").read_text("utf-8"))["members"]
    return listed


def test_every_role_has_scopes_and_every_scope_is_of_the_contract() -> None:
    assert by_role().keys() == ROLES
    assert set().union(*by_role().values()) <= known_scopes()


@pytest.mark.parametrize("rpc", OUTWARD, ids=str)
def test_somebody_of_the_sample_city_may_call_a_method(rpc: Rpc) -> None:
    """One that asks for a person who was surely recognised: by a role at the office app, which vouches for staff."""
    scope, staff = rpc.access.outward.scope, by_member()["rizhao-office"]
    if rpc.access.outward.lowest_level > 1:
        assert scope in staff and any(scope in scopes for scopes in by_role().values())
    else:
        assert any(scope in scopes for scopes in by_member().values())


def test_what_roles_may_use_a_system_that_vouches_for_staff_has_and_the_office_app_has_nothing_else() -> None:
    of_staff = set().union(*(scopes for role, scopes in by_role().items() if role != ENTERPRISE))
    assert of_staff <= set().union(*(each["scopes"] for each in members() if each["departments"]))
    assert by_member()["rizhao-office"] <= of_staff


def test_an_app_that_vouches_for_enterprises_has_what_they_may_use() -> None:
    apps = [set(each["scopes"]) for each in members() if each.get("vouches_for_enterprises")]
    assert apps and all(by_role()[ENTERPRISE] <= scopes for scopes in apps)


def test_the_table_of_identitys_readme_is_the_sheet() -> None:
    rows = [f"| `{role}` | {shown(scopes)} |" for role, scopes in by_role().items()]
    there = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert there == rows, "the table must be:\n" + "\n".join(rows)


def test_whoever_a_step_of_an_incident_is_for_has_a_role_that_may_call_its_method() -> None:
    """The grid centre works with seats and grid workers, also where it coordinates or is in charge itself.

    What is ordered from above is a coordinator's to order.
    """
    centre = by_role()["seat"] | by_role()["grid_worker"]
    may = {Who.CENTRE: centre, Who.COORDINATOR: centre, Who.DEPARTMENT: centre & by_role()["officer"]}
    lacking = {
        f"{state} {command} {who}: {scope}"
        for (state, command), step in TRANSITIONS.items()
        for who in step.by
        if command in WAYS
        and (scope := WAYS[command].descriptor.GetOptions().Extensions[options_pb2.access].outward.scope)
        not in (by_role()["coordinator"] if command is Command.SUPERVISE else may.get(who, {scope}))
    }
    assert lacking == set()


def shown(scopes: set[str]) -> str:
    """Scopes by what they are about, such as `grid.incidents`: file, read."""
    verbs = defaultdict(list)
    for scope in sorted(scopes):
        about, _, verb = scope.rpartition(".")
        verbs[about].append(verb)
    return "; ".join(f"`{about}`: {', '.join(each)}" for about, each in verbs.items())
