"""A service's README names what the service answers, publishes and takes, and nothing that is not there."""

from __future__ import annotations

import re

import pytest

from tests.contract.system import FOLDERS, SERVICES, declared, events, modules, rpcs, service_class

QUOTED = re.compile(r"`([^`]+)`")
CAMEL = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
EACH = pytest.mark.parametrize("service", SERVICES)


def named(service: str) -> set[str]:
    text = (FOLDERS[service] / "README.md").read_text("utf-8")
    # `identity.GetRegion` names the method as well.
    return {part for name in QUOTED.findall(text) for part in (name, name.rpartition(".")[2])}


@EACH
def test_a_readme_names_every_method_and_every_event(service: str) -> None:
    methods = {rpc.method.name for rpc in rpcs() if rpc.service == service}
    published = {event.name for event in events() if event.full_name.split(".")[1] == service}
    assert methods | published <= named(service)


@EACH
def test_a_readme_names_every_consumer(service: str) -> None:
    consumers = {entry.id for _, entry in declared(service_class(service)) if type(entry).__name__ in ("On", "OnAny")}
    assert consumers <= named(service)


@EACH
def test_what_a_readme_names_is_in_the_contract(service: str) -> None:
    messages = {name for module in modules() for name in module.DESCRIPTOR.message_types_by_name}
    known = messages | {rpc.method.name for rpc in rpcs()}
    assert {name for name in named(service) if CAMEL.fullmatch(name)} <= known
