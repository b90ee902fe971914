"""Routing rules come into force: by an operator's call, or by the command that loads them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.grid.domain.catalogue import Outcome, Version
from services.grid.domain.routing import Routing
from services.kernel.errors import Violation, invalid


class Routings(Protocol):
    """Where routing rules are kept."""

    def lock(self) -> None:
        """Let no other import in until the end of the transaction."""

    def version_at(self, at: datetime) -> Version | None:
        """The version in force at a moment; None before the first."""

    def add(self, routing: Routing, digest: str, effective_from: datetime, now: datetime) -> Version:
        """Keep rules."""


def take_routing(
    routings: Routings, routing: Routing, *, effective_from: datetime | None, now: datetime, dry_run: bool
) -> tuple[Outcome, Version | None]:
    """Have rules come into force at a moment, now for None, and say which version then is; a dry run has none.

    What is in force then and says the same stays. Raises Refusal ROUTING_IN_PAST as violation.
    """
    routings.lock()
    begin, digest = effective_from or now, routing.digest
    there = routings.version_at(begin)
    if there is not None and there.digest == digest:
        return Outcome.UNCHANGED, there
    if begin < now:
        raise invalid(Violation("effective_from", "ROUTING_IN_PAST"))
    if dry_run:
        return Outcome.CHECKED, None
    return Outcome.IMPORTED, routings.add(routing, digest, begin, now)
