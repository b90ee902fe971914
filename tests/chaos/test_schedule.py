"""The schedule is the seed's, leaves no kind out, and asks for nothing that cannot be done."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from tests.chaos.schedule import AFTER_S, FRONTED, OUTAGES_S, Kind, plan

PARTS = (
    "identity",
    "grid",
    "grid-2",
    "inspection",
    "certificates",
    "notification",
    "kafka",
    "postgres",
    "gateway",
    "mail",
)
HALF_AN_HOUR = 1800.0


def test_the_seed_gives_the_schedule() -> None:
    assert plan(7, 300.0, PARTS) == plan(7, 300.0, PARTS)
    assert plan(7, 300.0, PARTS) != plan(8, 300.0, PARTS)


def test_half_an_hour_has_two_hundred_faults_of_every_kind() -> None:
    faults = plan(1, HALF_AN_HOUR, PARTS)
    assert len(faults) >= 200
    assert {fault.kind for fault in faults} == set(Kind)
    assert {fault.part for fault in faults if fault.kind is Kind.KILL} == set(PARTS)
    assert {(fault.part, fault.lasts) for fault in faults if fault.kind is Kind.NETWORK} >= {
        (part, length) for part in FRONTED for length in OUTAGES_S
    }


@pytest.mark.parametrize("seed", range(5))
def test_no_kind_comes_much_more_often_than_another(seed: int) -> None:
    named = Counter(fault.name for fault in plan(seed, HALF_AN_HOUR, PARTS) if fault.kind is Kind.KILL_AT)
    assert max(named.values()) - min(named.values()) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_a_lane_has_one_fault_at_a_time(seed: int) -> None:
    faults = plan(seed, HALF_AN_HOUR, PARTS)
    for lane in (True, False):
        mine = [fault for fault in faults if (fault.kind is Kind.NETWORK) is lane]
        for one, next_one in itertools.pairwise(mine):
            assert one.at + one.lasts + AFTER_S <= next_one.at + 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_started_while_it_is_cut_off(seed: int) -> None:
    faults = plan(seed, HALF_AN_HOUR, PARTS)
    for cut in (fault for fault in faults if fault.kind is Kind.NETWORK):
        beside = [f for f in faults if f.kind is not Kind.NETWORK and cut.at <= f.at <= cut.at + cut.lasts]
        assert cut.part not in {fault.part for fault in beside}
        if cut.part == "postgres":
            killed = {fault.part for fault in beside if fault.kind is not Kind.FREEZE}
            assert killed <= {"kafka", "mail", "gateway"}


def test_a_short_run_breaks_the_network_for_as_long_as_it_can() -> None:
    lengths = [fault.lasts for fault in plan(1, 60.0, PARTS) if fault.kind is Kind.NETWORK]
    assert lengths and all(1.0 <= length <= 10.0 for length in lengths)
