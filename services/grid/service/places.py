"""The method of places."""

from __future__ import annotations

from egov.grid.v1 import grid_service_pb2 as grid

from services.chassis.call import Call
from services.chassis.entrypoints import rpc
from services.chassis.regions import known_region
from services.grid.domain.places import grid_of
from services.grid.service.base import Methods
from services.grid.wire import places


class PlaceMethods(Methods):
    """Where a position is."""

    @rpc
    def LocatePosition(self, request: grid.LocatePositionRequest, call: Call) -> grid.LocatePositionResponse:
        """Finds the grid of a position; names of regions are read from identity."""
        found = grid_of(places.position(request.position), self._net)
        regions = [known_region(self.identity.GetRegion, code) for code in places.codes_of(found).values()]
        names = {region.code: region.name for region in regions if region}
        return grid.LocatePositionResponse(place=places.place_message(found, names))
