"""The catalogue through the gateway: reflection, OpenAPI, the page."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2 as messages

from gateway.routes import REFLECTION

from .stack import Stack


def ask(
    gateway: Stack, service: str, *questions: messages.ServerReflectionRequest
) -> list[messages.ServerReflectionResponse]:
    """Answers to the questions, on one stream."""

    def stream() -> Iterator[messages.ServerReflectionRequest]:
        yield from questions

    with gateway.channel() as channel:
        talk = channel.stream_stream(
            f"/{service}/ServerReflectionInfo",
            request_serializer=messages.ServerReflectionRequest.SerializeToString,
            response_deserializer=messages.ServerReflectionResponse.FromString,
        )
        return list(talk(stream(), timeout=10))


@pytest.mark.parametrize("service", REFLECTION)
def test_reflection_answers_for_the_whole_contract(gateway: Stack, service: str) -> None:
    listed, by_symbol, by_file, by_extension, unknown = ask(
        gateway,
        service,
        messages.ServerReflectionRequest(list_services=""),
        messages.ServerReflectionRequest(file_containing_symbol="egov.grid.v1.GridService.FileIncident"),
        messages.ServerReflectionRequest(file_by_filename="egov/grid/v1/events.proto"),
        messages.ServerReflectionRequest(
            file_containing_extension=messages.ExtensionRequest(
                containing_type="google.protobuf.MethodOptions", extension_number=50101
            )
        ),
        messages.ServerReflectionRequest(file_containing_symbol="no.Such"),
    )
    names = {item.name for item in listed.list_services_response.service}
    assert {"egov.grid.v1.GridService", "egov.chassis.v1.OperationsService", *REFLECTION} <= names
    for answer in (by_symbol, by_file, by_extension):
        assert answer.file_descriptor_response.file_descriptor_proto
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_the_page_has_no_foreign_asset_and_a_strict_policy(gateway: Stack) -> None:
    for language, title in (("zh-CN", "接口目录"), ("en", "API catalogue")):
        page = gateway.call("GET", f"/docs?lang={language}", None)
        assert page.status == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none';")
        assert f'<html lang="{language}">' in page.text
        assert title in page.text
        for shown in ("FileIncident", "IncidentFiled", "ce_casenumber", "grid.incidents.dispatch", "curl -X POST"):
            assert shown in page.text
        assert 'src="http' not in page.text
        assert "GetContact<" not in page.text
        assert gateway.call("GET", "/docs", None, headers={"if-none-match": page.headers["etag"]}).status in (200, 304)
    for asset in ("/docs/docs.css", "/docs/docs.js"):
        assert gateway.call("GET", asset, None).status == 200
    assert gateway.call("GET", "/docs/other", None).reason == "NO_SUCH_ROUTE"


def test_openapi_is_served(gateway: Stack) -> None:
    reply = gateway.call("GET", "/openapi.json", None)
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json()["openapi"] == "3.1.0"
