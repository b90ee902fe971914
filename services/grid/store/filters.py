"""What a search asks for, as conditions on a row of the table of incidents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from services.grid.domain.reference import TypeKey
from services.grid.domain.search import METRES_A_DEGREE, Sought
from services.grid.store.stages import in_state
from services.kernel.regions import scope_prefix

COUNTY_DIGITS, TOWNSHIP_DIGITS = 6, 9
# In this form PostgreSQL knows how many these are.
_WITHIN = "region LIKE :{0} || '%'"
# The index of townships serves whatever lies in one.
_IN_TOWNSHIP = "left(region, 9) = left(:{0}, 9)"
# Who may see where it is, may ask what is there: else a search would tell what the answer hides.
SHOWN = (
    "(owner = :asking_department OR department = :asking_department OR coordinator = :asking_department"
    " OR (reporter_kind = :asking_kind AND reporter_id = :asking_id))"
)
"""The condition that whoever asks is shown an incident's position."""
_NEAR = (
    "point(longitude, latitude) <@ box(point(:west, :south), point(:east, :north)) AND latitude IS NOT NULL"
    " AND ((latitude - :latitude) * :north_m) ^ 2 + ((longitude - :longitude) * :east_m) ^ 2 <= :metres ^ 2"
)
_OF_TYPES = (
    "(type_standard, type_kind, type_code) IN (SELECT * FROM unnest("
    "CAST(:standards AS text[]), CAST(:kinds AS text[]), CAST(:codes AS text[])))"
)
_NUMBERED = "SELECT incident_id AS id FROM department_number WHERE number = :department_number"


# Fences, behind which PostgreSQL goes by this filter, whatever it thinks how many have it and in what order.
_THOSE = "(SELECT * FROM incident WHERE {passes} OFFSET 0)"
_THOSE_OF = (
    "(SELECT each.* FROM ({keys}) AS few CROSS JOIN LATERAL (SELECT * FROM incident WHERE id = few.id LIMIT 1) AS each)"
)


class Filter(NamedTuple):
    """A condition. Where few may have it, `keys` are what is counted, and `incidents` how these are looked up."""

    passes: str
    keys: str = ""
    incidents: str = ""


def text_filter(sought: Sought) -> Filter | None:
    """What the description is to say; None: anything."""
    if not sought.text:
        return None
    places = [
        f" || incident_places(:{name})"
        for name, code in (("bound", sought.bound), ("region", sought.region))
        if len(code) >= COUNTY_DIGITS
    ]
    return _keyed(
        "position(lower(:text) IN lower(description)) > 0",
        f"SELECT incident_id AS id FROM incident_text WHERE words @> (incident_words(:text){''.join(places)})",
    )


def filters(sought: Sought) -> Iterator[Filter]:
    """All that a search asks for but a text; the region that the caller works in always."""
    for name, code in (("bound", sought.bound), ("region", sought.region)):
        if code:
            yield from _inside(name, code)
    if sought.case_number_prefix:
        yield _found("case_number ~>=~ :case_number AND case_number ~<~ :behind_case_number")
    if sought.reference:
        yield _found("reference = :reference AND reference <> ''")
    if sought.department_number:
        yield _keyed(f"id IN ({_NUMBERED})", _NUMBERED)
    if sought.near:
        yield _found(_NEAR)
        yield Filter(SHOWN)
    if sought.enterprise_code:
        yield _found("enterprise_code = :enterprise_code AND enterprise_code <> ''")
    if sought.reporter:
        yield Filter("reporter_kind = :reporter_kind AND reporter_id = :reporter_id")
    yield from _plain(sought)


def _inside(name: str, code: str) -> Iterator[Filter]:
    """One condition for a place: of two that say the same PostgreSQL takes few to have both."""
    if len(code) > TOWNSHIP_DIGITS:
        yield _found(_WITHIN.format(name))
    else:
        yield Filter((_IN_TOWNSHIP if len(code) == TOWNSHIP_DIGITS else _WITHIN).format(name))


def _plain(sought: Sought) -> Iterator[Filter]:
    """Those that are passed by in the order of the list."""
    if sought.state:
        yield Filter(in_state(sought.state))
    equal = {"type_code": sought.type_code, "department": sought.department}
    yield from (Filter(f"{name} = :{name}") for name, value in equal.items() if value)
    if sought.types is not None:
        # Of no type there is nothing: without passing by all incidents to find none.
        yield Filter(_OF_TYPES if sought.types else "FALSE")
    if sought.filed_from:
        yield Filter("filed_at >= :filed_from")
    if sought.filed_until:
        yield Filter("filed_at < :filed_until")


def _found(passes: str) -> Filter:
    return Filter(passes, f"SELECT id FROM incident WHERE {passes}", _THOSE.format(passes=passes))


def _keyed(passes: str, keys: str) -> Filter:
    return Filter(passes, keys, _THOSE_OF.format(keys=keys))


def values(sought: Sought) -> dict[str, Any]:
    """The values that the conditions speak of."""
    given: dict[str, Any] = {
        "bound": sought.bound, "region": sought.region and scope_prefix(sought.region), "text": sought.text,
        "case_number": sought.case_number_prefix, "behind_case_number": f"{sought.case_number_prefix}~",
        "reference": sought.reference, "department_number": sought.department_number,
        "enterprise_code": sought.enterprise_code,
        "type_code": sought.type_code, "department": sought.department,
        "filed_from": sought.filed_from, "filed_until": sought.filed_until,
        "asking_department": sought.asking_department or None,
        "asking_kind": sought.asking.kind, "asking_id": sought.asking.id,
    }  # fmt: skip
    if sought.types is not None:
        given |= {f"{part}s": [str(getattr(key, part)) for key in sought.types] for part in TypeKey._fields}
    if sought.reporter:
        given |= {"reporter_kind": sought.reporter.kind, "reporter_id": sought.reporter.id}
    if sought.near:
        low, high = sought.near.corners
        given |= {
            "south": low.latitude, "west": low.longitude, "north": high.latitude, "east": high.longitude,
            "latitude": sought.near.centre.latitude, "longitude": sought.near.centre.longitude,
            "metres": sought.near.metres, "north_m": METRES_A_DEGREE, "east_m": sought.near.metres_a_degree_east,
        }  # fmt: skip
    return given
