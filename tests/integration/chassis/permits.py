"""The sixth service, as the chassis's README has it: its files are taken out of the text, and run."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from grpc_tools import protoc

import services
from protos.build import include_folders
from services.kernel import casenumber
from tests.conftest import RUN

ROOT = RUN.parent
README = ROOT / "services" / "chassis" / "README.md"
# A line that ends with a file's path, and the block below it.
FILE = re.compile(r"`([\w./]+)`:\n\n```(?:python|proto)\n(.*?)```", re.DOTALL)
DIGIT = 6
# Runs before the service's main: its folders stand beside those of the project, and its cases have a digit.
HOOK = f"""
import pathlib
import services
from services.kernel import casenumber

services.__path__.append(str(pathlib.Path(__file__).parent / "services"))
casenumber.DIGIT["permits"] = {DIGIT}
"""


def files() -> dict[str, str]:
    """Every file of the service by its path, as the README shows it."""
    return dict(FILE.findall(README.read_text("utf-8")))


def build(folder: Path) -> None:
    """Write the service's files into a folder, with its stubs and the hook."""
    for path, text in files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "services/permits/__init__.py").write_text('"""Permits."""\n', encoding="utf-8")
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    protos = sorted(str(file.relative_to(folder / "protos")) for file in folder.glob("protos/**/*.proto"))
    includes = [f"-I{path}" for path in (folder / "protos", *include_folders())]
    assert protoc.main(["protoc", *includes, f"--python_out={folder}", *protos]) == 0


def python_path(folder: Path) -> str:
    """PYTHONPATH of a process of the service."""
    return ":".join(map(str, (folder, ROOT, ROOT / "protos/gen/python")))


@contextmanager
def imported(folder: Path) -> Iterator[SimpleNamespace]:
    """The service's modules in this process: `service`, `domain`, `store`, `contract`, `events` and grid's events."""
    sys.path.append(str(folder))
    services.__path__.append(str(folder / "services"))
    casenumber.DIGIT["permits"] = DIGIT
    try:
        yield SimpleNamespace(
            folder=folder,
            service=_module("services.permits.service"),
            domain=_module("services.permits.domain"),
            store=_module("services.permits.store"),
            contract=_module("egov.permits.v1.permits_service_pb2"),
            events=_module("egov.permits.v1.events_pb2"),
            grid=_module("egov.grid.v1.events_pb2"),
        )
    finally:
        del casenumber.DIGIT["permits"]
        services.__path__.remove(str(folder / "services"))
        sys.path.remove(str(folder))


def _module(name: str) -> Any:
    return importlib.import_module(name)
