"""The inspection service (监督检查): from the order to inspect to the close."""

from __future__ import annotations

from uuid import UUID

from egov.chassis.v1.events_pb2 import EventRefused
from egov.grid.v1.events_pb2 import IncidentDispatched
from egov.identity.v1 import identity_service_pb2
from egov.inspection.v1 import inspection_service_pb2 as messages

from services.chassis.call import Call
from services.chassis.client import GrpcClient
from services.chassis.entrypoints import BEGINNING, on, rpc
from services.chassis.moments import moment, moment_in
from services.chassis.regions import known_region
from services.chassis.uow import UnitOfWork
from services.inspection import usecases
from services.inspection.config import InspectionSettings
from services.inspection.domain.officers import Nominee
from services.inspection.store.inspections import InspectionStore
from services.inspection.store.reference import ReferenceStore
from services.inspection.wire import events
from services.inspection.wire import inspections as wire
from services.kernel.errors import Refusal


class InspectionService:
    """Answers the contract's `InspectionService`, and opens inspections from incidents."""

    name = "inspection"
    contract = messages.DESCRIPTOR.services_by_name["InspectionService"]
    settings = InspectionSettings

    uow = UnitOfWork()
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")

    @rpc
    def OpenInspection(self, request: messages.OpenInspectionRequest, call: Call) -> messages.OpenInspectionResponse:
        """Opens an inspection by request."""
        region = known_region(self.identity.GetRegion, request.region)
        inspection = usecases.open_by_request(
            self.uow, self._inspections, request.region, region, request.enterprise_code, call.region
        )
        return messages.OpenInspectionResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def GetInspection(self, request: messages.GetInspectionRequest, call: Call) -> messages.GetInspectionResponse:
        """Reads one inspection."""
        inspection = self._inspections.load(UUID(request.inspection_id), call.region)
        return messages.GetInspectionResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def ListInspections(self, request: messages.ListInspectionsRequest, call: Call) -> messages.ListInspectionsResponse:
        """Lists inspections, newest first."""
        page = self._inspections.search(
            call.region,
            wire.inspection_page(request.page),
            state=wire.STATES.get(request.state),
            department=request.department,
            case_number=request.case_number,
            incident_id=UUID(request.incident_id) if request.incident_id else None,
        )
        return wire.inspections_message(page)

    @rpc
    def ListChecklistItems(
        self, request: messages.ListChecklistItemsRequest, call: Call
    ) -> messages.ListChecklistItemsResponse:
        """Lists the published checklist items."""
        return wire.items_message(self._reference.items(wire.item_page(request.page)))

    @rpc
    def AssignOfficers(self, request: messages.AssignOfficersRequest, call: Call) -> messages.AssignOfficersResponse:
        """Names the officers; they are read from identity before the transaction begins."""
        nominees = [self._nominee(person_id, call.caller.department) for person_id in request.officers]
        inspection = usecases.assign_officers(
            self.uow,
            self._inspections,
            UUID(request.inspection_id),
            call.region,
            seen=request.version,
            nominees=nominees,
        )
        return messages.AssignOfficersResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def RecordFinding(self, request: messages.RecordFindingRequest, call: Call) -> messages.RecordFindingResponse:
        """Records what was found."""
        inspection = usecases.record_finding(
            self.uow,
            self._inspections,
            self._reference,
            UUID(request.inspection_id),
            call.region,
            seen=request.version,
            item_code=request.item_code,
            gravity=wire.GRAVITIES[request.gravity],
        )
        return messages.RecordFindingResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def OrderRectification(
        self, request: messages.OrderRectificationRequest, call: Call
    ) -> messages.OrderRectificationResponse:
        """Orders rectification."""
        inspection = usecases.order_rectification(
            self.uow,
            self._inspections,
            UUID(request.inspection_id),
            call.region,
            seen=request.version,
            until=moment(request.rectify_by),
        )
        return messages.OrderRectificationResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def ExtendRectification(
        self, request: messages.ExtendRectificationRequest, call: Call
    ) -> messages.ExtendRectificationResponse:
        """Puts the date for rectification off."""
        inspection = usecases.extend_rectification(
            self.uow,
            self._inspections,
            UUID(request.inspection_id),
            call.region,
            seen=request.version,
            until=moment(request.rectify_by),
        )
        return messages.ExtendRectificationResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def RecordRecheck(self, request: messages.RecordRecheckRequest, call: Call) -> messages.RecordRecheckResponse:
        """Records a second look."""
        inspection = usecases.record_recheck(
            self.uow,
            self._inspections,
            UUID(request.inspection_id),
            call.region,
            seen=request.version,
            passed=request.passed,
            until=moment_in(request, "rectify_by"),
        )
        return messages.RecordRecheckResponse(inspection=wire.inspection_message(inspection))

    @rpc
    def CloseInspection(self, request: messages.CloseInspectionRequest, call: Call) -> messages.CloseInspectionResponse:
        """Closes an inspection."""
        inspection = usecases.close_inspection(
            self.uow, self._inspections, UUID(request.inspection_id), call.region, seen=request.version
        )
        return messages.CloseInspectionResponse(inspection=wire.inspection_message(inspection))

    @on(IncidentDispatched, id="open-inspections", start=BEGINNING)
    def incident_dispatched(self, event: IncidentDispatched, call: Call) -> None:
        """Opens an inspection when the rules say that such an incident is inspected."""
        usecases.open_from_incident(self.uow, self._inspections, self._reference, events.dispatched_incident(event))

    @on(EventRefused, id="refused-effects", start=BEGINNING, topic="egov.certificates.v1")
    def event_refused(self, event: EventRefused, call: Call) -> None:
        """Keeps what certificates refused to do about a fact of an inspection."""
        effect = events.refused_effect(event, call.caller.workload)
        usecases.keep_refused_effect(self._inspections, event.case_number, effect)

    @property
    def _inspections(self) -> InspectionStore:
        return InspectionStore(self.uow.connection)

    @property
    def _reference(self) -> ReferenceStore:
        return ReferenceStore(self.uow.connection)

    def _nominee(self, person_id: str, department: str | None) -> Nominee:
        """Somebody as identity knows them at the naming department, for the domain to judge with the rest."""
        wanted = identity_service_pb2.GetStaffRequest(person_id=person_id, department=department or "")
        try:
            answer = self.identity.GetStaff(wanted)
        except Refusal as refusal:
            if refusal.reason != "PARTY_UNKNOWN":
                raise
            return Nominee(person_id, None)
        return Nominee(person_id, wire.staff(answer.staff))
