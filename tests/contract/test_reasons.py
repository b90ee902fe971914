"""Every reason that a method's comment promises is given by code and asked for by a test, in that method's service."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.contract.system import CHASSIS_CONTRACT, FOLDERS, ROOT, Rpc, contract_files, rpcs, sources

SERVICE, METHOD = 6, 2
PROMISED = re.compile(r"\(([A-Z][A-Z0-9_]{3,}(?:, [A-Z][A-Z0-9_]{3,})*)\)")
# What every service has from these may be promised by each of them.
SHARED = ("services/chassis", "services/kernel")


@cache
def comments() -> dict[str, str]:
    """The comment above every method, by the method's full name."""
    return {
        f"{file.package}.{service.name}.{method.name}": location.leading_comments
        for file in contract_files().values()
        for location in file.source_code_info.location
        if len(location.path) == 4 and (location.path[0], location.path[2]) == (SERVICE, METHOD)
        for service in [file.service[location.path[1]]]
        for method in [service.method[location.path[3]]]
    }


def promised(rpc: Rpc) -> list[str]:
    """The reasons in a method's comment."""
    return [reason for group in PROMISED.findall(comments()[str(rpc)]) for reason in group.split(", ")]


@cache
def said_in(*folders: str) -> frozenset[str]:
    """Every text that stands by itself in the code of these folders: reasons are never put together."""
    return frozenset(
        node.value
        for _, tree in sources(*folders)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_entry(node, tree)
    )


def is_entry(node: ast.Constant, tree: ast.Module) -> bool:
    """The text is a key of a dictionary: there a reason only gets its words."""
    return id(node) in keys_of(tree)


@cache
def keys_of(tree: ast.Module) -> frozenset[int]:
    """The identities of all keys of a module's dictionaries."""
    return frozenset(id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys)


def folders_of(rpc: Rpc) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a method's reasons are given, and where they are asked for."""
    of_chassis = rpc.method.containing_service.file.package == CHASSIS_CONTRACT
    name = "chassis" if of_chassis else rpc.service
    code = "services/chassis" if of_chassis else str(FOLDERS[name].relative_to(ROOT))
    return (code, *SHARED), (f"tests/unit/{name}", f"tests/integration/{name}", "tests/e2e")


def cases() -> Iterator[tuple[Rpc, str]]:
    for rpc in rpcs():
        for reason in promised(rpc):
            yield rpc, reason


ALL = pytest.mark.parametrize("rpc", rpcs(), ids=str)
EACH = pytest.mark.parametrize(("rpc", "reason"), list(cases()), ids=str)


@EACH
def test_what_a_comment_promises_is_given_by_the_service(rpc: Rpc, reason: str) -> None:
    given, _ = folders_of(rpc)
    assert reason in said_in(*given), f"{rpc} promises {reason}, which nothing in {', '.join(given)} gives"


@EACH
def test_what_a_comment_promises_is_asked_for_by_a_test(rpc: Rpc, reason: str) -> None:
    _, asked = folders_of(rpc)
    assert reason in said_in(*asked), f"{rpc} promises {reason}, which no test in {', '.join(asked)} asks for"


@ALL
def test_a_method_that_takes_the_version_that_the_caller_saw_tells_of_a_stale_one(rpc: Rpc) -> None:
    takes_version = "version" in rpc.method.input_type.fields_by_name
    assert not takes_version or "STALE_VERSION" in promised(rpc)


@ALL
def test_a_method_about_one_thing_of_a_region_tells_that_there_is_none(rpc: Rpc) -> None:
    about_one = rpc.access.region_bound and "_id}" in f"{rpc.http.get}{rpc.http.post}"
    assert not about_one or any(reason.endswith(("NOT_FOUND", "_UNKNOWN")) for reason in promised(rpc))


def test_the_reading_of_comments_finds_reasons() -> None:
    assert len(list(cases())) > 100
