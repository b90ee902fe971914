"""A catalogue comes into force: by an operator's call, or by the command that loads reference data."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain.catalogue import BEGINNING, Catalogue, Outcome, Version
from services.grid.usecases.ports import Catalogues
from services.kernel.errors import Violation, invalid


def take_catalogue(
    catalogues: Catalogues, catalogue: Catalogue, *, effective_from: datetime | None, now: datetime, dry_run: bool
) -> tuple[Outcome, Version | None]:
    """Have a catalogue come into force at a moment, now for None, and say which version then is; a dry run has none.

    What is in force then and says the same stays. Raises Refusal EFFECTIVE_IN_PAST as violation.
    """
    catalogues.lock()
    begin, digest = effective_from or now, catalogue.digest
    there = catalogues.version_at(begin)
    if there is not None and there.digest == digest:
        return Outcome.UNCHANGED, there
    if begin < now:
        raise invalid(Violation("effective_from", "EFFECTIVE_IN_PAST"))
    if dry_run:
        return Outcome.CHECKED, None
    first = effective_from is None and there is None
    return Outcome.IMPORTED, catalogues.add(catalogue, digest, BEGINNING if first else begin, now)
