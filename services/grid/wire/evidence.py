"""Evidence: between the contract and the domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from egov.grid.v1 import evidence_pb2

from services.chassis.moments import stamp
from services.grid.domain.evidence import Proof
from services.grid.wire.catalogue import EVIDENCE_OUT

KINDS = {number: kind for kind, number in EVIDENCE_OUT.items()}


def proofs(messages: Iterable[evidence_pb2.Proof], now: datetime) -> tuple[Proof, ...]:
    """What is handed in now, from a request."""
    return tuple(
        Proof(kind=KINDS[each.kind], reference=each.reference, sha256=each.sha256, given_at=now) for each in messages
    )


def proof_messages(given: Iterable[Proof]) -> list[evidence_pb2.Proof]:
    """What was handed in, for an answer."""
    return [
        evidence_pb2.Proof(
            kind=EVIDENCE_OUT[each.kind],
            reference=each.reference,
            sha256=each.sha256,
            given_at=stamp(each.given_at),
            superseded=each.superseded,
        )
        for each in given
    ]
