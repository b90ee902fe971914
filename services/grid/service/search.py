"""Search (查询): incidents by what is known of them."""

from __future__ import annotations

from dataclasses import replace

from egov.grid.v1 import export_pb2, search_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.grid.service.base import Methods
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.search import SearchStore
from services.grid.wire import export, messages, search
from services.kernel.parties import Party


class SearchMethods(Methods):
    """`SearchIncidents`, `ExportIncidents`."""

    @rpc
    def SearchIncidents(
        self, request: search_pb2.SearchIncidentsRequest, call: Call
    ) -> search_pb2.SearchIncidentsResponse:
        """Finds incidents."""
        sought = search.sought(request, call.caller, call.region)
        page = SearchStore(self.uow.connection).page(sought, messages.incident_page(request.page))
        answer = search.found_message(page, call.caller.department, Party(*call.caller.party))
        self._show_numbers(answer.incidents, call)
        return answer

    @rpc
    def ExportIncidents(
        self, request: export_pb2.ExportIncidentsRequest, call: Call
    ) -> export_pb2.ExportIncidentsResponse:
        """Writes what is found as a file."""
        sought, page = search.sought(request.sought, call.caller, call.region), export.export_page(request)
        if request.public_only:
            types = CatalogueStore(self.uow.connection).types(self.uow.now())
            sought = replace(sought, types=frozenset(each.key for each in types if each.public))
        found = SearchStore(self.uow.connection).lines(sought, page)
        return export.export_message(found, request.format, public_only=request.public_only)
