"""The stores of incidents and reference data, over a database or in memory."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from services.grid.domain.catalogue import Catalogue
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import DispatchRule, IncidentType
from services.grid.domain.versions import BEGINNING
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.incidents import IncidentStore
from services.grid.store.reference import ReferenceStore, replace_centres
from services.kernel.paging import PageRequest
from tests.unit.fakes import NOW
from tests.unit.grid.samples import (
    FakeIncidents,
    FakeReference,
    rule,
)

ALL = PageRequest()
RULES = [rule("CGJ", 24), rule("SCJG", 48, standard="RZ-LOCAL", kind="event", code_prefix="90", region_prefix="371121")]


@dataclass
class Stores:
    incidents: IncidentStore | FakeIncidents
    reference: ReferenceStore | FakeReference
    connection: sa.Connection | None = None

    def refill(self, types: tuple[IncidentType, ...], rules: list[DispatchRule], centres: dict[str, str]) -> None:
        if self.connection is None:
            assert isinstance(self.reference, FakeReference)
            self.reference.replace(types, rules, centres)
        else:
            catalogue = Catalogue(types, tuple(rules))
            CatalogueStore(self.connection).add(catalogue, BEGINNING, NOW)
            replace_centres(self.connection, centres)


def kept(stores: Stores, *incidents: Incident) -> tuple[Incident, ...]:
    for each in incidents:
        stores.incidents.add(each)
    return incidents
