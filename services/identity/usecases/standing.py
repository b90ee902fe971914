"""Persons and member systems are shut out and let in again."""

from __future__ import annotations

from typing import Protocol

from services.identity.domain.standing import Reason, Standing
from services.identity.wire import events
from services.kernel.errors import conflict, failed_state, not_found
from services.kernel.parties import Party
from services.kernel.ports import UnitOfWork


class Standings(Protocol):
    """What shutting out needs of the store. `within` is the region prefix that the caller is bound to."""

    def standing(self, party: Party, *, within: str) -> Standing | None:
        """How a person or a member system stands, None if there is none there."""
        ...

    def save_standing(self, party: Party, standing: Standing) -> bool:
        """Keep the next version; False when the version before it is no longer there."""
        ...


def disable(party: Party, reason: Reason, uow: UnitOfWork, store: Standings, *, within: str) -> Standing:
    """Shut a person or a member system out, and tell every service.

    Raises Refusal PARTY_UNKNOWN, NOT_YOURSELF, WRONG_STATE or STALE_VERSION.
    """
    if party.id in (uow.caller.subject, uow.caller.client_id):
        raise failed_state("NOT_YOURSELF")
    standing = _known(party, store, within).disable(reason, uow.now())
    return _saved(party, standing, uow, store)


def enable(party: Party, uow: UnitOfWork, store: Standings, *, within: str) -> Standing:
    """Let a person or a member system in again, and tell every service.

    Raises Refusal PARTY_UNKNOWN, WRONG_STATE or STALE_VERSION.
    """
    return _saved(party, _known(party, store, within).enable(), uow, store)


def _known(party: Party, store: Standings, within: str) -> Standing:
    standing = store.standing(party, within=within)
    if standing is None:
        raise not_found("PARTY_UNKNOWN")
    return standing


def _saved(party: Party, standing: Standing, uow: UnitOfWork, store: Standings) -> Standing:
    if not store.save_standing(party, standing):
        raise conflict("STALE_VERSION")
    uow.record(events.stands(party, standing, uow.now()))
    return standing
