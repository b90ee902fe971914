"""Member systems join."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from services.identity.domain.members import Member, Registration, accept
from services.identity.domain.regions import Region
from services.identity.wire import events
from services.kernel.errors import exists
from services.kernel.ports import UnitOfWork


class Members(Protocol):
    """What joining needs of the store. `within` is the region prefix that the caller is bound to."""

    def region(self, code: str, *, within: str) -> Region | None:
        """The region, None if there is none with this code there."""
        ...

    def known_departments(self, codes: Collection[str], *, within: str) -> frozenset[str]:
        """Those of the codes that name a department there."""
        ...

    def add_member(self, member: Member) -> bool:
        """Keep a new member system; False when its client id is taken."""
        ...


def register_member(
    wanted: Registration,
    uow: UnitOfWork,
    store: Members,
    *,
    within: str,
    scopes: Collection[str],
    fit_key: Callable[[str], str | None],
) -> Member:
    """Register a member system and tell it to the world.

    `scopes` are all that the contract knows; `fit_key` gives a public key's canonical form, None when it is not fit.
    Raises Refusal INVALID_ARGUMENT with all violations, or CLIENT_EXISTS.
    """
    member = accept(
        wanted,
        region=store.region(wanted.region, within=within),
        departments=store.known_departments(wanted.departments, within=within),
        scopes=scopes,
        keys=[fit_key(key) for key in wanted.public_keys],
        owner=uow.caller.client_id or "",
        now=uow.now(),
    )
    if not store.add_member(member):
        raise exists("CLIENT_EXISTS")
    uow.record(events.member_registered(member, uow.now()))
    return member
