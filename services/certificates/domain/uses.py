"""Uses of a certificate by departments (免证办 用证记录): who, for which case, why, when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use. `person` is the id of the person who asked, empty when a system did."""

    id: UUID
    certificate_id: UUID
    department: str
    person: str
    case_number: str
    purpose: str = field(repr=False)
    used_at: datetime
