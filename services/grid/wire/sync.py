"""Sync: bookmarks as tokens, and changes as answers."""

from __future__ import annotations

from uuid import UUID

from egov.grid.v1 import sync_pb2

from services.grid.domain.sync import Bookmark, Changes, Place
from services.grid.wire.messages import incident_message
from services.kernel.errors import Violation, invalid
from services.kernel.paging import instant, plain, read_token, token_of
from services.kernel.parties import Party

_TRANSACTIONS = 2**63


def _transaction(text: str) -> int:
    """Reader for the id of a transaction; ValueError for what the database would not take as one."""
    number = int(text)
    if not 0 <= number < _TRANSACTIONS:
        raise ValueError("no transaction id")
    return number


def bookmark(token: str) -> Bookmark | None:
    """Where an app stands; None: it has nothing. Refusal (INVALID) PAGE_TOKEN_INVALID for what is no token of ours."""
    if not token:
        return None
    try:
        epoch, mark, floor, transaction, incident_id, at = read_token(
            token, plain, plain, _transaction, _transaction, UUID, instant
        )
    except ValueError:
        raise invalid(Violation("token", "PAGE_TOKEN_INVALID")) from None
    return Bookmark(epoch, mark, floor, Place(transaction, incident_id), at)


def token(kept: Bookmark) -> str:
    """A bookmark as text."""
    return token_of((kept.epoch, kept.mark, kept.floor, *kept.after, kept.at))


def changes_message(
    changes: Changes, kept: Bookmark, department: str | None, party: Party
) -> sync_pb2.SyncIncidentsResponse:
    """Changes, for an answer to this party, who speaks for this department."""
    return sync_pb2.SyncIncidentsResponse(
        changes=[
            sync_pb2.IncidentChange(
                incident_id=str(each.incident_id),
                incident=incident_message(each.incident, department, party) if each.incident else None,
            )
            for each in changes.rows
        ],
        next_token=token(kept),
        more=changes.more,
    )
