from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.replaying import items, rows, visits
from deploy.local.replaying.addresses import place_of
from deploy.local.replaying.items import GRAVE
from deploy.local.replaying.joining import ASSUMED_AFTER, Recheck, follow_ups, rechecks
from deploy.local.replaying.rows import Row
from deploy.local.replaying.visits import ID, Visit
from tests.unit.replay.made import day, row, visit

WOOD = "4853 S WOOD"


@pytest.mark.parametrize("written", ["4853 S WOOD", "4853 s  Wood St.", "4853 S WOOD ST ", "4853 S WOOD AVE"])
def test_an_address_has_one_form_however_its_street_is_written(written: str) -> None:
    assert place_of(written) == WOOD


def test_what_is_no_kind_of_street_stays() -> None:
    assert place_of("3352 N BROADWAY") == "3352 N BROADWAY"
    assert place_of("") == ""


@pytest.mark.parametrize(("inspected_on", "followed"), [(9, False), (10, True), (40, True), (41, False)])
def test_a_complaint_is_followed_from_its_day_on_and_within_thirty_days(inspected_on: int, followed: bool) -> None:
    found = follow_ups([row("a", created=10, place=WOOD)], [visit(1, inspected_on, place=WOOD)])
    assert bool(found) == followed


def test_the_first_visit_that_came_after_counts() -> None:
    known = [visit(3, 9, place=WOOD), visit(2, 7, place=WOOD), visit(1, 4, place=WOOD)]
    assert follow_ups([row("a", created=5, place=WOOD)], known)["chicago/a"].number == 2


def test_one_visit_may_follow_two_complaints() -> None:
    found = follow_ups([row("a", place=WOOD), row("b", place=WOOD)], [visit(1, 2, place=WOOD)])
    assert {key: one.number for key, one in found.items()} == {"chicago/a": 1, "chicago/b": 1}


def test_elsewhere_or_nowhere_is_not_followed() -> None:
    assert not follow_ups([row("a", place=WOOD), row("b")], [visit(1, 2, place="1 N STATE"), visit(2, 2)])


def test_what_did_not_fail_was_put_right_on_the_spot() -> None:
    assert rechecks([visit(1, 5)]) == {1: (Recheck(day(5), True, None),)}


def test_the_next_visit_to_the_licence_is_the_recheck_of_a_failed_one() -> None:
    failed, other, later = visit(1, 5, failed=True), visit(2, 6, licence=7), visit(3, 9)
    assert rechecks([later, other, failed])[1] == (Recheck(day(9), True, later),)


def test_a_recheck_that_fails_is_followed_by_the_next_one() -> None:
    first, second, third = visit(1, 5, failed=True), visit(2, 9, failed=True), visit(3, 20)
    looks = rechecks([first, second, third])
    assert looks[1] == (Recheck(day(9), False, second), Recheck(day(20), True, third))
    assert looks[2] == (Recheck(day(20), True, third),)


@pytest.mark.parametrize("later", [[], [visit(2, 5 + 91)]])
def test_a_failed_visit_that_nothing_followed_in_time_is_taken_as_put_right(later: list[Visit]) -> None:
    failed = visit(1, 5, failed=True)
    assert rechecks([failed, *later])[1] == (Recheck(failed.at + ASSUMED_AFTER, True, None),)


def test_the_samples_hold_the_joins_that_the_full_files_have() -> None:
    known = [one for one in visits.read() if isinstance(one, Visit)]
    found = follow_ups((each for each in rows.read() if isinstance(each, Row)), known)
    gravities = items.load()
    critical = [one for one in found.values() if any(gravities[column].gravity == GRAVE for column in one.found)]
    assert (len(found), len(critical)) == (137, 27)
    assert all(timedelta(0) <= found[key].at - each.created for key, each in _rows().items() if key in found)


def test_a_visit_is_read_from_the_three_files() -> None:
    record = {
        ID: "7.0",
        "License": "30790.0",
        "Inspection_Date": "2014-12-05",
        "Results": "Fail",
        "Address": "1 N A ST ",
    }
    read = visits.parse(record, {"7.0": "2014-01-16"}, {"7.0": ("3", "34")})
    assert read == Visit(7, 30790, "1 N A", day(5), True, ("3", "34"), day(5).replace(month=1, day=16))
    assert visits.parse(record, {}, {"7.0": ()}).licensed_since is None
    with pytest.raises(KeyError):
        visits.parse(record, {}, {})


def test_a_folder_without_the_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(visits.read(tmp_path))


def _rows() -> dict[str, Row]:
    return {each.key: each for each in rows.read() if isinstance(each, Row)}
