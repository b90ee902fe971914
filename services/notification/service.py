"""The notification service (通知): notices by case, inbox and e-mail."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from egov.certificates.v1 import events_pb2 as certificate_events
from egov.grid.v1 import events_pb2 as grid_events
from egov.identity.v1 import identity_service_pb2
from egov.inspection.v1 import events_pb2 as inspection_events
from egov.notification.v1 import notification_service_pb2 as notification
from google.protobuf.message import Message

from services.chassis.call import Call, Job, Retry
from services.chassis.client import GrpcClient
from services.chassis.config import Config
from services.chassis.entrypoints import BEGINNING, job, on, rpc
from services.chassis.parties import party_message
from services.chassis.uow import UnitOfWork
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from services.notification import usecases
from services.notification.config import NotificationSettings
from services.notification.domain import wordings
from services.notification.domain.mails import Contact, MailDelayed, wait_before_retry
from services.notification.domain.notices import EmailState, Occasion, inbox_of
from services.notification.smtp import SmtpMailer
from services.notification.store.notices import NoticeStore
from services.notification.store.reporters import ReporterStore
from services.notification.wire import certificates, incident_changes, incidents, inspections
from services.notification.wire import notices as wire

INCIDENTS, INSPECTIONS, CERTIFICATES = "incident-notices", "inspection-notices", "certificate-notices"
MAIL_TRIES = 12
MAIL_LIMIT_S = 90.0
WORDINGS = wordings.read(Path(__file__).parent / "templates")


class NotificationService:
    """Answers the contract's `NotificationService`, and tells people what happens to their cases.

    Every event of one topic means an occasion in the same way, so that one method takes them all.
    """

    name = "notification"
    contract = notification.DESCRIPTOR.services_by_name["NotificationService"]
    settings = NotificationSettings

    uow = UnitOfWork()
    config = Config(NotificationSettings)
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")

    @rpc
    def ListNotices(self, request: notification.ListNoticesRequest, call: Call) -> notification.ListNoticesResponse:
        """Lists an inbox, newest first."""
        owner = inbox_of(call.caller, department=request.mailbox == notification.MAILBOX_DEPARTMENT)
        page = self._notices.inbox(
            owner, wire.notice_page(request.page), case_number=request.case_number, unread=request.unread
        )
        return wire.notices_message(page, call.language)

    @rpc
    def MarkRead(self, request: notification.MarkReadRequest, call: Call) -> notification.MarkReadResponse:
        """Marks a notice as read."""
        notice = usecases.mark_read(self.uow, self._notices, UUID(request.notice_id))
        return notification.MarkReadResponse(notice=wire.notice_message(notice, call.language))

    @on(grid_events.IncidentReported, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentFiled, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentDispatched, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentAccepted, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentReturned, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentHandled, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentVerified, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentReworkOrdered, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentClosed, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentReopened, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentEscalated, id=INCIDENTS, start=BEGINNING)
    def incident_moved(self, event: Message, call: Call) -> None:
        """Tells the reporter, the grid centre and the department in charge, and remembers who reported."""
        occasion = incidents.occasion(event, call.event_id)
        self._reporters.remember(occasion.case_number, incidents.reporter(event))
        self._tell(occasion)

    @on(grid_events.IncidentChecked, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentDeclined, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentSentOutside, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentOutsideAnswered, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentReferred, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentTimeAsked, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentTimeRefused, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentDecisionAwaited, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentHeld, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentResumed, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentDeadlineMoved, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentMerged, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentSplit, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentRejoined, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentVoided, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentRated, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentProgressed, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentSupervised, id=INCIDENTS, start=BEGINNING)
    @on(grid_events.IncidentSupervisionMissed, id=INCIDENTS, start=BEGINNING)
    def incident_changed(self, event: Message, call: Call) -> None:
        """Tells whom it concerns of what is not the plain way of an incident."""
        self._tell(incident_changes.occasion(event, call.event_id))

    @on(grid_events.IncidentDueSoon, id=INCIDENTS, start=BEGINNING)
    def incident_due_soon(self, event: grid_events.IncidentDueSoon, call: Call) -> None:
        """Warns whoever holds it."""
        self._tell(incidents.occasion(event, call.event_id))

    @on(inspection_events.InspectionOpened, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.OfficersAssigned, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.FindingRecorded, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.RectificationOrdered, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.RectificationExtended, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.RecheckRecorded, id=INSPECTIONS, start=BEGINNING)
    @on(inspection_events.InspectionClosed, id=INSPECTIONS, start=BEGINNING)
    def inspection_moved(self, event: Message, call: Call) -> None:
        """Tells the inspecting department, its officers, the enterprise and the reporter."""
        self._tell(inspections.occasion(event, call.event_id))

    @on(certificate_events.CertificateIssued, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.CertificateSuspended, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.SuspensionLifted, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.CertificateResumed, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.CertificateRevoked, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.CertificateRenewed, id=CERTIFICATES, start=BEGINNING)
    @on(certificate_events.CertificateUsed, id=CERTIFICATES, start=BEGINNING)
    def certificate_moved(self, event: Message, call: Call) -> None:
        """Tells the holder, the department that issued or used it, and the reporter."""
        self._tell(certificates.occasion(event, call.event_id))

    @job(tries=MAIL_TRIES, limit_seconds=MAIL_LIMIT_S)
    def send_mail(self, job: Job) -> None:
        """Sends a notice by e-mail. The unit of work begins after the mail server has answered."""
        letter = wire.letter(job.payload)
        attempt = usecases.send_mail(letter, self._contact, SmtpMailer(self.config), last_try=job.last)
        usecases.keep_attempt(self.uow, self._notices, letter.notice_id, job.attempt, attempt)
        if attempt.state is EmailState.PENDING:
            # The receipt stays, though this try has failed.
            raise Retry("MAIL_DELAYED", wait_before_retry(job.attempt, self.config.mail_retry_s), keep=True)

    @property
    def _notices(self) -> NoticeStore:
        return NoticeStore(self.uow.connection)

    @property
    def _reporters(self) -> ReporterStore:
        return ReporterStore(self.uow.connection)

    def _tell(self, occasion: Occasion) -> None:
        usecases.tell(self.uow, self._notices, self._reporters, occasion, WORDINGS)

    def _contact(self, party: Party) -> Contact | None:
        """How identity says a party can be reached; None when it does not know the party. Raises MailDelayed."""
        try:
            answer = self.identity.GetContact(identity_service_pb2.GetContactRequest(party=party_message(party)))
        except Refusal as refusal:
            if refusal.reason == "PARTY_UNKNOWN":
                return None
            raise MailDelayed from refusal
        return wire.contact(answer.contact)
