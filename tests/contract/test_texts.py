"""Every reason and every rule that the code names has a text in both languages."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from services.chassis.packages import package_of
from services.kernel import errors, texts
from tests.contract.system import SERVICES, contract_files, sources

# The short ways to make a refusal, with where the reason stands; Violation has the field before its rule.
HELPERS = dict.fromkeys(("failed_state", "conflict", "not_found", "exists", "denied", "unauthenticated"), 0)
HELPERS |= dict.fromkeys(("exhausted", "unavailable", "timed_out", "unimplemented", "internal", "Refusal"), 0)
HELPERS |= {"NotYet": 0, "Violation": 1}
# Reasons as the contract's comments give them, in brackets.
IN_COMMENTS = re.compile(r"\(([A-Z][A-Z0-9_]{3,}(?:, [A-Z][A-Z0-9_]{3,})*)\)")


class Named(NamedTuple):
    """A reason or rule where the code names it; `params` is None where they are not written out."""

    place: str
    name: str
    params: frozenset[str] | None


def named_in_code() -> Iterator[Named]:
    for path, tree in sources("services", "gateway"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (helper := called(node)) in HELPERS:
                name = literal(node, HELPERS[helper])
                if name is not None:
                    yield Named(f"{path}:{node.lineno}", name, params_given(node, helper))


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literal(node: ast.Call, at: int) -> str | None:
    argument = node.args[at] if len(node.args) > at else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def params_given(node: ast.Call, helper: str) -> frozenset[str] | None:
    """Names of the params of a call: keywords of a helper, or the written dictionary of Refusal and Violation."""
    if helper not in ("Refusal", "Violation", "NotYet"):
        names = [keyword.arg for keyword in node.keywords]
        return None if None in names else frozenset(name for name in names if name and name != "retry_after_s")
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "params"), None)
    if given is None and helper == "Violation" and len(node.args) > 2:
        given = node.args[2]
    if given is None:
        return frozenset()
    if not isinstance(given, ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in given.keys]
    return None if None in keys else frozenset(str(key) for key in keys)


@pytest.fixture(scope="module", autouse=True)
def every_text() -> None:
    """Texts are registered by the modules that use them."""
    for service in SERVICES:
        importlib.import_module(f"{package_of(service)}.service")
    importlib.import_module("services.chassis.run")


def test_the_scan_knows_every_way_to_refuse() -> None:
    made = {
        name
        for name, each in vars(errors).items()
        if callable(each) and getattr(each, "__annotations__", {}).get("return") in ("Refusal", errors.Refusal)
    }
    assert made - {"invalid"} <= set(HELPERS)


def test_what_the_code_names_has_texts() -> None:
    nameless = {f"{each.place} {each.name}" for each in named_in_code() if each.name not in texts.names()}
    assert not nameless, "\n".join(sorted(nameless))


def test_what_a_text_needs_is_given() -> None:
    lacking = {
        f"{each.place} {each.name} lacks {', '.join(sorted(texts.params_of(each.name) - each.params))}"
        for each in named_in_code()
        if each.params is not None and texts.params_of(each.name) - each.params
    }
    assert not lacking, "\n".join(sorted(lacking))


def test_what_the_contract_promises_has_texts() -> None:
    promised = {
        reason
        for file in contract_files().values()
        for location in file.source_code_info.location
        for group in IN_COMMENTS.findall(location.leading_comments)
        for reason in group.split(", ")
        if "_" in reason
    }
    assert promised and promised <= texts.names(), f"no text: {', '.join(sorted(promised - texts.names()))}"


def test_a_text_is_written_in_its_language() -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    for name in texts.names():
        assert chinese.search(texts.text(name, "zh-CN")), name
        assert not chinese.search(texts.text(name, "en")), name
