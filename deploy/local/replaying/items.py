"""What was found, in the words of the sample city: a column of the violation matrix becomes an item and a gravity."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.replaying.licences import FOOD_LICENCE
from deploy.local.replaying.rows import SAMPLE_FOLDER

MINOR, ORDINARY, GRAVE = "MINOR", "ORDINARY", "GRAVE"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding to record. `suspends`: it is grave, and its item concerns the food business licence."""

    column: str
    item: str
    gravity: str
    suspends: bool

    def json(self) -> dict[str, str]:
        """As the API takes it."""
        return {"itemCode": self.item, "gravity": f"GRAVITY_{self.gravity}"}


def load(folder: Path = SAMPLE_FOLDER) -> Mapping[str, Finding]:
    """The finding that each column of the matrix becomes."""
    concerned = {each["code"] for each in _records(folder / "checklist_items.csv") if _concerns(each)}
    return {
        each["column"]: Finding(
            column=each["column"],
            item=each["item"],
            gravity=each["gravity"],
            suspends=each["gravity"] == GRAVE and each["item"] in concerned,
        )
        for each in _records(folder / "replay_items.csv")
    }


def _concerns(item: Mapping[str, str]) -> bool:
    return item["certificate_type"] == FOOD_LICENCE


def _records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
