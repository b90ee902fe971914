"""The events that identity records. Ids and codes only."""

from __future__ import annotations

from datetime import datetime

from egov.identity.v1 import events_pb2

from services.chassis.moments import stamp
from services.identity.domain.holders import Holder
from services.identity.domain.members import Member
from services.identity.domain.standing import Standing
from services.identity.wire.messages import DISABLE_REASONS
from services.kernel.parties import Party

Stands = events_pb2.SubjectDisabled | events_pb2.SubjectEnabled | events_pb2.ClientDisabled | events_pb2.ClientEnabled


def member_registered(known: Member, at: datetime) -> events_pb2.MemberRegistered:
    """A member system was registered."""
    return events_pb2.MemberRegistered(
        client_id=known.client_id,
        version=known.version,
        region=known.region,
        scopes=known.scopes,
        registered_at=stamp(at),
    )


def holder_registered(known: Holder) -> events_pb2.HolderRegistered:
    """A person or an enterprise was registered."""
    return events_pb2.HolderRegistered(
        holder_id=str(known.holder_id),
        version=known.version,
        kind_code=known.kind_code,
        region=known.region,
        registered_at=stamp(known.registered_at),
    )


def stands(party: Party, now: Standing, at: datetime) -> Stands:
    """A person or a member system was shut out, or let in again at this moment."""
    moment = stamp(at)
    if now.reason is None:
        if party.kind == "person":
            return events_pb2.SubjectEnabled(person_id=party.id, version=now.version, enabled_at=moment)
        return events_pb2.ClientEnabled(client_id=party.id, version=now.version, enabled_at=moment)
    reason = DISABLE_REASONS[now.reason]
    if party.kind == "person":
        return events_pb2.SubjectDisabled(person_id=party.id, version=now.version, reason=reason, disabled_at=moment)
    return events_pb2.ClientDisabled(client_id=party.id, version=now.version, reason=reason, disabled_at=moment)
