"""The plan of a run: which cases are played, and the order of all their steps by date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, zip_longest

from deploy.local.replaying.cases import Case, Inspected, Step, steps_of
from deploy.local.replaying.items import Finding
from deploy.local.replaying.joining import follow_ups, rechecks
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.mapping import Atlas, about_food
from deploy.local.replaying.rows import LeftOut, Row
from deploy.local.replaying.visits import Visit

_NO_DATE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be played: the cases, their steps in order, the rows taken, and those that are left out by reason."""

    cases: tuple[Case, ...]
    steps: tuple[Step, ...]
    rows: int
    left_out: Counter[str]

    @property
    def reports(self) -> int:
        """Complaints that are played, those that an inspection followed among them."""
        return sum(case.mapped is not None for case in self.cases)

    @property
    def chains(self) -> int:
        """Complaints that an inspection followed."""
        return sum(case.chain for case in self.cases)

    @property
    def requests(self) -> int:
        """Inspections without a complaint."""
        return sum(case.inspected is not None and case.mapped is None for case in self.cases)

    @property
    def licences(self) -> int:
        """Licences to issue."""
        return sum(case.licence is not None for case in self.cases)


class Maker:
    """Makes cases of rows. `visits`: all that are known, also those that are not played."""

    def __init__(self, atlas: Atlas, findings: Mapping[str, Finding], visits: Sequence[Visit]) -> None:
        self._atlas, self._findings = atlas, findings
        self._looks = rechecks(visits)
        self._since: dict[int, datetime | None] = {}
        for visit in visits:
            known = [at for at in (self._since.get(visit.licence), visit.licensed_since) if at]
            self._since[visit.licence] = min(known, default=None)

    def report(self, row: Row) -> Case | LeftOut:
        """A complaint that stays in grid."""
        placed = self._atlas.place(row)
        return placed if isinstance(placed, LeftOut) else Case(row.key, mapped=placed)

    def chain(self, row: Row, visit: Visit) -> Case:
        """A complaint that this visit followed."""
        inspected = self._inspected(visit)
        return Case(row.key, mapped=about_food(row, inspected.licence), inspected=inspected)

    def request(self, visit: Visit) -> Case:
        """A visit that no complaint led to."""
        return Case(visit.key, inspected=self._inspected(visit))

    def _inspected(self, visit: Visit) -> Inspected:
        licence = Licence(visit.licence, self._atlas.site(visit.licence), self._since[visit.licence])
        return Inspected(visit, licence, tuple(self._findings[c] for c in visit.found), self._looks[visit.number])


def plan(
    read: Iterable[Row | LeftOut],
    visited: Iterable[Visit | LeftOut],
    atlas: Atlas,
    findings: Mapping[str, Finding],
    limit: int | None = None,
) -> Plan:
    """Order the work for `limit` rows; None: all.

    A complaint with the inspection that followed it is one row; so is a complaint without, and an inspection without.
    Of the three kinds one row each is taken in turn, by date; rows without a date count, and come first.
    """
    complaints, visits = list(read), list(visited)
    known = [visit for visit in visits if isinstance(visit, Visit)]
    followed = follow_ups((row for row in complaints if isinstance(row, Row)), known)
    maker = Maker(atlas, findings, known)
    used = {visit.number for visit in followed.values()}
    piles = (
        [item for item in complaints if item.key in followed and isinstance(item, Row)],
        [item for item in complaints if not (item.key in followed and isinstance(item, Row))],
        [item for item in visits if not (isinstance(item, Visit) and item.number in used)],
    )
    taken = list(_dealt(*(sorted(pile, key=_by_date) for pile in piles)))[:limit]
    made = [_case(item, maker, followed) for item in taken]
    cases = [case for case in made if isinstance(case, Case)]
    cases = [*_licences(cases), *cases]
    left_out = Counter(item.reason for item in made if isinstance(item, LeftOut))
    return Plan(tuple(cases), tuple(timeline(cases)), len(taken), left_out)


def timeline(cases: Iterable[Case]) -> list[Step]:
    """The steps of all cases by date. On the same date licences come first, and a case's own steps stay in order."""
    steps = chain.from_iterable(steps_of(case) for case in cases)
    return sorted(steps, key=lambda step: (step.at, step.case.licence is None, step.case.key, step.place))


def _case(item: Row | Visit | LeftOut, maker: Maker, followed: Mapping[str, Visit]) -> Case | LeftOut:
    if isinstance(item, LeftOut):
        return item
    if isinstance(item, Visit):
        return maker.request(item)
    return maker.chain(item, followed[item.key]) if item.key in followed else maker.report(item)


def _licences(cases: Iterable[Case]) -> Iterator[Case]:
    """A case for each licence on record that the others need, dated before the first of them."""
    needed: dict[str, Licence] = {}
    for case in cases:
        if case.inspected is not None and case.inspected.licence.since is not None:
            licence, begins = case.inspected.licence, steps_of(case)[0].at
            earlier = needed.get(licence.key, licence).since
            since = min(at for at in (licence.since, earlier, begins) if at)
            needed[licence.key] = Licence(licence.number, licence.village, since)
    return (Case(key, licence=licence) for key, licence in needed.items())


def _dealt(*piles: Sequence[Row | Visit | LeftOut]) -> Iterator[Row | Visit | LeftOut]:
    """One of each pile in turn, until all are used up."""
    return (item for turn in zip_longest(*piles) for item in turn if item is not None)


def _by_date(item: Row | Visit | LeftOut) -> tuple[datetime, str]:
    at = item.at if isinstance(item, Visit) else item.created
    return at or _NO_DATE, item.key
