"""A version comes into force: by an operator's call, or by a command that loads sheets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from services.grid.domain.versions import BEGINNING, Outcome, Version, Versioned
from services.kernel.errors import Violation, invalid

Said = TypeVar("Said", bound=Versioned)
Said_contra = TypeVar("Said_contra", bound=Versioned, contravariant=True)


class Versions(Protocol[Said_contra]):
    """Where the versions of one thing are kept."""

    def lock(self) -> None:
        """Let no other import in until the end of the transaction."""

    def version_at(self, at: datetime) -> Version | None:
        """The version in force at a moment; None before the first."""

    def add(self, said: Said_contra, effective_from: datetime, now: datetime) -> Version:
        """Keep a version."""


def take_version(
    versions: Versions[Said], said: Said, *, effective_from: datetime | None, now: datetime, dry_run: bool = False
) -> tuple[Outcome, Version | None]:
    """Have it come into force at a moment, now for None, and say which version then is; a dry run has none.

    What is in force then and says the same stays. Raises Refusal `said.IN_PAST` as violation.
    """
    versions.lock()
    begin = effective_from or now
    there = versions.version_at(begin)
    if there is not None and there.digest == said.digest:
        return Outcome.UNCHANGED, there
    if begin < now:
        raise invalid(Violation("effective_from", said.IN_PAST))
    if dry_run:
        return Outcome.CHECKED, None
    first = said.FROM_BEGINNING and effective_from is None and there is None
    return Outcome.IMPORTED, versions.add(said, BEGINNING if first else begin, now)
