"""The usual way: FastAPI, SQLAlchemy's asynchronous ORM over asyncpg, OpenTelemetry; uvicorn in one process."""

from __future__ import annotations

import hashlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Response
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from services.kernel.ids import uuid7
from tests.bench.rivals import statements
from tests.bench.rivals.entities import Audited, Job, LoggedEvent, Outcome, Permit, QueuedEvent
from tests.bench.rivals.statements import BOUND, CLIENT, DIGIT, METHOD, PERSON, SERIAL, headers_of

CLAIM = text(
    "SELECT claimed, body_hash, response FROM chassis.claim("
    "CAST(:lock AS bigint), :timeout, CAST(:today AS date), :client, :subject, :method, :key)"
)
NEXT_CASE = text(SERIAL)


class Wanted(BaseModel):
    """What to permit."""

    region: str = Field(pattern=r"^[0-9]{6,15}$")
    incident_id: UUID


class Granted(BaseModel):
    """The permit that was granted."""

    permit_id: UUID
    case_number: str
    version: int
    region: str
    incident_id: UUID
    ends_at: datetime
    ended: bool
    sign_printed: bool


class Permits:
    """The method, over sessions of one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def grant(self, wanted: Wanted, idempotency_key: Annotated[str, Header()]) -> Response:
        """Grant a permit and open its case."""
        async with self._sessions.begin() as session:
            body = await _grant(session, wanted, idempotency_key)
        return Response(body, media_type="application/json")


async def _grant(session: AsyncSession, wanted: Wanted, key: str) -> bytes:
    now = datetime.now(UTC)
    body_hash = hashlib.sha256(wanted.model_dump_json().encode()).digest()
    kept = (await session.execute(CLAIM, _claim(now, key))).one()
    if not kept.claimed or (kept.response is not None and kept.body_hash != body_hash):
        raise HTTPException(409, "the key is in use")
    if kept.response is not None:
        return bytes(kept.response)
    serial = (await session.execute(NEXT_CASE)).scalar_one()
    number = str(casenumber.make(wanted.region[:6], shanghai_day(now), DIGIT, serial))
    permit = Permit(
        id=uuid7(),
        case_number=number,
        version=1,
        region=wanted.region,
        owner=PERSON,
        incident_id=wanted.incident_id,
        ends_at=now + timedelta(days=statements.PERMIT_DAYS),
        ended=False,
        sign_printed=False,
    )
    answer = _granted(permit)
    outcome = Outcome(
        day=shanghai_day(now),
        client=CLIENT,
        subject=PERSON,
        method=METHOD,
        key=key,
        body_hash=body_hash,
        response=answer,
        case_number=number,
    )
    session.add_all([permit, *_event(permit, now), outcome, _audited(permit, now), _job(permit, now)])
    return answer


def _claim(now: datetime, key: str) -> dict[str, object]:
    identity = "\0".join((CLIENT, PERSON, METHOD, key))
    return {
        "lock": int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], signed=True),
        "timeout": statements.TIMEOUT_MS,
        "today": shanghai_day(now),
        "client": CLIENT,
        "subject": PERSON,
        "method": METHOD,
        "key": key,
    }


def _granted(permit: Permit) -> bytes:
    granted = Granted(
        permit_id=permit.id,
        case_number=permit.case_number,
        version=permit.version,
        region=permit.region,
        incident_id=permit.incident_id,
        ends_at=permit.ends_at,
        ended=permit.ended,
        sign_printed=permit.sign_printed,
    )
    return granted.model_dump_json().encode()


def _event(permit: Permit, now: datetime) -> list[LoggedEvent | QueuedEvent]:
    event_id = uuid7()
    logged = LoggedEvent(
        event_id=event_id,
        logged_at=now,
        type="egov.permits.v1.PermitGranted",
        aggregate_id=str(permit.id),
        aggregate_version=permit.version,
        case_number=permit.case_number,
        headers=headers_of(event_id, permit.id, permit.incident_id, permit.case_number, permit.region, now),
        traceparent=_traceparent(),
        body=_granted(permit),
    )
    return [logged, QueuedEvent(event_id=event_id, logged_at=now)]


def _audited(permit: Permit, now: datetime) -> Audited:
    return Audited(
        id=uuid7(),
        logged_at=now,
        workload="gateway",
        client=CLIENT,
        subject=PERSON,
        region=BOUND,
        method=METHOD,
        case_number=permit.case_number,
        target=str(permit.id),
        outcome="OK",
        trace_id=f"{trace.get_current_span().get_span_context().trace_id:032x}",
    )


def _job(permit: Permit, now: datetime) -> Job:
    return Job(
        id=uuid7(),
        name="print_sign",
        key=str(permit.id),
        payload={"permit_id": str(permit.id)},
        case_number=permit.case_number,
        traceparent=_traceparent(),
        state="PENDING",
        enqueued_at=now,
        due_at=now,
    )


def _traceparent() -> str:
    context = trace.get_current_span().get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def engine_of(url: str, connections: int) -> AsyncEngine:
    """An engine of so many connections; the roots that the URL names in libpq's way are handed to asyncpg."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=parse_qs(parts.query)["sslrootcert"][0])
    address = parts._replace(scheme="postgresql+asyncpg", query="").geturl()
    return create_async_engine(address, pool_size=connections, max_overflow=0, connect_args={"ssl": context})


def record_spans(app: FastAPI, engine: AsyncEngine, ratio: float, collector: str) -> None:
    """Spans of requests and statements, a share of them recorded and sent in batches."""
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)), resource=Resource({"service.name": "permits"})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=collector, insecure=True)))
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine)


def main() -> None:
    """Serve until ended."""
    settings = os.environ
    engine = engine_of(settings["BENCH_DATABASE"], int(settings["BENCH_THREADS"]))
    app = FastAPI()
    app.post("/v1/permits", response_model=Granted)(Permits(engine).grant)
    record_spans(app, engine, float(settings["BENCH_TRACE_RATIO"]), settings["BENCH_COLLECTOR"])
    host, _, port = settings["BENCH_LISTEN"].rpartition(":")
    uvicorn.run(
        app,
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        ssl_certfile=settings["BENCH_TLS_CERT"],
        ssl_keyfile=settings["BENCH_TLS_KEY"],
        ssl_ca_certs=settings["BENCH_TLS_TRUST"],
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )


if __name__ == "__main__":
    main()
