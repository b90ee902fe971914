"""What imports in versions have in common."""

from __future__ import annotations

from typing import TypeVar

from egov.grid.v1 import grid_service_pb2, routing_pb2

from services.chassis.moments import moment_in
from services.grid import usecases
from services.grid.domain.calendars import WorkingTime
from services.grid.domain.versions import Outcome, Version, Versioned
from services.grid.service.base import CALENDARS, Methods
from services.kernel.sheets import Sheets

Said = TypeVar("Said", bound=Versioned)


class VersionMethods(Methods):
    """Methods of what operators import as a whole."""

    @property
    def _working(self) -> WorkingTime:
        """Whose working time is known: sheets may speak of no other."""
        return WorkingTime.of(CALENDARS.now(self.uow.connection))

    def _imported(
        self,
        request: grid_service_pb2.ImportCatalogueRequest | routing_pb2.ImportRoutingRequest,
        sheets: Sheets,
        said: Said,
        versions: usecases.Versions[Said],
    ) -> tuple[Outcome, Version | None]:
        """What became of what the sheets say: nothing was taken where they have faults."""
        if sheets.faults:
            return Outcome.FAULTY, None
        begin, now = moment_in(request, "effective_from"), self.uow.now()
        return usecases.take_version(versions, said, effective_from=begin, now=now, dry_run=request.dry_run)
