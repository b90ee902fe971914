"""The whole system as the contract tests see it: its contract, its service classes and its source."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from egov.chassis.v1 import operations_service_pb2
from egov.common.v1 import options_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from services.chassis.packages import FAMILIES, package_of

ROOT = Path(__file__).resolve().parents[2]
# A service is a folder with a service class, in `service.py` or, when it is large, in a folder `service/`.
FOLDERS = {
    path.parent.name: path.parent
    for family in FAMILIES
    for name in ("service.py", "service")
    for path in ROOT.glob(f"{family}/*/{name}")
}
SERVICES = sorted(FOLDERS)
CHASSIS_CONTRACT = "egov.chassis.v1"


class Rpc(NamedTuple):
    """One method of the contract; `service` is the package's short name, such as `grid`."""

    service: str
    method: MethodDescriptor

    @property
    def access(self) -> options_pb2.Access:
        return self.method.GetOptions().Extensions[options_pb2.access]

    @property
    def http(self) -> http_pb2.HttpRule:
        rule: http_pb2.HttpRule = self.method.GetOptions().Extensions[annotations_pb2.http]
        return rule

    @property
    def reads(self) -> bool:
        return bool(self.method.GetOptions().idempotency_level == 1)

    def __str__(self) -> str:
        return str(self.method.full_name)


@cache
def contract_files() -> dict[str, FileDescriptorProto]:
    """Our own files of the contract, with their comments, by name."""
    raw = (ROOT / "protos/gen/contract.binpb").read_bytes()
    return {file.name: file for file in FileDescriptorSet.FromString(raw).file if file.name.startswith("egov/")}


@cache
def modules() -> list[Any]:
    """The generated modules of our own files."""
    dotted = (name.removesuffix(".proto").replace("/", ".") for name in contract_files())
    return [importlib.import_module(f"{name}_pb2") for name in dotted]


@cache
def rpcs() -> list[Rpc]:
    """Every method of the contract."""
    return [
        Rpc(service.full_name.split(".")[1], method)
        for module in modules()
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]


@cache
def events() -> list[Descriptor]:
    """Every message of an `events.proto`."""
    return [
        message
        for module in modules()
        if module.DESCRIPTOR.name.endswith("/events.proto")
        for message in module.DESCRIPTOR.message_types_by_name.values()
    ]


def reachable_fields(message: Descriptor) -> Iterator[tuple[str, FieldDescriptor]]:
    """Every field of a message and of the messages of ours inside it, with its path. A message is entered once."""
    seen = {message.full_name}
    waiting = [("", message)]
    while waiting:
        path, current = waiting.pop()
        for field in current.fields:
            yield f"{path}{field.name}", field
            inner = field.message_type
            if inner is not None and inner.full_name.startswith("egov.") and inner.full_name not in seen:
                seen.add(inner.full_name)
                waiting.append((f"{path}{field.name}.", inner))


@cache
def service_class(name: str) -> type:
    """The nameko class of a service."""
    module = importlib.import_module(f"{package_of(name)}.service")
    classes = [each for _, each in inspect.getmembers(module, inspect.isclass)]
    named = [each for each in classes if getattr(each, "name", None) == name and hasattr(each, "contract")]
    assert len(named) == 1, f"{module.__name__} has {len(named)} classes with name = {name!r}"
    return named[0]


def declared(cls: type) -> Iterator[tuple[str, Any]]:
    """The entrypoints that a service class declares: method name and entrypoint."""
    for name, member in inspect.getmembers(cls, inspect.isfunction):
        for entrypoint in getattr(member, "nameko_entrypoints", ()):
            yield name, entrypoint


def clients(cls: type) -> dict[str, Any]:
    """The other services that a service class declares to read from, by attribute."""
    return {
        name: member
        for name, member in inspect.getmembers(cls)
        if type(member).__name__ == "GrpcClientProvider"
    }  # fmt: skip


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of our own below these folders, parsed; the path is relative to the project."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT), parsed(file)


@cache
def parsed(file: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(file.read_text("utf-8"), str(file))


OPERATIONS = operations_service_pb2.DESCRIPTOR.services_by_name["OperationsService"]
