"""Rows of the case trace's tables, as lines of COPY: as services would have told it over a year.

The newest cases are open, the older ones closed but for a few that were forgotten. Places are the sample city's. Most
incidents are of few types. Spans are those of the last days. Of the reasons why events were not taken at once one is
common and one rare, and of the certificates that cases name one is named by many.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from deploy.local.places import ROOT
from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from tests.bench.casetrace.courses import BEGIN, DEPARTMENTS, OF_KIND, SPEEDS, Course, course

REGIONS = ROOT / "deploy" / "local" / "sample" / "regions.csv"
VILLAGE_DIGITS = 12
NULL = "\\N"
YEAR, SPAN_DAYS = timedelta(days=365), timedelta(days=6)
OPEN_SHARE, FORGOTTEN_SHARE = 0.03, 0.002
CERTIFICATES, COMMON_SHARE = 50_000, 0.25
COMMON_REASON, RARE_REASON, FAILED_REASON = "NOT_HERE_YET", "HANDLER_FAILED", "STALE_VERSION"
# Of a case four or five events are taken: so one case in ten has the common reason.
COMMON_REASON_SHARE, RARE_REASONS = 0.023, 40
COMMON_TYPE, RARE_TYPE = "GB/T 47678.5-2026/event/06010", "GB/T 47678.5-2026/event/09999"
COMMON_TYPE_SHARE, RARE_TYPES, TYPES = 0.1, 40, 150
COPIES = {
    "case_event": "id, at, type, service, aggregate_id, aggregate_version, case_number, phase, holder, deadline,"
    " region, actor, links, trace_id, subject_type",
    "case_link": "target, case_number, kind",
    "case_file": "case_number, region, opened_at, last_at, last_id, last_type, opening_known, closed_at, holder,"
    " held_since, deadline, clock_since, events, held, subject_type",
    "effect": "event_id, service, consumer, day, event_type, case_number, outcome, reason, attempts, decided_at,"
    " due_at",
    "span": "start_at, trace_id, span_id, parent_id, name, kind, service, start_ns, end_ns, failed, attributes, links,"
    " case_number",
    "failure": "at, trace_id, span_id, service, method, code, reason, duration_ms, case_number, aggregate_id",
}
TAKERS = {
    "egov.grid.v1.IncidentFiled": (("notification", "incident-notices"),),
    "egov.grid.v1.IncidentDispatched": (("notification", "incident-notices"), ("inspection", "inspections")),
    "egov.grid.v1.IncidentClosed": (("notification", "incident-notices"),),
    "egov.inspection.v1.InspectionClosed": (("grid", "close-incident"),),
    "egov.inspection.v1.FindingRecorded": (("certificates", "suspend"),),
}
SPAN_NAMES = (
    "egov.grid.v1.GridService/FileIncident", "INSERT egov", "send egov.grid.v1", "process egov.grid.v1",
    "egov.identity.v1.IdentityService/CheckStaff", "job send_mail",
)  # fmt: skip
ATTRIBUTES = (
    '{"egov.case.number": "%s", "rpc.system.name": "grpc", "rpc.method": "egov.grid.v1.GridService/FileIncident",'
    ' "rpc.response.status_code": "OK", "egov.region": "%s"}'
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be."""

    cases: int
    spans: int


class Rows:
    """Lines of COPY, by table, for cases `first` to `last` of `size`. The same each time."""

    def __init__(self, size: Size, now: datetime, first: int, last: int) -> None:
        self._size, self._now = size, now
        self._random = random.Random(first)
        self.lines: dict[str, list[str]] = {table: [] for table in COPIES}
        recent = size.cases * (SPAN_DAYS / YEAR)
        self._spans_each = round(size.spans / max(1.0, recent))
        places = villages()
        for n in range(first, last + 1):
            self._case(n, places[n * 7919 % len(places)])

    def _case(self, n: int, region: str) -> None:
        chance, share = self._random, n / self._size.cases
        began = self._now - YEAR * (1 - share) - timedelta(seconds=chance.random() * 60)
        began = began.replace(microsecond=began.microsecond // 1000 * 1000)
        county = region[:6]
        number = str(casenumber.make(county, shanghai_day(began), casenumber.DIGIT["grid"], 1_000_000 + n))
        made = self._course(share, county, began)
        ids = [self._id(began + (fact.at - BEGIN)) for fact in made.facts]
        self._file(made, number, region, began, ids, self._type(n))
        self._events(made, number, region, began, ids, self._type(n))

    def _course(self, share: float, county: str, began: datetime) -> Course:
        chance = self._random
        open_now = share > 1 - OPEN_SHARE or chance.random() < FORGOTTEN_SHARE
        kind, speed = OF_KIND[chance.randrange(len(OF_KIND))], SPEEDS[chance.randrange(len(SPEEDS))]
        department = DEPARTMENTS[min(chance.randrange(10), chance.randrange(10)) % len(DEPARTMENTS)]
        most = chance.randrange(1, 9) if open_now else 99
        while (made := course(kind, county, department, speed, most)).lasts > self._now - began and most > 1:
            most = min(most, len(made.facts)) - 1
        return made

    def _type(self, n: int) -> str:
        if n % max(1, self._size.cases // RARE_TYPES) == 7:
            return RARE_TYPE
        if n % 1000 < 1000 * COMMON_TYPE_SHARE:
            return COMMON_TYPE
        place = min(n * 31 % TYPES, n * 17 % TYPES)
        return f"GB/T 47678.5-2026/{'component' if place % 4 == 0 else 'event'}/{place // 20 + 1:02}{place % 20:03}"

    def _file(
        self, made: Course, number: str, region: str, began: datetime, ids: Sequence[str], subject_type: str
    ) -> None:
        case, moved = made.case, _moved(began)
        self.lines["case_file"].append(
            f"{number}\t{region}\t{moved(case.opened_at)}\t{moved(case.last_at)}\t{ids[int(case.last_id)]}\t"
            f"{case.last_type}\tt\t{moved(case.closed_at)}\t{case.holder or NULL}\t{moved(case.held_since)}\t"
            f"{moved(case.deadline)}\t{moved(case.clock_since)}\t{case.events}\t{made.held}\t{subject_type}\n"
        )

    def _events(
        self, made: Course, number: str, region: str, began: datetime, ids: Sequence[str], subject_type: str
    ) -> None:
        moved, events = _moved(began), self.lines["case_event"]
        things = {fact.aggregate_id: self._id(began) for fact in made.facts}
        fresh = self._now - began < SPAN_DAYS
        for fact, id in zip(made.facts, ids, strict=True):
            trace = f"{self._random.getrandbits(128):032x}"
            events.append(
                f"{id}\t{moved(fact.at)}\t{fact.type}\t{fact.service}\t{things[fact.aggregate_id]}\t"
                f"{fact.aggregate_version}\t{number}\t{fact.phase or NULL}\t{fact.holder or NULL}\t"
                f"{moved(fact.deadline)}\t{region}\tclient/rizhao-ssp\t{self._links(fact.links, number, things)}\t"
                f"{trace}\t{NULL if fact.subject_type is None else subject_type}\n"
            )
            self._effects(fact.type, id, number, began + (fact.at - BEGIN))
            if fresh:
                self._spans(number, region, trace, began + (fact.at - BEGIN), len(ids))

    def _links(self, links: Sequence[tuple[str, str]], number: str, things: dict[str, str]) -> str:
        if not links:
            return "[]"
        kind = links[0][0]
        if kind == "caused":
            return f'[["caused", "{things["grid"]}"]]'
        common = self._random.random() < COMMON_SHARE
        target = certificate(0 if common else self._random.randrange(1, CERTIFICATES))
        line = f"{target}\t{number}\t{kind}\n"
        if line not in self.lines["case_link"][-2:]:
            self.lines["case_link"].append(line)
        return f'[["{kind}", "{target}"]]'

    def _effects(self, type: str, id: str, number: str, at: datetime) -> None:
        for service, consumer in TAKERS.get(type, ()):
            outcome, reason = "taken", NULL
            lot = self._random.random()
            if lot < COMMON_REASON_SHARE:
                outcome, reason = "retrying", COMMON_REASON
            elif lot > 1 - RARE_REASONS / (4 * self._size.cases):
                outcome, reason = "parked", RARE_REASON
            moment = at.isoformat()
            self.lines["effect"].append(
                f"{id}\t{service}\t{consumer}\t{moment[:10]}\t{type}\t{number}\t{outcome}\t{reason}\t1\t{moment}\t{NULL}\n"
            )

    def _spans(self, number: str, region: str, trace: str, at: datetime, events: int) -> None:
        begin = int(at.timestamp() * 1_000_000) * 1000
        attributes, parent, moment = ATTRIBUTES % (number, region), "", at.isoformat()
        for place in range(max(1, self._spans_each // events)):
            span = f"{self._random.getrandbits(64):016x}"
            name = SPAN_NAMES[place % len(SPAN_NAMES)]
            self.lines["span"].append(
                f"{moment}\t{trace}\t{span}\t{parent}\t{name}\tserver\tgrid\t{begin + place}\t"
                f"{begin + place + 900_000}\tf\t{attributes}\t[]\t{number}\n"
            )
            parent = span
        if self._random.random() < 0.1:
            self.lines["failure"].append(
                f"{moment}\t{trace}\t{parent}\tgrid\t{SPAN_NAMES[0]}\tABORTED\t{FAILED_REASON}\t12.5\t{number}\t{NULL}\n"
            )

    def _id(self, at: datetime) -> str:
        """A UUIDv7 of that moment."""
        time, lot = f"{int(at.timestamp() * 1000):012x}", f"{self._random.getrandbits(74):019x}"
        return f"{time[:8]}-{time[8:]}-7{lot[:3]}-8{lot[4:7]}-{lot[7:]}"


def certificate(n: int) -> str:
    """A certificate identifier by its number; 0 is the one that many cases name."""
    return f"1.2.156.3005.2.11100000MB0328832T014.{n:08}.001.X"


def _moved(began: datetime) -> Callable[[datetime | None], str]:
    by = began - BEGIN
    return lambda moment: NULL if moment is None else (moment + by).isoformat()


@cache
def villages() -> Sequence[str]:
    """Codes of the sample city's villages."""
    with REGIONS.open(encoding="utf-8", newline="") as lines:
        return [row["code"] for row in csv.DictReader(lines) if len(row["code"]) == VILLAGE_DIGITS]
