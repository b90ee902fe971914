"""What the use cases of grid need of its stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.grid.domain.catalogue import Stage
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule, Evidence, TypeKey

EVERYWHERE = ""
"""The bound of those who are bound to no region: other services' facts, and time."""


class Incidents(Protocol):
    """What the use cases need of the incidents' store. `bound`: the region prefix that the caller works in."""

    def add(self, incident: Incident) -> None:
        """Keep a new incident."""

    def load(self, incident_id: UUID, bound: str) -> Incident:
        """Read one; Refusal INCIDENT_NOT_FOUND, also when it lies outside `bound`."""

    def load_main(self, incident_id: UUID, bound: str) -> Incident:
        """Read one as `load` does, and let nobody change it until the end."""

    def duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The open incidents that were merged into it."""

    def closed_duplicates_of(self, main_id: UUID) -> Sequence[UUID]:
        """The incidents that were closed as duplicates of it."""

    def save(self, incident: Incident) -> None:
        """Keep a changed incident; Refusal STALE_VERSION when someone else was faster."""

    def unwatched(self, timer: str) -> Incident | None:
        """An open incident that is not due by this name, locked until the end; None when there is none to be had.

        A duplicate is not meant whose main incident is open: it is looked at when that ends.
        """

    def unheld(self, centres: Mapping[str, str]) -> Incident | None:
        """An open incident whose grid centre or coordinator is none of these, locked until the end.

        `centres`: department code by region. None when there is none to be had for which one of them is there.
        """

    def count_unheld(self, centres: Mapping[str, str]) -> int:
        """How many open incidents have another grid centre than these."""


class Reference(Protocol):
    """What the use cases need of the reference data's store. `at`: by the catalogue in force at that moment."""

    def type_in_force(self, key: TypeKey, at: datetime) -> bool:
        """Whether the catalogue has this type."""

    def centre_of(self, region: str) -> str | None:
        """Department code of the grid centre of a city, county, township or village itself."""

    def all_centres(self) -> Mapping[str, str]:
        """Department codes of all grid centres, by region."""

    def rules_for(self, region: str, at: datetime) -> Sequence[DispatchRule]:
        """The dispatch rules that speak of this region."""

    def stages_for(self, key: TypeKey, at: datetime) -> Sequence[Stage]:
        """The stages that speak of this type."""

    def evidence_for(self, key: TypeKey, at: datetime) -> Sequence[Evidence]:
        """What has to be handed in with an incident of this type."""
