"""Who looked at whose record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Access:
    """One look, or one attempt to look, which `outcome` tells: OK or the reason of a refusal. Empty: there was none."""

    id: UUID
    at: datetime
    client_id: str
    person_id: str
    department: str
    method: str
    case_number: str
    outcome: str
