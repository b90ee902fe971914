"""A case in spans, made by hand: filed through the gateway, sent, taken, mailed."""

from collections.abc import Mapping

from observability.records import SpanRecord, Value

CASE = "371102-20261123-2000427-X"
OTHER = "371102-20261123-2000428-V"
EVENT = "019ab2c4-0000-7000-8000-000000000001"
ZERO_NS = 1_795_428_000_000_000_000


def span(
    number: int,
    parent: int = 0,
    name: str = "commit",
    *,
    kind: str = "internal",
    service: str = "grid",
    at_ms: float = 0,
    lasts_ms: float = 1,
    trace: int = 1,
    case: str | None = CASE,
    failed: bool = False,
    attributes: Mapping[str, Value] | None = None,
) -> SpanRecord:
    """One span. `parent` 0 makes a root."""
    start_ns = ZERO_NS + int(at_ms * 1e6)
    return SpanRecord(
        trace=f"{trace:032x}",
        span=f"{number:016x}",
        parent=f"{parent:016x}" if parent else "",
        name=name,
        kind=kind,
        service=service,
        start_ns=start_ns,
        end_ns=start_ns + int(lasts_ms * 1e6),
        failed=failed,
        attributes=dict(attributes or {}) | ({"egov.case.number": case} if case else {}),
    )


def filed() -> list[SpanRecord]:
    """Gateway, grid, relay, notification, mail: six spans of one trace, the mail failed."""
    event: dict[str, Value] = {"egov.event.id": EVENT, "egov.event.type": "egov.grid.v1.IncidentFiled"}
    facts: dict[str, Value] = {
        "egov.event.time": "2026-11-23T10:00:00.012Z",
        "egov.event.phase": "opens",
        "egov.event.holder": "department/371102-ZHZX",
    }
    taking: dict[str, Value] = {
        "egov.consumer": "incident-notices",
        "egov.event.outcome": "taken",
        "egov.wait_ms": 40.0,
    }
    method = "egov.grid.v1.GridService/FileIncident"
    topic, there = "egov.grid.v1", "notification"
    refused: dict[str, Value] = {"egov.reason": "MAIL_REFUSED"}
    return [
        span(1, 0, "ingress", kind="server", service="gateway", lasts_ms=30),
        span(2, 1, method, kind="server", at_ms=3, lasts_ms=22, attributes={"rpc.method": method}),
        span(3, 2, "commit", at_ms=12, lasts_ms=8),
        span(4, 2, f"send {topic}", kind="producer", at_ms=45, lasts_ms=4, attributes=event | facts),
        span(5, 4, f"process {topic}", kind="consumer", service=there, at_ms=52, lasts_ms=9, attributes=event | taking),
        span(6, 5, "job send_mail", service=there, at_ms=90, lasts_ms=250, failed=True, attributes=refused),
    ]
