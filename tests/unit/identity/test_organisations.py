"""Regions, staff and secrets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.identity.domain import secrets
from services.identity.domain.organisations import person_id_of
from services.identity.domain.regions import Region, grids_of
from services.kernel import regions
from services.kernel.ids import uuid7_time
from services.kernel.regions import Level
from tests.unit.identity.samples import LENT, NOW, OFFICER, SECRET


def test_a_village_has_three_generated_grids() -> None:
    grids = grids_of(Region("371102001001", Level.VILLAGE, "371102001", "大学社区"))
    assert [grid.code for grid in grids] == ["371102001001001", "371102001001002", "371102001001003"]
    assert all(grid.generated and regions.level_of(grid.code) is Level.GRID for grid in grids)
    assert {grid.parent_code for grid in grids} == {"371102001001"}
    assert grids[0].name == "大学社区第1网格"


def test_a_region_is_in_force_from_its_first_moment_until_before_its_last() -> None:
    since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    region = Region("371102", Level.COUNTY, "371100", "东港区", valid_from=since, valid_until=until)
    assert region.in_force(since)
    assert not region.in_force(until)
    assert not region.in_force(datetime(2019, 12, 31, tzinfo=UTC))
    assert Region("371102", Level.COUNTY, "371100", "东港区").in_force(until)


def test_a_loaded_person_has_the_same_id_at_every_load() -> None:
    one = person_id_of("seat", "371102-ZHZX")
    assert one == person_id_of("seat", "371102-ZHZX")
    assert one.version == 7 and one.variant == "specified in RFC 4122"
    assert uuid7_time(one) == datetime(2026, 1, 1, tzinfo=UTC)
    assert len({one, person_id_of("seat", "371103-ZHZX"), person_id_of("officer", "371102-ZHZX")}) == 3


def test_a_person_does_not_show_in_a_repr() -> None:
    assert "officer@" not in repr(OFFICER) and "王" not in repr(OFFICER)


def test_a_secret_fits_its_own_hash_only() -> None:
    kept = secrets.hash_of(SECRET)
    assert SECRET not in kept and kept != secrets.hash_of(SECRET)
    assert secrets.fits(SECRET, kept)
    assert not secrets.fits(SECRET + "x", kept)
    assert not secrets.fits(SECRET, "") and not secrets.fits("", "")


def test_a_short_secret_is_not_kept() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        secrets.hash_of("short")


def test_a_role_reaches_where_it_was_given_for_and_no_further() -> None:
    assert LENT.own_post.roles == {"officer", "seat"}, "for the city and for the county, not for another's township"
    away = LENT.post_at("371102-SCJG", NOW)
    assert away is not None and away.roles == {"officer"}, "a role for a part of a region is none for the whole"


def test_staff_are_at_their_own_department_and_where_they_are_lent_to_at_that_moment() -> None:
    [lent] = LENT.secondments
    assert LENT.post_at("", NOW) == LENT.post_at("371103-SCJG", NOW) == LENT.own_post
    assert LENT.post_at("371102-SCJG", lent.since) is not None
    assert LENT.post_at("371102-SCJG", lent.until) is None
    assert LENT.post_at("371102-ZJJ", NOW) is None
