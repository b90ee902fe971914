"""Parties by reference, between the kernel and the contract: both ways."""

from __future__ import annotations

from egov.common.v1 import parties_pb2

from services.kernel.parties import Party

KINDS = {
    parties_pb2.PARTY_KIND_PERSON: "person",
    parties_pb2.PARTY_KIND_DEPARTMENT: "department",
    parties_pb2.PARTY_KIND_CLIENT: "client",
    parties_pb2.PARTY_KIND_ENTERPRISE: "enterprise",
}
"""The kinds of `kernel.parties.Party` by those of the contract."""

_KINDS_OUT = {kind: number for number, kind in KINDS.items()}


def party(message: parties_pb2.Party) -> Party:
    """A party, from the contract. KeyError for a kind that it does not have."""
    return Party(KINDS[message.kind], message.id)


def party_message(party: Party) -> parties_pb2.Party:
    """A party for the contract."""
    return parties_pb2.Party(kind=_KINDS_OUT[party.kind], id=party.id)
