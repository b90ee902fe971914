"""Reports: what people say that they saw, and what is wrong with one that cannot be filed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.grid.domain.reference import TypeKey
from services.kernel import regions, texts
from services.kernel.errors import Violation, invalid

texts.register(
    {
        "NO_CENTRE": ("该区县没有登记网格中心。", "The county has no grid centre on record."),
        "SEEN_IN_FUTURE": ("发现时间晚于当前时间一小时以上。", "It was seen more than an hour in the future."),
    }
)

SEEN_AHEAD = timedelta(hours=1)
"""How far a phone's clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region as identity knows it; a moment that is None sets no bound."""

    code: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """The code may be used at this moment."""
        begun = self.valid_from is None or self.valid_from <= now
        return begun and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported. The fields that may hold a person's data do not show in a repr."""

    type: TypeKey
    region: str
    description: str = field(repr=False)
    seen_at: datetime | None = None
    address: str = field(default="", repr=False)
    reporter_citizen_number: str = field(default="", repr=False)
    enterprise_code: str = ""
    reference: str = ""


def check_report(
    report: Report, *, type_in_force: bool, region: Region | None, centre: str | None, bound: str, now: datetime
) -> None:
    """Refuse a report that cannot be filed, with everything that is wrong with it.

    `region` is None when identity does not know the code, `centre` when the county has no grid centre; `bound` is the
    region prefix that the caller works in, and for a caller a region outside does not exist. Raises Refusal (INVALID).
    """
    known = region is not None and regions.within(region.code, bound)
    rules = (
        (type_in_force, "report.type", "TYPE_UNKNOWN"),
        (known, "report.region", "REGION_UNKNOWN"),
        (not known or (region is not None and region.in_force(now)), "report.region", "REGION_CLOSED"),
        (not known or centre is not None, "report.region", "NO_CENTRE"),
        (report.seen_at is None or report.seen_at <= now + SEEN_AHEAD, "report.seen_at", "SEEN_IN_FUTURE"),
    )
    broken = [Violation(name, rule) for holds, name, rule in rules if not holds]
    if broken:
        raise invalid(*broken)
