"""Sessions of the console, and tickets that were used."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from observability.casetrace.domain.sessions import Session

COLUMNS = (
    "id", "operator", "client_id", "subject", "department", "region", "roles", "scopes", "level", "rights_at",
    "ends_at",
)  # fmt: skip
RIGHTS = ("client_id", "subject", "department", "region", "roles", "scopes", "level", "rights_at")

USE = sa.text("INSERT INTO console_ticket (id, ends_at) VALUES (:id, :ends_at) ON CONFLICT DO NOTHING")
ADD = sa.text(
    f"INSERT INTO console_session ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
)
LOAD = sa.text(f"SELECT {', '.join(COLUMNS)} FROM console_session WHERE id = :id AND ends_at > :now")
RENEW = sa.text(f"UPDATE console_session SET {', '.join(f'{name} = :{name}' for name in RIGHTS)} WHERE id = :id")
END = sa.text("DELETE FROM console_session WHERE id = :id")
FORGET = (
    sa.text("DELETE FROM console_ticket WHERE ends_at <= :now"),
    sa.text("DELETE FROM console_session WHERE ends_at <= :now"),
)


class SessionStore:
    """Sessions and used tickets over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def use_ticket(self, id: bytes, ends_at: datetime) -> bool:
        """Note that a ticket was used; False when it was used before."""
        return self._connection.execute(USE, {"id": id, "ends_at": ends_at}).rowcount == 1

    def add(self, session: Session) -> None:
        """Keep a new session."""
        self._connection.execute(ADD, _row(session))

    def load(self, id: bytes, now: datetime) -> Session | None:
        """The session, None if there is none that has not ended."""
        row = self._connection.execute(LOAD, {"id": id, "now": now}).one_or_none()
        if row is None:
            return None
        return Session(**dict(row._mapping) | {"roles": frozenset(row.roles), "scopes": frozenset(row.scopes)})

    def renew(self, session: Session) -> None:
        """Keep what the operator may do now. One that was ended meanwhile stays ended."""
        self._connection.execute(RENEW, _row(session))

    def end(self, id: bytes) -> None:
        """Forget a session."""
        self._connection.execute(END, {"id": id})

    def forget(self, now: datetime) -> None:
        """Forget what has ended by itself."""
        for statement in FORGET:
            self._connection.execute(statement, {"now": now})


def _row(session: Session) -> dict[str, Any]:
    return asdict(session) | {"roles": sorted(session.roles), "scopes": sorted(session.scopes)}
