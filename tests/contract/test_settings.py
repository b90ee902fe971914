"""Every setting is documented where its owner looks for it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator

import pytest

from services.chassis import process_settings as chassis_settings
from services.chassis.packages import package_of
from tests.contract.system import FOLDERS, ROOT, SERVICES

# Commands for operators: each runs once, before or beside the service.
COMMANDS = {"load.py", "rotate_keys.py"}


def keys_of(module_name: str) -> Iterator[str]:
    """The environment variables that the settings classes of a module are filled from."""
    module = importlib.import_module(module_name)
    for _, cls in inspect.getmembers(module, inspect.isclass):
        if cls.__module__ == module_name and dataclasses.is_dataclass(cls):
            yield from (field.metadata["key"] for field in dataclasses.fields(cls) if "key" in field.metadata)


def undocumented(module_name: str, readme: str) -> list[str]:
    text = (ROOT / readme).read_text("utf-8")
    keys = (key.replace("{SERVICE}", "<SERVICE>") for key in keys_of(module_name))
    return [key for key in keys if f"`{key}`" not in text]


def test_the_settings_of_the_chassis_are_documented() -> None:
    assert list(keys_of(chassis_settings.__name__))
    assert undocumented(chassis_settings.__name__, "services/chassis/README.md") == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_of_a_service_are_documented(service: str) -> None:
    readme = FOLDERS[service].relative_to(ROOT) / "README.md"
    assert undocumented(f"{package_of(service)}.config", str(readme)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_its_settings_only_through_them(service: str) -> None:
    reading = [
        str(file.relative_to(ROOT))
        for file in FOLDERS[service].rglob("*.py")
        if "environ" in (text := file.read_text("utf-8")) and "import os" in text and file.name not in COMMANDS
    ]
    assert not reading, "settings are fields of config.py"
