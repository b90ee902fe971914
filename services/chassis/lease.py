"""A lease row: of all processes that could do a work, one does it at a time.

The database's clock decides. Every new owner raises the epoch; whoever works under the lease names its epoch in each
statement that matters, so that a process that was stopped and wakes up later can do no harm.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

LEASE_S = 5.0

TAKE = sa.text(
    "UPDATE chassis.lease SET owner = :owner, epoch = epoch + 1,"
    " expires_at = clock_timestamp() + :length * interval '1 s'"
    " WHERE name = :name AND expires_at < clock_timestamp() RETURNING epoch"
)
RENEW = sa.text(
    "UPDATE chassis.lease SET expires_at = clock_timestamp() + :length * interval '1 s'"
    " WHERE name = :name AND owner = :owner AND epoch = :epoch RETURNING epoch"
)
RELEASE = sa.text(
    "UPDATE chassis.lease SET expires_at = '-infinity' WHERE name = :name AND owner = :owner AND epoch = :epoch"
)


class Lease:
    """The lease of one name, as one process sees it."""

    def __init__(self, engine: sa.Engine, name: str, length_s: float = LEASE_S) -> None:
        self._engine = engine
        self._name = name
        self._length_s = length_s
        self._owner = uuid.uuid4()
        self.epoch: int | None = None

    def hold(self) -> bool:
        """Renew the lease, or take it if it is free. False while another holds it."""
        facts = {"name": self._name, "owner": self._owner, "length": self._length_s}
        with self._engine.begin() as connection:
            if self.epoch is not None:
                self.epoch = connection.execute(RENEW, facts | {"epoch": self.epoch}).scalar()
            if self.epoch is None:
                self.epoch = connection.execute(TAKE, facts).scalar()
        return self.epoch is not None

    def release(self) -> None:
        """Let another take over at once."""
        if self.epoch is None:
            return
        with self._engine.begin() as connection:
            connection.execute(RELEASE, {"name": self._name, "owner": self._owner, "epoch": self.epoch})
        self.epoch = None
