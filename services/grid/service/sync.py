"""Sync (增量同步): what changed since an app last looked."""

from __future__ import annotations

from egov.grid.v1 import sync_pb2

from services.chassis.call import Call
from services.chassis.entrypoints import every, rpc
from services.grid.domain.sync import LEFT_IS_KEPT, Audience, Bookmark
from services.grid.service.base import Methods
from services.grid.store.sync import SyncStore
from services.grid.wire import sync
from services.kernel.paging import DEFAULT_SIZE
from services.kernel.parties import Party


class SyncMethods(Methods):
    """`SyncIncidents`."""

    @rpc
    def SyncIncidents(self, request: sync_pb2.SyncIncidentsRequest, call: Call) -> sync_pb2.SyncIncidentsResponse:
        """Tells what changed since the token."""
        store = SyncStore(self.uow.connection)
        audience = Audience.of(call.caller, call.region, request.only_department)
        standing = store.standing()
        kept = sync.bookmark(request.token) or Bookmark.first(audience, standing)
        kept.demand_good(audience, standing)
        size = request.limit or DEFAULT_SIZE
        changes = store.changes(audience, kept.after, kept.floor, standing.horizon, size)
        moved = kept.moved(changes, standing)
        answer = sync.changes_message(changes, moved, call.caller.department, Party(*call.caller.party))
        self._show_numbers([each.incident for each in answer.changes if each.HasField("incident")], call)
        return answer

    @every(seconds=3600)
    def forget_left(self) -> bool:
        """Forgets some of what went out of sight so long ago that no token is as old; then more."""
        return SyncStore(self.uow.connection).forget_left(self.uow.now() - LEFT_IS_KEPT)
