"""Persons and enterprises are registered."""

from __future__ import annotations

from typing import Protocol

from services.identity.domain.holders import Application, Holder, Numbers, accept
from services.identity.domain.regions import Region
from services.identity.wire import events
from services.kernel.errors import exists
from services.kernel.ids import uuid7
from services.kernel.ports import UnitOfWork


class Holders(Protocol):
    """What registering needs of the store. `within` is the region prefix that the caller is bound to."""

    def region(self, code: str, *, within: str) -> Region | None:
        """The region, None if there is none with this code there."""
        ...

    def add_holder(self, holder: Holder) -> bool:
        """Keep a new holder; False when its number is registered already."""
        ...


def register_holder(wanted: Application, uow: UnitOfWork, store: Holders, numbers: Numbers, *, within: str) -> Holder:
    """Register a person or an enterprise. Raises Refusal INVALID_ARGUMENT with all violations, or HOLDER_EXISTS."""
    region = store.region(wanted.region, within=within)
    holder = accept(wanted, uuid7(), numbers, region=region, now=uow.now())
    if not store.add_holder(holder):
        raise exists("HOLDER_EXISTS")
    uow.record(events.holder_registered(holder))
    return holder
