import csv
from datetime import UTC, datetime

from deploy.local.replaying import mapping, rows
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.mapping import Atlas, Mapped, TypeKey, about_food
from deploy.local.replaying.rows import SAMPLE_FOLDER, LeftOut, Row

RUBBISH = TypeKey("GB/T 47678.5-2026", "event", "06010")
HYDRANT = TypeKey("GB/T 47678.5-2026", "event", "09012")
ATLAS = Atlas(
    types={
        ("chicago", "Garbage in alley", ""): RUBBISH,
        ("chicago", "Graffiti", ""): None,
        ("chicago", "", ""): None,
        ("nyc", "Illegal Parking", ""): RUBBISH,
        ("nyc", "Illegal Parking", "Blocked Hydrant"): HYDRANT,
    },
    townships={("chicago", "61"): "371102001", ("nyc", "QUEENS"): "371103001"},
    villages={"371102001": ["371102001001", "371102001002", "371102001003"], "371103001": ["371103001001"]},
)


def row(**changed: str) -> Row:
    said = {
        "source": "chicago",
        "number": "14-1",
        "nature": "Garbage in alley",
        "detail": "",
        "area": "61",
        "block": "48XX S WOOD",
        **changed,
    }
    return Row(**said, created=datetime(2014, 12, 1, tzinfo=UTC), closed=None, duplicate=False)


def reason(item: Mapped | LeftOut) -> str | None:
    return item.reason if isinstance(item, LeftOut) else None


def test_a_row_becomes_a_report_of_the_sample_city() -> None:
    mapped = ATLAS.place(row())
    assert isinstance(mapped, Mapped)
    assert mapped.report("first") == {
        "type": {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": "06010"},
        "region": mapped.village,
        "description": "Garbage in alley (chicago 14-1)",
        "address": "48XX S WOOD",
        "seenAt": "2014-12-01T00:00:00Z",
        "reference": "replay/first/chicago/14-1",
    }


def test_the_same_block_is_always_the_same_village() -> None:
    villages = {mapped.village for n in range(20) if isinstance(mapped := ATLAS.place(row(number=str(n))), Mapped)}
    assert len(villages) == 1


def test_blocks_spread_over_the_villages_of_their_township() -> None:
    placed = [ATLAS.place(row(block=f"{n}XX S WOOD")) for n in range(60)]
    assert {item.village for item in placed if isinstance(item, Mapped)} == set(ATLAS.villages["371102001"])


def test_the_finer_type_wins() -> None:
    nyc = row(source="nyc", area="QUEENS", nature="Illegal Parking", detail="Blocked Hydrant")
    mapped = ATLAS.place(nyc)
    assert isinstance(mapped, Mapped) and mapped.type == HYDRANT


def test_what_cannot_be_placed_says_why() -> None:
    assert reason(ATLAS.place(row(nature="Graffiti"))) == "NO_INCIDENT_TYPE"
    assert reason(ATLAS.place(row(nature=""))) == "NATURE_NOT_SAID"
    assert reason(ATLAS.place(row(nature="Never heard of"))) == "NATURE_UNKNOWN"
    assert reason(ATLAS.place(row(area="99"))) == "NO_PLACE"


def test_the_shipped_mapping_names_types_and_townships_of_the_sample_city() -> None:
    atlas = mapping.load()
    with (SAMPLE_FOLDER / "incident_types.csv").open(encoding="utf-8", newline="") as lines:
        known = {TypeKey(r["standard"], r["kind"], r["code"]) for r in csv.DictReader(lines)}
    assert {key for key in atlas.types.values() if key} <= known
    assert all(atlas.villages[township] for township in atlas.townships.values())


def test_the_shipped_mapping_knows_every_nature_of_the_samples() -> None:
    atlas = mapping.load()
    reasons = {reason(atlas.place(item)) for item in rows.read() if isinstance(item, Row)}
    assert reasons == {None, "NATURE_NOT_SAID", "NO_INCIDENT_TYPE", "NO_PLACE"}


def test_a_complaint_that_an_inspection_followed_is_about_the_business_and_happens_there() -> None:
    licence = Licence(30790, "371121001001", None)
    mapped = about_food(row(), licence)
    report = mapped.report("first")
    assert (report["type"]["code"], report["region"]) == ("90001", licence.village)
    assert report["enterpriseCode"] == licence.enterprise("first")
