"""Load and save member systems, and what the token endpoint remembers of them."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.identity.domain.members import Member
from services.identity.store.organisations import OrganisationStore
from services.identity.store.regions import RegionStore
from services.identity.store.tables import failed_attempt, member, used_assertion

_BY_CLIENT = sa.select(member).where(member.c.client_id == sa.bindparam("client_id"))
_ADD = insert(member).on_conflict_do_nothing().returning(member.c.client_id)
_USE = insert(used_assertion).on_conflict_do_nothing().returning(used_assertion.c.jti)
_FAILED = (
    sa.select(sa.func.count())
    .select_from(failed_attempt)
    .where(failed_attempt.c.client_id == sa.bindparam("client_id"), failed_attempt.c.at > sa.bindparam("since"))
)
_NOTE_FAILED = sa.insert(failed_attempt)
_FORGET = (
    sa.delete(used_assertion).where(used_assertion.c.expires_at < sa.bindparam("moment")),
    sa.delete(failed_attempt).where(failed_attempt.c.at < sa.bindparam("moment") - sa.text("interval '1 hour'")),
)


class MemberStore(OrganisationStore, RegionStore):
    """Member systems in the database, beside the regions and organisations that they refer to."""

    def member(self, client_id: str) -> Member | None:
        """The member system, None if there is none."""
        row = self._connection.execute(_BY_CLIENT, {"client_id": client_id}).one_or_none()
        return None if row is None else _member(row)

    def add_member(self, new: Member) -> bool:
        """Keep a new member system; False when its client id is taken."""
        return self._connection.execute(_ADD, as_row(new)).one_or_none() is not None

    def use_assertion(self, client_id: str, jti: str, until: datetime) -> bool:
        """Note that an assertion was used; False when it had been used before."""
        given = {"client_id": client_id, "jti": jti, "expires_at": until}
        return self._connection.execute(_USE, given).one_or_none() is not None

    def failed_attempts(self, client_id: str, since: datetime) -> int:
        """How many wrong secrets were shown for the client since then."""
        return self._connection.scalar(_FAILED, {"client_id": client_id, "since": since}) or 0

    def note_failed_attempt(self, client_id: str, at: datetime) -> None:
        """Note a wrong secret."""
        self._connection.execute(_NOTE_FAILED, {"client_id": client_id, "at": at})

    def forget(self, moment: datetime) -> None:
        """Delete used assertions that have expired by now and failed attempts of an hour ago."""
        for statement in _FORGET:
            self._connection.execute(statement, {"moment": moment})


def as_row(known: Member) -> dict[str, Any]:
    """The columns of a member system; how it stands is saved apart."""
    row = {
        name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(known).items()
    }
    del row["disabled"]
    return row


def _member(row: sa.Row[Any]) -> Member:
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row._mapping.items()
    }
    del columns["disable_reason"]
    return Member(disabled=columns.pop("disabled_since") is not None, **columns)
