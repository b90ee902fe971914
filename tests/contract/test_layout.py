"""Knowing one service is knowing all: the same few files in each, and the same rules for each."""

from __future__ import annotations

import tomllib

import pytest

from services.chassis.packages import package_of
from tests.contract.system import FOLDERS, ROOT, SERVICES

# A module may be one file or a folder of the same name, split by noun.
MODULES = {"domain", "usecases", "store", "wire", "service"}
FILES = {"__init__.py", "config.py", "README.md"}
# What loads reference data, and modules that only this service has, by name.
OPTIONAL = {"load"}
OWN = {
    "casetrace": {"console", "otlp"},
    "grid": {"geometry", "load_calendars", "load_catalogue", "load_centres", "load_routing", "load_versions"},
    "identity": {"jose", "keys", "oauth", "reference", "rotate_keys"},
    "notification": {"smtp", "templates"},
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_files_that_every_service_has(name: str) -> None:
    folder = FOLDERS[name]
    missing = [
        *(module for module in MODULES if not (folder / f"{module}.py").exists() and not (folder / module).is_dir()),
        *(file for file in FILES if not (folder / file).exists()),
    ]
    assert not missing, f"{name} lacks {', '.join(missing)}"
    assert list((folder / "migrations/versions").glob("[0-9][0-9][0-9][0-9]_*.py")), f"{name} has no migration"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_other_files(name: str) -> None:
    known = {"migrations", *MODULES, *FILES, *OPTIONAL, *OWN.get(name, set())}
    paths = [path for path in FOLDERS[name].iterdir() if path.name != "__pycache__"]
    found = {path.name if path.name in FILES else path.name.removesuffix(".py") for path in paths}
    assert found <= known, f"{name}: {', '.join(sorted(found - known))}"


def test_the_import_rules_name_every_service() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    for rule in rules:
        modules = [module for value in rule.values() if isinstance(value, list) for module in value]
        named = {service for service in SERVICES if package_of(service) in modules}
        assert named in (set(), set(SERVICES)), f"{rule['name']!r} leaves out {', '.join(set(SERVICES) - named)}"


def test_generated_code_is_never_edited_by_hand() -> None:
    for stub in (ROOT / "protos/gen/python").rglob("*_pb2.py"):
        source = stub.relative_to(ROOT / "protos/gen/python").with_name(stub.name.replace("_pb2.py", ".proto"))
        assert (ROOT / "protos" / source).exists(), f"{stub.name} has no contract any more: make protos"
