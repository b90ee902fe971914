"""The contract as the gateway reads it: every method with its door, its HTTP bindings and whether a retry is safe.

Read from `protos/gen/contract.binpb`, a `FileDescriptorSet` with imports and comments that `make protos` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from egov.common.v1 import options_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from google.rpc import error_details_pb2, status_pb2

CONTRACT_FILE = Path(__file__).resolve().parents[1] / "protos" / "gen" / "contract.binpb"
EVERY_SERVICE = "chassis"  # the package segment of services that every service of the backbone answers
_OWN_PACKAGE = re.compile(r"egov\.([a-z]+)\.v\d+")
_SAFE = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


@dataclass(frozen=True)
class Binding:
    """One HTTP form of a method, from `google.api.http`."""

    verb: str
    template: str
    body: str

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the path's variables, in order."""
        return tuple(re.findall(r"{([a-z_.]+)}", self.template))

    def regex(self, **literals: str) -> str:
        """The path as an RE2 expression; variables named in `literals` take that text only."""
        parts = re.split(r"{([a-z_.]+)}", self.template)
        texts = [re.escape(part) for part in parts[::2]]
        # A variable takes no colon: the colon begins a custom verb such as `:close`.
        names = [re.escape(literals[name]) if name in literals else "[^/:]+" for name in parts[1::2]]
        return "".join(text + name for text, name in zip(texts, [*names, ""], strict=True))


@dataclass(frozen=True)
class Method:
    """One RPC of the contract."""

    package: str
    service: str
    name: str
    input_type: str
    output_type: str
    access: options_pb2.Access
    read_only: bool
    bindings: tuple[Binding, ...]

    @property
    def full_name(self) -> str:
        """Such as `egov.grid.v1.GridService/GetIncident`."""
        return f"{self.package}.{self.service}/{self.name}"

    @property
    def owner(self) -> str:
        """The package's service segment: the backbone's service that answers, or `EVERY_SERVICE`."""
        found = _OWN_PACKAGE.fullmatch(self.package)
        if found is None:
            raise ValueError(f"{self.full_name}: package is not of the form egov.<service>.v<number>")
        return found[1]

    @property
    def outward(self) -> bool:
        """Whether callers outside may reach it."""
        return self.access.WhichOneof("door") == "outward"

    @property
    def anonymous(self) -> bool:
        """Whether it needs no token."""
        return self.outward and self.access.outward.anonymous


@dataclass(frozen=True)
class Contract:
    """A descriptor set and the methods in it."""

    files: descriptor_pb2.FileDescriptorSet

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """Methods of the backbone's own packages, in the order of the descriptor set."""
        return tuple(self._methods())

    @property
    def outward(self) -> tuple[Method, ...]:
        """Methods that callers outside may reach."""
        return tuple(method for method in self.methods if method.outward)

    @property
    def owners(self) -> tuple[str, ...]:
        """Names of the backbone's services that have outward methods of their own, sorted."""
        return tuple(sorted({method.owner for method in self.outward} - {EVERY_SERVICE}))

    def _methods(self) -> Iterator[Method]:
        for file in self.files.file:
            if not _OWN_PACKAGE.fullmatch(file.package):
                continue
            for service in file.service:
                for method in service.method:
                    yield _method(file.package, service.name, method)


def _method(package: str, service: str, method: descriptor_pb2.MethodDescriptorProto) -> Method:
    options = method.options
    return Method(
        package=package,
        service=service,
        name=method.name,
        input_type=method.input_type.lstrip("."),
        output_type=method.output_type.lstrip("."),
        access=options.Extensions[options_pb2.access],
        read_only=options.idempotency_level == _SAFE,
        bindings=tuple(_bindings(options.Extensions[annotations_pb2.http])),
    )


def _bindings(rule: http_pb2.HttpRule) -> Iterator[Binding]:
    pattern = rule.WhichOneof("pattern")
    if pattern in ("get", "put", "post", "delete", "patch"):
        yield Binding(verb=pattern.upper(), template=getattr(rule, pattern), body=rule.body)
    for more in rule.additional_bindings:
        yield from _bindings(more)


def load(path: Path = CONTRACT_FILE) -> Contract:
    """Reads the contract and adds the error types, which answers carry but no file of the contract imports."""
    files = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    for module in (error_details_pb2, status_pb2):
        _add(files, module.DESCRIPTOR)
    return Contract(files)


def _add(files: descriptor_pb2.FileDescriptorSet, file: FileDescriptor) -> None:
    """Adds the file behind those that it imports, unless it is there."""
    if any(known.name == file.name for known in files.file):
        return
    for imported in file.dependencies:
        _add(files, imported)
    file.CopyToProto(files.file.add())


def without_comments(files: descriptor_pb2.FileDescriptorSet) -> bytes:
    """The set as bytes without source information, which a proxy has no use for."""
    bare = descriptor_pb2.FileDescriptorSet()
    bare.CopyFrom(files)
    for file in bare.file:
        file.ClearField("source_code_info")
    return bare.SerializeToString(deterministic=True)
