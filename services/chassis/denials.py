"""The consumer of every service that keeps its deny list: whom identity shut out, and whom it let in again."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from egov.identity.v1 import events_pb2
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis.call import Call
from services.chassis.denylist import DenyList, deny_list
from services.chassis.entrypoints import BEGINNING, on
from services.chassis.transaction import Transaction

CONSUMER = "deny-list"
DENY = sa.text("INSERT INTO chassis.denied (kind, id, since) VALUES (:kind, :id, :since) ON CONFLICT DO NOTHING")
ALLOW = sa.text("DELETE FROM chassis.denied WHERE kind = :kind AND id = :id")


class KnownDenialsProvider(DependencyProvider):
    """Gives a worker the deny list of its process."""

    def get_dependency(self, worker_ctx: WorkerContext) -> DenyList:
        """The list."""
        return deny_list(self.container.runtime.engine)


def KnownDenials() -> DenyList:
    """Declare it: `denials = KnownDenials()`."""
    return cast(DenyList, KnownDenialsProvider())


class Denials:
    """Mixed into every service class by the container."""

    uow: Transaction
    denials = KnownDenials()

    @on(events_pb2.SubjectDisabled, id=CONSUMER, start=BEGINNING)
    def deny_subject(self, event: events_pb2.SubjectDisabled, call: Call) -> None:
        """A person or an enterprise is shut out."""
        self._deny("person", event.person_id)

    @on(events_pb2.SubjectEnabled, id=CONSUMER, start=BEGINNING)
    def allow_subject(self, event: events_pb2.SubjectEnabled, call: Call) -> None:
        """A person or an enterprise is let in again."""
        self._allow("person", event.person_id)

    @on(events_pb2.ClientDisabled, id=CONSUMER, start=BEGINNING)
    def deny_client(self, event: events_pb2.ClientDisabled, call: Call) -> None:
        """A member system is shut out."""
        self._deny("client", event.client_id)

    @on(events_pb2.ClientEnabled, id=CONSUMER, start=BEGINNING)
    def allow_client(self, event: events_pb2.ClientEnabled, call: Call) -> None:
        """A member system is let in again."""
        self._allow("client", event.client_id)

    def _deny(self, kind: str, id: str) -> None:
        self.uow.connection.execute(DENY, {"kind": kind, "id": id, "since": self.uow.now()})
        self.denials.note(kind, id, denied=True)

    def _allow(self, kind: str, id: str) -> None:
        self.uow.connection.execute(ALLOW, {"kind": kind, "id": id})
        self.denials.note(kind, id, denied=False)
