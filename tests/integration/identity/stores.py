"""What the tests of the stores ask of both: the fake of the unit tests and the real one."""

from __future__ import annotations

from typing import Protocol

from services.identity.usecases.holders import Holders
from services.identity.usecases.members import Members
from services.identity.usecases.standing import Standings
from services.identity.usecases.tokens import Clients


class Store(Members, Clients, Holders, Standings, Protocol):
    """All that use cases need."""
