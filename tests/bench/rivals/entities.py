"""The tables of a grant as entities of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Entity(DeclarativeBase):
    """What all have in common: moments have a zone, objects are JSONB."""

    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}  # noqa: RUF012


class Permit(Entity):
    """A permit."""

    __tablename__ = "permit"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_number: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger)
    region: Mapped[str]
    owner: Mapped[str]
    incident_id: Mapped[UUID]
    ends_at: Mapped[datetime]
    ended: Mapped[bool]
    sign_printed: Mapped[bool]


class LoggedEvent(Entity):
    """An event in the log of record."""

    __tablename__ = "event_log"
    __table_args__ = {"schema": "chassis"}  # noqa: RUF012
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    logged_at: Mapped[datetime] = mapped_column(primary_key=True)
    type: Mapped[str]
    aggregate_id: Mapped[str]
    aggregate_version: Mapped[int] = mapped_column(BigInteger)
    case_number: Mapped[str | None]
    headers: Mapped[dict[str, Any]]
    traceparent: Mapped[str | None]
    body: Mapped[bytes]


class QueuedEvent(Entity):
    """An event that is to be published."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "chassis"}  # noqa: RUF012
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    logged_at: Mapped[datetime]


class Outcome(Entity):
    """What a key's call came to."""

    __tablename__ = "idempotency"
    __table_args__ = {"schema": "chassis"}  # noqa: RUF012
    client: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    response: Mapped[bytes]
    case_number: Mapped[str | None]


class Audited(Entity):
    """A row of the audit log."""

    __tablename__ = "audit_log"
    __table_args__ = {"schema": "chassis"}  # noqa: RUF012
    id: Mapped[UUID] = mapped_column(primary_key=True)
    logged_at: Mapped[datetime] = mapped_column(primary_key=True)
    workload: Mapped[str]
    client: Mapped[str | None]
    subject: Mapped[str | None]
    department: Mapped[str | None]
    region: Mapped[str | None]
    method: Mapped[str]
    case_number: Mapped[str | None]
    target: Mapped[str | None]
    outcome: Mapped[str]
    trace_id: Mapped[str | None]
    note: Mapped[str | None]


class Job(Entity):
    """Work for after the commit."""

    __tablename__ = "job"
    __table_args__ = {"schema": "chassis"}  # noqa: RUF012
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    case_number: Mapped[str | None]
    traceparent: Mapped[str | None]
    state: Mapped[str]
    enqueued_at: Mapped[datetime]
    due_at: Mapped[datetime]
