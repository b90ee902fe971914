"""What comes in versions: from when on each is in force."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.grid import usecases
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.routing import Routing
from services.grid.domain.versions import BEGINNING, Outcome, Version, Versioned, demand_city
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW
from tests.unit.grid.samples import TYPES, rule

LATER = NOW + timedelta(days=30)
FIRST, SECOND = Catalogue(TYPES, (rule(hours=4),)), Catalogue(TYPES, (rule(hours=8),))


class FakeVersions:
    """Versions in memory."""

    def __init__(self) -> None:
        self.kept: list[Version] = []

    def lock(self) -> None:
        pass

    def version_at(self, at: datetime) -> Version | None:
        begun = [each for each in self.kept if each.effective_from <= at]
        return max(begun, key=lambda each: (each.effective_from, each.number), default=None)

    def add(self, said: Versioned, effective_from: datetime, now: datetime) -> Version:
        self.kept.append(Version(len(self.kept) + 1, said.digest, effective_from, now))
        return self.kept[-1]


def take(
    there: FakeVersions,
    said: Versioned,
    begin: datetime | None = None,
    *,
    now: datetime = NOW,
    dry: bool = False,
) -> tuple[Outcome, int | None]:
    outcome, version = usecases.take_version(there, said, effective_from=begin, now=now, dry_run=dry)
    return outcome, version and version.number


def test_the_first_catalogue_is_in_force_from_the_beginning() -> None:
    there = FakeVersions()
    assert take(there, FIRST) == (Outcome.IMPORTED, 1)
    assert there.kept[0].effective_from == BEGINNING


def test_the_first_routing_rules_are_in_force_from_now_on() -> None:
    there = FakeVersions()
    assert take(there, Routing()) == (Outcome.IMPORTED, 1)
    assert there.kept[0].effective_from == NOW


def test_the_same_again_changes_nothing() -> None:
    there = FakeVersions()
    take(there, FIRST)
    assert take(there, FIRST, now=LATER) == (Outcome.UNCHANGED, 1)
    turned = Catalogue(tuple(reversed(TYPES)), FIRST.rules)
    assert take(there, turned, LATER) == (Outcome.UNCHANGED, 1)
    assert len(there.kept) == 1


def test_a_catalogue_waits_for_its_moment_and_may_be_taken_back() -> None:
    there = FakeVersions()
    take(there, FIRST)
    assert take(there, SECOND, LATER) == (Outcome.IMPORTED, 2)
    assert take(there, SECOND, LATER) == (Outcome.UNCHANGED, 2)
    at_last = there.version_at(LATER)
    assert at_last is not None and at_last.number == 2
    assert take(there, FIRST) == (Outcome.UNCHANGED, 1)
    assert take(there, FIRST, LATER) == (Outcome.IMPORTED, 3)
    again = there.version_at(LATER)
    assert again is not None and again.digest == FIRST.digest


def test_the_past_is_closed_but_for_what_is_there_already() -> None:
    there = FakeVersions()
    take(there, FIRST)
    take(there, SECOND, NOW)
    assert take(there, SECOND, NOW, now=LATER) == (Outcome.UNCHANGED, 2)
    with pytest.raises(Refusal) as refused:
        take(there, FIRST, NOW, now=LATER)
    assert [each.rule for each in refused.value.violations] == ["EFFECTIVE_IN_PAST"]
    with pytest.raises(Refusal) as refused:
        take(there, Routing(capacities={"CGJ": 1}), NOW, now=LATER)
    assert [each.rule for each in refused.value.violations] == ["ROUTING_IN_PAST"]


def test_a_dry_run_takes_nothing() -> None:
    there = FakeVersions()
    assert take(there, FIRST, dry=True) == (Outcome.CHECKED, None)
    assert there.kept == []


@pytest.mark.parametrize("bound", ["", "37", "3711"])
def test_a_catalogue_is_for_the_whole_city(bound: str) -> None:
    demand_city(bound)
    with pytest.raises(Refusal) as refused:
        demand_city("371102")
    assert refused.value.reason == "CITY_ONLY"
