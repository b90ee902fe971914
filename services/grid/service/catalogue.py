"""The methods of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from egov.grid.v1 import grid_service_pb2 as grid

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.moments import moment_in
from services.grid.domain.counting import count_under, demand_range
from services.grid.domain.incidents import Incident
from services.grid.domain.previewing import Beside, preview
from services.grid.domain.reference import TypeKey
from services.grid.domain.reports import only_reports_of
from services.grid.domain.versions import demand_city
from services.grid.service.versions import VersionMethods
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.past import PastIncidents
from services.grid.wire import catalogue, codes, messages
from services.grid.wire.catalogue_sheets import read_catalogue, sheets_of
from services.grid.wire.versions import version_page


class CatalogueMethods(VersionMethods):
    """The types in force, what operators do with catalogues, and what a change of standards does to figures."""

    @rpc
    def ListIncidentTypes(self, request: grid.ListIncidentTypesRequest, call: Call) -> grid.ListIncidentTypesResponse:
        """Lists the incident types in use."""
        at = moment_in(request, "in_force_at") or self.uow.now()
        page = self._reference.types(
            messages.type_page(request.page),
            at,
            kind=codes.KINDS.get(request.kind),
            category_code=request.category_code,
        )
        return catalogue.types_message(page, self._catalogues.stages(at), self._catalogues.mappings(at))

    @rpc
    def ImportCatalogue(self, request: grid.ImportCatalogueRequest, call: Call) -> grid.ImportCatalogueResponse:
        """Imports a catalogue."""
        demand_city(call.region)
        sheets = sheets_of((each.name, each.content) for each in request.sheets)
        said = read_catalogue(sheets, self._working, self._reference.departments())
        outcome, version = self._imported(request, sheets, said, self._catalogues)
        return catalogue.import_message(outcome, version, said, sheets.faults)

    @rpc
    def ListCatalogues(self, request: grid.ListCataloguesRequest, call: Call) -> grid.ListCataloguesResponse:
        """Lists the catalogues that were imported."""
        return catalogue.versions_message(self._catalogues.versions(version_page(request.page)))

    @rpc
    def PreviewCatalogue(self, request: grid.PreviewCatalogueRequest, call: Call) -> grid.PreviewCatalogueResponse:
        """Tries a catalogue on past cases."""
        page = messages.incident_page(request.page)
        past = self._past(request, call)
        sheets = sheets_of((each.name, each.content) for each in request.sheets)
        said = read_catalogue(sheets, self._working, self._reference.departments())
        if sheets.faults:
            return catalogue.faulty_preview(sheets.faults)
        found, limits, now = past.page(page), self._limits, self.uow.now()
        beside = self._beside(found.rows)
        tried = [preview(each, said, limits, now, it) for each, it in zip(found.rows, beside, strict=True)]
        return catalogue.preview_message(tried, found.next_token)

    @rpc
    def CountIncidentsByType(
        self, request: grid.CountIncidentsByTypeRequest, call: Call
    ) -> grid.CountIncidentsByTypeResponse:
        """Counts incidents by the codes of one standard."""
        past = self._past(request, call).by_type(only_reports_of(call.caller))
        now = self.uow.now()
        mappings = self._catalogues.mappings(now)
        names: dict[TypeKey, str] = {each.former: each.former_name for each in mappings}
        for each in self._catalogues.types(now):
            names |= {each.key: each.name, each.key.category: each.category}
        return catalogue.counted_message(count_under(request.standard, past.filed, mappings), past.apart, names)

    @property
    def _catalogues(self) -> CatalogueStore:
        return CatalogueStore(self.uow.connection)

    def _beside(self, incidents: Sequence[Incident]) -> list[Beside]:
        sources = self._dispatching.last_sources([each.id for each in incidents])
        demanded = self._reference.evidence_for_each([(each.report.type, each.filed_at) for each in incidents])
        return [Beside(kinds, sources.get(each.id)) for each, kinds in zip(incidents, demanded, strict=True)]

    def _past(
        self, request: grid.PreviewCatalogueRequest | grid.CountIncidentsByTypeRequest, call: Call
    ) -> PastIncidents:
        """The incidents of the range that was asked for, which is held against the rules of ranges."""
        begin, end = moment_in(request, "filed_from"), moment_in(request, "filed_until")
        assert begin is not None and end is not None, "the contract requires both"
        demand_range(begin, end)
        return PastIncidents(self.uow.connection, begin, end, bound=call.region, region=request.region)
