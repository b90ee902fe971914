"""Idempotency: a changing call has a key, and its committed outcome is kept under it.

A key is claimed without waiting; a twin in flight is told so. Only committed outcomes are kept, for seven days. Another
body under the same key is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.chassis.call import Call
from services.kernel.errors import Kind, Refusal, conflict

CLAIM = (
    "SELECT claimed, body_hash, response, case_number"
    " FROM chassis.claim(%s::bigint, %s::text, %s::date, %s::text, %s::text, %s::text, %s::text)"
)


class Replayed(Exception):
    """The call was made before under its key and its outcome is kept: the stored answer is the answer."""

    def __init__(self, response: bytes, case_number: str | None) -> None:
        super().__init__("replayed")
        self.response = response
        self.case_number = case_number


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What an outcome is kept under: client, person, method and key; and the hash of the request's bytes."""

    day: date
    client: str
    subject: str
    method: str
    key: str
    body_hash: bytes

    @property
    def lock(self) -> int:
        """The advisory lock that twins in flight contend for: 64 bits of a hash of the key."""
        identity = "\0".join((self.client, self.subject, self.method, self.key))
        return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], signed=True)


def idempotency_of(call: Call, today: date) -> Idempotency | None:
    """What the call's outcome is kept under; None for work that has no key."""
    if call.method is None or call.idempotency_key is None:
        return None
    return Idempotency(
        day=today,
        client=call.caller.client_id or call.caller.workload,
        subject=call.caller.subject or "",
        method=call.method.full_name,
        key=call.idempotency_key,
        body_hash=hashlib.sha256(call.request.SerializeToString(deterministic=True)).digest(),
    )


def claim(connection: sa.Connection, wanted: Idempotency, timeout_ms: int) -> None:
    """Claim the key in the transaction just begun, and limit its statements to `timeout_ms`.

    Raises Replayed when an outcome is kept, Refusal KEY_REUSED when it was another request's, IN_PROGRESS for a twin.
    """
    facts = (wanted.lock, str(timeout_ms), wanted.day, wanted.client, wanted.subject, wanted.method, wanted.key)
    row = connection.exec_driver_sql(CLAIM, facts).one()
    if not row.claimed:
        raise conflict("IN_PROGRESS", retry_after_s=0.2)
    if row.response is None:
        return
    if bytes(row.body_hash) != wanted.body_hash:
        raise Refusal("KEY_REUSED", Kind.INVALID)
    raise Replayed(bytes(row.response), row.case_number)
