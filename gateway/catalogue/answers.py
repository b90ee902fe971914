"""The errors of the JSON side, in OpenAPI."""

from __future__ import annotations

from gateway import errors
from gateway.catalogue.schemas import Schema, reference

ERRORS = {
    "400": "The request is wrong, or does not fit the state that things are in.",
    "401": "There is no token, or none that is valid.",
    "403": "The caller is known and may not.",
    "404": "No such thing, or none that this caller may know of.",
    "409": "Someone else was faster: read again, then try again.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "429": "Too many calls; header Retry-After says when the next may come.",
    "431": "The headers are too large.",
    "500": "A fault of the backbone; tell the operators the trace id.",
    "503": "The service is not available at the moment.",
    "504": "The service did not answer in time.",
}


def status_schema() -> Schema:
    """`google.rpc.Status` with the details that an answer has."""
    detail = {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
        "description": "ErrorInfo, LocalizedMessage (zh-CN, en), RequestInfo (trace id), BadRequest, RetryInfo.",
    }
    return {
        "type": "object",
        "description": "Every error has this form.",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "gRPC status code."},
            "message": {"type": "string", "description": "What happened, for developers."},
            "details": {"type": "array", "items": detail, "description": "More, each with its type in `@type`."},
        },
    }


def error_response(code: str, description: str) -> Schema:
    """The answer of this HTTP status, with an example where the gateway gives it by itself."""
    content: Schema = {"schema": reference("google.rpc.Status")}
    own = next((error for error in errors.ERRORS if str(error.http) == code and not error.names_service), None)
    if own is not None:
        content["example"] = errors.status_json(own, "4bf92f3577b34da6a3ce929d0e0e4736")
    headers = {"egov-trace-id": {"$ref": "#/components/headers/egov-trace-id"}}
    if code in ("429", "503"):
        headers["retry-after"] = {"$ref": "#/components/headers/retry-after"}
    return {"description": description, "headers": headers, "content": {"application/json": content}}
