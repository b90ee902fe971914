"""To whom an event is told, and in which words."""

from __future__ import annotations

from services.notification.domain.notices import Occasion, notices_of
from tests.unit.fakes import NOW
from tests.unit.notification.samples import WORDINGS


def addressed(said: Occasion) -> dict[str, str]:
    return {role: party.id for role, party, _ in said.addressees}


def demand_texts(said: Occasion) -> None:
    """Every addressee has a text that names what it is about."""
    made = notices_of(said, WORDINGS[said.wording], NOW)
    assert len(made) == len(said.addressees)
    for notice in made:
        for text in notice.texts:
            assert "$" not in text.subject + text.body
            # A code that nobody put into words would stand there in capitals.
            assert "UNSPECIFIED" not in text.body
