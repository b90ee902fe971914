import csv

import pytest

from deploy.local.replaying.items import GRAVE, MINOR, ORDINARY, load
from deploy.local.replaying.licences import Licence, organisation_check
from deploy.local.replaying.mapping import load as load_atlas
from deploy.local.replaying.rows import SAMPLE_FOLDER
from services.kernel.checks import social_credit_code
from tests.unit.replay.made import BUSINESS, VILLAGE, day

GRAVITIES = {MINOR: 1, ORDINARY: 2, GRAVE: 3}


def sheet(name: str) -> list[dict[str, str]]:
    with (SAMPLE_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_business_of_a_run_has_a_code_of_its_own_with_right_check_characters() -> None:
    codes = {Licence(number, VILLAGE, None).enterprise("night") for number in range(1, 3_000_000, 997)}
    assert len(codes) == len(range(1, 3_000_000, 997))
    assert all(social_credit_code(code) == (True, True) for code in codes)
    assert all(organisation_check(code[8:16]) == code[16] for code in codes)


def test_the_check_of_an_organisation_code_is_the_one_of_the_sample_city() -> None:
    numbers = [each["number"] for each in sheet("enterprises.csv")]
    assert [number[16] for number in numbers] == [organisation_check(number[8:16]) for number in numbers]


def test_a_code_is_the_same_on_every_try_and_another_in_another_run() -> None:
    assert BUSINESS.enterprise("night") == Licence(30790, "371103001001", day(1)).enterprise("night")
    assert BUSINESS.enterprise("night") != BUSINESS.enterprise("day")


def test_a_code_is_none_of_the_sample_city() -> None:
    assert all(each["number"][8:12] == "MAB0" for each in sheet("enterprises.csv"))
    assert all(Licence(number, VILLAGE, None).enterprise("night")[11] != "0" for number in range(1, 3_000_000, 997))


def test_a_certificate_says_nothing_of_the_source_but_the_number() -> None:
    said = BUSINESS.certificate("night")
    assert said == {
        "typeCode": "11100000MB0328832T014",
        "number": said["number"],
        "holderKind": "HOLDER_KIND_ENTERPRISE",
        "holder": BUSINESS.enterprise("night"),
        "holderName": "样例餐饮 30790（虚构）",
        "region": VILLAGE,
    }
    assert said["number"] == BUSINESS.certificate("night")["number"] != BUSINESS.certificate("day")["number"]


def test_a_business_is_always_in_the_same_village_and_businesses_are_in_every_county() -> None:
    atlas = load_atlas()
    assert atlas.site(30790) == load_atlas().site(30790)
    sites = {atlas.site(number) for number in range(500)}
    assert {site[:6] for site in sites} == {each["region"] for each in sheet("centres.csv")} - {"371100"}


def test_every_column_of_the_matrix_becomes_a_finding_that_its_item_allows() -> None:
    least = {each["code"]: GRAVITIES[each["least_gravity"]] for each in sheet("checklist_items.csv")}
    findings = load()
    assert set(findings) == {str(number) for number in (*range(1, 45), 70) if number != 23}
    assert all(GRAVITIES[each.gravity] >= least[each.item] for each in findings.values())


@pytest.mark.parametrize(
    ("columns", "gravity"), [(range(1, 15), GRAVE), (range(15, 30), ORDINARY), (range(30, 45), MINOR)]
)
def test_critical_is_grave_serious_is_ordinary_and_the_rest_is_minor(columns: range, gravity: str) -> None:
    assert {each.gravity for column, each in load().items() if int(column) in columns} == {gravity}


def test_a_grave_finding_suspends_when_its_item_concerns_the_food_licence() -> None:
    findings = load()
    assert findings["1"].suspends and not findings["4"].suspends and not findings["26"].suspends
    assert findings["1"].json() == {"itemCode": "FOOD-03", "gravity": "GRAVITY_GRAVE"}
