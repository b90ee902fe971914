"""The notification service (通知): notices by case, inbox and e-mail."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from egov.grid.v1 import events_pb2 as grid_events
from egov.identity.v1 import identity_service_pb2
from egov.notification.v1 import notification_service_pb2 as notification

from services.chassis.call import Call, Job, Retry
from services.chassis.client import GrpcClient
from services.chassis.config import Config
from services.chassis.entrypoints import BEGINNING, job, on, rpc
from services.chassis.uow import UnitOfWork
from services.kernel.errors import Refusal
from services.kernel.parties import Party
from services.notification import usecases, wire
from services.notification.config import NotificationSettings
from services.notification.domain import wordings
from services.notification.domain.mails import Contact, MailDelayed, wait_before_retry
from services.notification.domain.notices import EmailState, Occasion, inbox_of
from services.notification.smtp import SmtpMailer
from services.notification.store import NoticeStore

CONSUMER = "incident-notices"
MAIL_TRIES = 12
MAIL_LEASE_S = 90.0
WORDINGS = wordings.read(Path(__file__).parent / "templates")


class NotificationService:
    """Answers the contract's `NotificationService`, and tells people what happens to incidents."""

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
        return wire.notices_message(page)

    @rpc
    def MarkRead(self, request: notification.MarkReadRequest, call: Call) -> notification.MarkReadResponse:
        """Marks a notice as read."""
        notice = usecases.mark_read(self.uow, self._notices, UUID(request.notice_id))
        return notification.MarkReadResponse(notice=wire.notice_message(notice))

    @on(grid_events.IncidentFiled, id=CONSUMER, start=BEGINNING)
    def incident_filed(self, event: grid_events.IncidentFiled, call: Call) -> None:
        """Tells the reporter and the grid centre."""
        self._tell(wire.incident_filed(event, call.event_id))

    @on(grid_events.IncidentDispatched, id=CONSUMER, start=BEGINNING)
    def incident_dispatched(self, event: grid_events.IncidentDispatched, call: Call) -> None:
        """Tells the reporter and the department in charge."""
        self._tell(wire.incident_dispatched(event, call.event_id))

    @on(grid_events.IncidentClosed, id=CONSUMER, start=BEGINNING)
    def incident_closed(self, event: grid_events.IncidentClosed, call: Call) -> None:
        """Tells the reporter and the department that was in charge."""
        self._tell(wire.incident_closed(event, call.event_id))

    @job(tries=MAIL_TRIES, lease_seconds=MAIL_LEASE_S)
    def send_mail(self, job: Job) -> None:
        """Sends a notice by e-mail. The unit of work begins after the mail server has answered."""
        letter = wire.letter(job.payload)
        state = usecases.send_mail(letter, self._contact, SmtpMailer(self.config), last_try=job.last)
        if state is EmailState.PENDING:
            raise Retry("MAIL_DELAYED", wait_before_retry(job.attempt, self.config.mail_retry_s))
        self._notices.set_email_state(letter.notice_id, state)

    @property
    def _notices(self) -> NoticeStore:
        return NoticeStore(self.uow.connection)

    def _tell(self, occasion: Occasion) -> None:
        usecases.tell(self.uow, self._notices, occasion, WORDINGS)

    def _contact(self, party: Party) -> Contact | None:
        """How identity says a party can be reached; None when it does not know the party. Raises MailDelayed."""
        try:
            answer = self.identity.GetContact(identity_service_pb2.GetContactRequest(party=wire.party_message(party)))
        except Refusal as refusal:
            if refusal.reason == "PARTY_UNKNOWN":
                return None
            raise MailDelayed from refusal
        return wire.contact(answer.contact)
