"""Load the reference data of inspection: `python -m services.inspection.load <folder>`.

The folder is the whole truth. An item that it no longer has is retired; an inspected type is gone.
Either all of it is loaded, in one transaction, or nothing and every fault is named. Loading it again changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from services.chassis import load
from services.inspection.domain.reference import ChecklistItem, Gravity, InspectedType
from services.inspection.store.reference import replace_inspected_types, replace_items
from services.kernel.sheets import Reader, Sheets, matching, words


def _gravity(text: str) -> Gravity:
    if text not in Gravity.__members__:
        raise ValueError("must be MINOR, ORDINARY or GRAVE")
    return Gravity[text]


ITEM_COLUMNS: Mapping[str, Reader] = {
    "code": matching("[A-Z]{2,8}-[0-9]{2,4}", "must be a code such as FOOD-03"),
    "name": words(200),
    "name_en": words(200, empty=True),
    "least_gravity": _gravity,
    "certificate_type": matching("([0-9A-Z]{18}[0-9]{3})?", "must be a type code of 21 characters or empty"),
}
INSPECTED_COLUMNS: Mapping[str, Reader] = {
    "standard": words(40),
    "kind": matching("component|event", "must be component or event"),
    "code_prefix": matching("([0-9]{2}([0-9]{3})?)?", "must be a category (2 digits), a type (5 digits) or empty"),
    "department": matching("[A-Z]{2,8}", "must be the 2 to 8 capitals that end a department code"),
}


class ReferenceData(NamedTuple):
    """What the folder holds."""

    items: list[ChecklistItem]
    inspected: list[InspectedType]


def read(folder: Path) -> ReferenceData:
    """Read and check all sheets. Raises SheetFaults with everything that is wrong."""
    sheets = Sheets(folder)
    items = sheets.read("checklist_items.csv", ITEM_COLUMNS)
    sheets.demand_unique(items, "code")
    inspected = sheets.read("inspected_types.csv", INSPECTED_COLUMNS)
    sheets.demand_unique(inspected, *INSPECTED_COLUMNS)
    sheets.demand_right()
    return ReferenceData(
        [ChecklistItem(**line.values) for line in items], [_inspected(**line.values) for line in inspected]
    )


def save(connection: sa.Connection, data: ReferenceData) -> None:
    """Make this the reference data; the caller commits."""
    replace_items(connection, data.items)
    replace_inspected_types(connection, data.inspected)


def _inspected(*, standard: str, kind: str, code_prefix: str, department: str) -> InspectedType:
    return InspectedType(standard, kind, code_prefix, department_suffix=department)


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets are not right, 2 when the folder or the database is not named."""
    return load.main("inspection", arguments, read=read, save=save, counts=counts)


def counts(data: ReferenceData) -> str:
    """What was loaded, for whoever loads it."""
    return f"{len(data.items)} checklist items, {len(data.inspected)} inspected types"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
