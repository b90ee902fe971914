"""The statements of a read and of a grant by hand, for any driver; what they write is what the chassis writes.

Standard library, kernel and stubs only: each rival runs it in an environment of its own.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.tables import flush_statement
from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from services.kernel.ids import uuid7

# Built for the bench, so that no checker knows them.
pb: Any = importlib.import_module("egov.permits.v1.permits_service_pb2")
events: Any = importlib.import_module("egov.permits.v1.events_pb2")

SERVICE = "egov.permits.v1.PermitsService"
METHOD = f"{SERVICE}/GrantPermit"
CLIENT, PERSON, BOUND = "rizhao-office", "019b76da-a800-7181-9950-d99e1baeefcf", "371102"
DIGIT, PERMIT_DAYS, TIMEOUT_MS = 6, 30, "5000"

READ = (
    "SELECT id, case_number, version, region, owner, incident_id, ends_at, ended, sign_printed"
    " FROM permit WHERE id = %s AND region LIKE %s"
)
CLAIM = (
    "SELECT claimed, body_hash, response, case_number"
    " FROM chassis.claim(%s::bigint, %s::text, %s::date, %s::text, %s::text, %s::text, %s::text)"
)
SERIAL = "SELECT nextval('chassis.case_serial')"
ADD = (
    "INSERT INTO permit (id, case_number, version, region, owner, incident_id, ends_at, ended, sign_printed)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
FLUSH = flush_statement(("events", "outcome", "audit", "jobs"))

Row = Sequence[Any] | None
Run = Callable[[str, Sequence[Any] | Mapping[str, Any]], Row]
"""Executes a statement with its parameters; its first row, None when it returns none."""


def read(run: Run, request: Any) -> Any:
    """The answer to GetPermitRequest. LookupError when there is no such permit."""
    row = run(READ, (uuid.UUID(request.permit_id), f"{BOUND}%"))
    if row is None:
        raise LookupError(request.permit_id)
    return pb.GetPermitResponse(permit=_permit(row))


def grant(run: Run, request: Any, key: str) -> bytes:
    """The answer to GrantPermitRequest, written and not yet committed. RuntimeError when the key is in use."""
    now = datetime.now(UTC)
    body_hash = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    identity = "\0".join((CLIENT, PERSON, METHOD, key))
    lock = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], signed=True)
    kept = run(CLAIM, (lock, TIMEOUT_MS, shanghai_day(now), CLIENT, PERSON, METHOD, key))
    assert kept is not None
    if not kept[0] or (kept[2] is not None and bytes(kept[1]) != body_hash):
        raise RuntimeError("the key is in use")
    if kept[2] is not None:
        return bytes(kept[2])
    serial = run(SERIAL, ())
    assert serial is not None
    number = str(casenumber.make(request.region[:6], shanghai_day(now), DIGIT, serial[0]))
    ends_at = now + timedelta(days=PERMIT_DAYS)
    row = (uuid7(), number, 1, request.region, PERSON, uuid.UUID(request.incident_id), ends_at, False, False)
    run(ADD, row)
    response: bytes = pb.GrantPermitResponse(permit=_permit(row)).SerializeToString()
    trace_id = uuid.uuid4().hex
    outcome = _outcome(now, key, body_hash, response, number)
    run(FLUSH, _event(row, now, trace_id) | outcome | _audit(row, now, trace_id) | _job(row, trace_id))
    return response


def headers_of(
    event_id: uuid.UUID, permit_id: uuid.UUID, incident_id: uuid.UUID, number: str, region: str, at: datetime
) -> dict[str, str]:
    """The event's envelope, as the chassis renders it."""
    return {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": "/egov/permits",
        "ce_type": "egov.permits.v1.PermitGranted",
        "ce_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce_subject": str(permit_id),
        "ce_aggregateversion": "1",
        "content-type": "application/protobuf",
        "ce_casenumber": number,
        "ce_casephase": "opens",
        "ce_region": region,
        "ce_audience": "permits.read",
        "ce_actor": f"person/{PERSON}",
        "ce_links": f"concerns:{incident_id}",
    }


def _permit(row: Sequence[Any]) -> Any:
    permit = pb.Permit(
        permit_id=str(row[0]),
        case_number=row[1],
        version=row[2],
        region=row[3],
        incident_id=str(row[5]),
        ended=row[7],
        sign_printed=row[8],
    )
    permit.ends_at.FromDatetime(row[6])
    return permit


def _event(row: Sequence[Any], now: datetime, trace_id: str) -> dict[str, Any]:
    permit_id, number, version, region, _, incident_id = row[:6]
    event_id = uuid7()
    event = events.PermitGranted(
        permit_id=str(permit_id), version=version, case_number=number, region=region, incident_id=str(incident_id)
    )
    return {
        "event_ids": [event_id],
        "logged_at": [now],
        "types": ["egov.permits.v1.PermitGranted"],
        "keys": [str(permit_id)],
        "versions": [version],
        "event_cases": [number],
        "headers": [json.dumps(headers_of(event_id, permit_id, incident_id, number, region, now))],
        "traceparents": [traceparent(trace_id)],
        "bodies": [event.SerializeToString()],
    }


def _outcome(now: datetime, key: str, body_hash: bytes, response: bytes, number: str) -> dict[str, Any]:
    return {
        "day": shanghai_day(now),
        "client": CLIENT,
        "subject": PERSON,
        "method": METHOD,
        "key": key,
        "body_hash": body_hash,
        "response": response,
        "case_number": number,
    }


def _audit(row: Sequence[Any], now: datetime, trace_id: str) -> dict[str, Any]:
    return {
        "audit_id": uuid7(),
        "audit_logged_at": now,
        "audit_workload": "gateway",
        "audit_client": CLIENT,
        "audit_subject": PERSON,
        "audit_department": None,
        "audit_region": BOUND,
        "audit_method": METHOD,
        "audit_case_number": row[1],
        "audit_target": str(row[0]),
        "audit_outcome": "OK",
        "audit_trace_id": trace_id,
        "audit_note": None,
    }


def _job(row: Sequence[Any], trace_id: str) -> dict[str, Any]:
    return {
        "job_ids": [uuid7()],
        "job_names": ["print_sign"],
        "job_keys": [str(row[0])],
        "job_payloads": [json.dumps({"permit_id": str(row[0])})],
        "job_cases": [row[1]],
        "job_traces": [traceparent(trace_id)],
    }


def traceparent(trace_id: str) -> str:
    """The trace that a row belongs to; not recorded."""
    return f"00-{trace_id}-{trace_id[:16]}-00"
