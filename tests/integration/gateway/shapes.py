"""The one shape of every error."""

from __future__ import annotations

import re

from .stack import Reply

GRID = "egov.grid.v1.GridService/"
INCIDENT = "/v1/incidents/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"


def assert_shape(reply: Reply, status: int, reason: str, code: int) -> None:
    """The one shape: code, message, ErrorInfo, both languages, trace id."""
    assert (reply.status, reply.reason) == (status, reason), reply.text
    assert reply.headers["content-type"].startswith("application/json")
    value = reply.json()
    assert (value["code"], bool(value["message"])) == (code, True)
    assert reply.detail("ErrorInfo")["domain"] == "egov"
    texts = {each["locale"]: each["message"] for each in value["details"] if "locale" in each}
    assert set(texts) == {"zh-CN", "en"}
    assert all(texts.values())
    assert "%" not in reply.text
    trace_id = reply.detail("RequestInfo")["requestId"]
    assert re.fullmatch("[0-9a-f]{32}", trace_id) and trace_id == reply.headers["egov-trace-id"]
