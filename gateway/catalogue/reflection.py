"""gRPC reflection for the whole contract, in the forms v1 and v1alpha, whose messages are the same on the wire.

Only the outward services are listed, since no other can be reached; types are answered all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2 as messages

from gateway.catalogue.model import Book
from gateway.routes import REFLECTION

MOST_QUESTIONS = 2_000  # a stream holds a thread of the pool, so that it must come to an end


class Reflection(grpc.GenericRpcHandler):
    """Answers questions about files, symbols and services."""

    def __init__(self, book: Book) -> None:
        self._services = [*book.services, *REFLECTION]
        self._files = {file.name: file for file in (*book.contract.files.file, *_own_files())}
        self._symbols = {name: file.name for file in self._files.values() for name in _symbols(file)}
        self._extensions = {
            (field.extendee.lstrip("."), field.number): file.name
            for file in self._files.values()
            for field in file.extension
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The one method of both forms."""
        if details.method not in {f"/{name}/ServerReflectionInfo" for name in REFLECTION}:
            return None
        return grpc.stream_stream_rpc_method_handler(
            self._talk,
            request_deserializer=messages.ServerReflectionRequest.FromString,
            response_serializer=messages.ServerReflectionResponse.SerializeToString,
        )

    def _talk(
        self, questions: Iterator[messages.ServerReflectionRequest], context: grpc.ServicerContext
    ) -> Iterator[messages.ServerReflectionResponse]:
        for count, question in enumerate(questions):
            if count == MOST_QUESTIONS:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many questions on one stream")
            answer = self.answer(question)
            answer.original_request.CopyFrom(question)
            answer.valid_host = question.host
            yield answer

    def answer(self, question: messages.ServerReflectionRequest) -> messages.ServerReflectionResponse:
        """The answer to one question."""
        asked = question.WhichOneof("message_request")
        if asked == "list_services":
            names = [messages.ServiceResponse(name=name) for name in self._services]
            listed = messages.ListServiceResponse(service=names)
            return messages.ServerReflectionResponse(list_services_response=listed)
        if asked == "file_by_filename":
            return self._file(question.file_by_filename)
        if asked == "file_containing_symbol":
            return self._file(self._symbols.get(question.file_containing_symbol))
        if asked == "file_containing_extension":
            wanted = question.file_containing_extension
            return self._file(self._extensions.get((wanted.containing_type, wanted.extension_number)))
        if asked == "all_extension_numbers_of_type":
            return self._numbers(question.all_extension_numbers_of_type)
        return _refusal(grpc.StatusCode.INVALID_ARGUMENT)

    def _file(self, name: str | None) -> messages.ServerReflectionResponse:
        """The file and all that it imports, so that one answer is enough."""
        if name not in self._files:
            return _refusal(grpc.StatusCode.NOT_FOUND)
        found: dict[str, bytes] = {}
        waiting = [name]
        while waiting:
            file = self._files[waiting.pop()]
            if file.name not in found:
                found[file.name] = file.SerializeToString(deterministic=True)
                waiting.extend(file.dependency)
        listed = messages.FileDescriptorResponse(file_descriptor_proto=list(found.values()))
        return messages.ServerReflectionResponse(file_descriptor_response=listed)

    def _numbers(self, extendee: str) -> messages.ServerReflectionResponse:
        numbers = sorted(number for name, number in self._extensions if name == extendee)
        if not numbers:
            return _refusal(grpc.StatusCode.NOT_FOUND)
        listed = messages.ExtensionNumberResponse(base_type_name=extendee, extension_number=numbers)
        return messages.ServerReflectionResponse(all_extension_numbers_response=listed)


def _own_files() -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """Reflection's own contract. The form v1 is v1alpha under another name, and no package carries it."""
    alpha = descriptor_pb2.FileDescriptorProto()
    messages.DESCRIPTOR.CopyToProto(alpha)
    yield alpha
    stable = descriptor_pb2.FileDescriptorProto()
    stable.CopyFrom(alpha)
    stable.name, stable.package = "grpc/reflection/v1/reflection.proto", "grpc.reflection.v1"
    fields = [field for message in stable.message_type for field in message.field]
    for field in fields:
        field.type_name = field.type_name.replace(".v1alpha.", ".v1.")
    for method in stable.service[0].method:
        method.input_type = method.input_type.replace(".v1alpha.", ".v1.")
        method.output_type = method.output_type.replace(".v1alpha.", ".v1.")
    yield stable


def _refusal(code: grpc.StatusCode) -> messages.ServerReflectionResponse:
    error = messages.ErrorResponse(error_code=code.value[0], error_message=code.value[1])
    return messages.ServerReflectionResponse(error_response=error)


def _symbols(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    """Full names of everything that the file defines, whether or not it is commented."""
    prefix = f"{file.package}." if file.package else ""
    for message in file.message_type:
        yield from _message_symbols(prefix, message)
    for enum in file.enum_type:
        yield f"{prefix}{enum.name}"
    for field in file.extension:
        yield f"{prefix}{field.name}"
    for service in file.service:
        yield f"{prefix}{service.name}"
        yield from (f"{prefix}{service.name}.{method.name}" for method in service.method)


def _message_symbols(prefix: str, message: descriptor_pb2.DescriptorProto) -> Iterator[str]:
    name = f"{prefix}{message.name}"
    yield name
    yield from (f"{name}.{field.name}" for field in message.field)
    yield from (f"{name}.{enum.name}" for enum in message.enum_type)
    for nested in message.nested_type:
        yield from _message_symbols(f"{name}.", nested)
