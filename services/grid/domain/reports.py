"""Reports: what people say that they saw, what is wrong with one that cannot be filed, and whose a caller is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.grid.domain.evidence import Proof
from services.grid.domain.places import Net, Position, place
from services.grid.domain.reference import TypeKey
from services.grid.domain.states import DeclineKind
from services.kernel import texts
from services.kernel.errors import Violation, invalid
from services.kernel.parties import Party
from services.kernel.ports import Caller
from services.kernel.regions import Region, rule_broken_by

texts.register(
    {
        "NO_CENTRE": ("该区县没有登记网格中心。", "The county has no grid centre on record."),
        "SEEN_IN_FUTURE": ("发现时间晚于当前时间一小时以上。", "It was seen more than an hour in the future."),
        "CAPTURED_IN_FUTURE": (
            "记录时间晚于当前时间一小时以上，请校准手机时间。",
            "It was noted down more than an hour in the future: the phone's clock is wrong.",
        ),
        "CAPTURED_LONG_AGO": (
            "记录时间早于 {days} 天前，请校准手机时间。",
            "It was noted down more than {days} days ago: the phone's clock is wrong.",
        ),
        "SOURCE_UNFIT": (
            "采集员上报、上级交办只能由部门人员提交。",
            "Only somebody of a department files what a collector saw or a superior ordered.",
        ),
        "SOURCE_NOT_OWN": (
            "本人或本企业上报的来源只能为公众；热线、媒体、设备由其系统或部门人员提交。",
            "Whoever reports for themselves is the public; what the hotline, the media or a device says is filed by the"
            " system that hands it on, or by a department.",
        ),
    }
)

SEEN_AHEAD = timedelta(hours=1)
"""How far a phone's clock may run ahead of ours."""
CAPTURED_BEFORE = timedelta(days=366)
"""How long ago a phone may have noted down what it sends; what is older was dated by a clock that was never set."""


class Source(StrEnum):
    """From whom a report comes."""

    UNSAID = "UNSAID"
    PUBLIC = "PUBLIC"
    HOTLINE = "HOTLINE"
    MEDIA = "MEDIA"
    COLLECTOR = "COLLECTOR"
    SUPERIOR = "SUPERIOR"
    DEVICE = "DEVICE"

    @property
    def checked_first(self) -> bool:
        """Somebody looks on site before it is filed."""
        return self in (Source.PUBLIC, Source.HOTLINE, Source.MEDIA)

    @property
    def official(self) -> bool:
        """Only a department says so."""
        return self in (Source.COLLECTOR, Source.SUPERIOR)

    @property
    def own(self) -> bool:
        """People and enterprises say so of what they report themselves."""
        return self in (Source.UNSAID, Source.PUBLIC)

    def broken_by(self, caller: Caller) -> str | None:
        """The rule that this caller breaks by saying so; None: none.

        A department says anything; a system without a person hands on what others than departments say.
        """
        if caller.department is not None:
            return None
        if self.official:
            return "SOURCE_UNFIT"
        return None if self.own or caller.subject is None else "SOURCE_NOT_OWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of a report that is checked before it is filed. `remark` may hold a person's data."""

    found: bool = False
    checked_at: datetime | None = None
    remark: str = field(default="", repr=False)
    declined: DeclineKind | None = None
    objected: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported. The fields that may hold a person's data do not show in a repr.

    `region` is the village or grid that was named; of a report that was `placed`, the grid of its position, empty when
    there is none. `misplaced` is the rule that the position breaks; empty: none. `captured_at` is when a phone noted it
    down, by its own clock; None where it did not come in a batch.
    """

    type: TypeKey
    region: str
    description: str = field(repr=False)
    seen_at: datetime | None = None
    captured_at: datetime | None = None
    address: str = field(default="", repr=False)
    reporter_citizen_number: str = field(default="", repr=False)
    enterprise_code: str = ""
    reference: str = ""
    position: Position | None = field(default=None, repr=False)
    misplaced: str = ""
    source: Source = Source.UNSAID
    evidence: tuple[Proof, ...] = ()

    @property
    def county(self) -> str:
        """Code of its county."""
        return self.region[:6]

    @property
    def registered_region(self) -> str:
        """The region that identity is asked for; for a grid that the net found, its village."""
        return self.region[:12] if self.position else self.region


def placed(report: Report, net: Net) -> Report:
    """The report with the grid of its position; one without a position as it is."""
    if report.position is None:
        return report
    region, misplaced = place(report.position, report.region, net)
    return replace(report, region=region, misplaced=misplaced)


def sourced(report: Report, caller: Caller) -> Report:
    """The report as the public's, where its caller speaks for no department and does not say from whom it comes."""
    unsaid = report.source is Source.UNSAID and caller.department is None
    return replace(report, source=Source.PUBLIC) if unsaid else report


def check_report(
    report: Report,
    *,
    type_in_force: bool,
    region: Region | None,
    centre: str | None,
    bound: str,
    now: datetime,
    unfit_source: str | None = None,
) -> None:
    """Refuse a report that cannot be filed, with everything that is wrong with it.

    `region` is what identity knows of `registered_region`, None: nothing; `centre` is None when the county has no grid
    centre; `bound` is the region prefix that the caller works in, and for a caller a region outside does not exist;
    `unfit_source`: the rule that its source breaks, said by this caller.
    Raises Refusal (INVALID).
    """
    here = replace(region, code=report.region) if region else None
    unfit = rule_broken_by(here, bound, now=now) if report.region else None
    known = bool(report.region) and unfit != "REGION_UNKNOWN"
    rules = (
        (type_in_force, "report.type", "TYPE_UNKNOWN"),
        (not report.misplaced, "report.position", report.misplaced),
        (unfit is None, "report.region", unfit or ""),
        (not known or centre is not None, "report.region", "NO_CENTRE"),
        (unfit_source is None, "report.source", unfit_source or ""),
        (report.seen_at is None or report.seen_at <= now + SEEN_AHEAD, "report.seen_at", "SEEN_IN_FUTURE"),
    )
    broken = [Violation(name, rule) for holds, name, rule in rules if not holds]
    broken += _misdated(report.captured_at, now) if report.captured_at else []
    if broken:
        raise invalid(*broken)


def _misdated(captured_at: datetime, now: datetime) -> list[Violation]:
    """What is wrong with the phone's clock."""
    if captured_at > now + SEEN_AHEAD:
        return [Violation("captured_at", "CAPTURED_IN_FUTURE")]
    if captured_at < now - CAPTURED_BEFORE:
        return [Violation("captured_at", "CAPTURED_LONG_AGO", {"days": CAPTURED_BEFORE.days})]
    return []


def only_reports_of(caller: Caller) -> Party | None:
    """Whose reports alone the caller is shown: their own. None for a department, which is shown its region's."""
    return None if caller.department else Party(*caller.party)
