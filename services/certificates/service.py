"""The certificates service (电子证照): issue, verify, suspend, revoke, renew, use without paper."""

from __future__ import annotations

from uuid import UUID

from egov.certificates.v1 import certificates_pb2
from egov.certificates.v1 import certificates_service_pb2 as certs
from egov.inspection.v1 import events_pb2 as inspection_events

from services.certificates import usecases
from services.certificates.config import CertificatesSettings
from services.certificates.domain.certificates import Certificate
from services.certificates.store.certificates import CertificateStore
from services.certificates.store.reference import ReferenceStore
from services.certificates.wire import events, messages
from services.chassis.call import Call
from services.chassis.entrypoints import BEGINNING, on, rpc
from services.chassis.uow import UnitOfWork

CONSUMER = "suspend-on-findings"


class CertificatesService:
    """Answers the contract's `CertificatesService`, and lets inspections suspend what they find grave faults with."""

    name = "certificates"
    contract = certs.DESCRIPTOR.services_by_name["CertificatesService"]
    settings = CertificatesSettings

    uow = UnitOfWork()

    @rpc
    def ListCertificateTypes(
        self, request: certs.ListCertificateTypesRequest, call: Call
    ) -> certs.ListCertificateTypesResponse:
        """Lists the types in force."""
        return messages.types_message(self._reference.types(messages.type_page(request.page)))

    @rpc
    def IssueCertificate(self, request: certs.IssueCertificateRequest, call: Call) -> certs.IssueCertificateResponse:
        """Issues a certificate."""
        application = messages.application(request)
        issued = usecases.issue_certificate(self.uow, self._certificates, self._reference, application, call.region)
        return certs.IssueCertificateResponse(certificate=self._message(issued))

    @rpc
    def GetCertificate(self, request: certs.GetCertificateRequest, call: Call) -> certs.GetCertificateResponse:
        """Reads one certificate."""
        reader = messages.reader(call.caller)
        found = usecases.see_certificate(
            self._certificates, self._reference, UUID(request.certificate_id), call.region, reader
        )
        return certs.GetCertificateResponse(certificate=self._message(found))

    @rpc
    def VerifyCertificate(self, request: certs.VerifyCertificateRequest, call: Call) -> certs.VerifyCertificateResponse:
        """Says what anyone may know of an identifier."""
        said = usecases.verify_certificate(self._certificates, self._reference, request.identifier, self.uow.now())
        return messages.verification_message(said)

    @rpc
    def SuspendCertificate(
        self, request: certs.SuspendCertificateRequest, call: Call
    ) -> certs.SuspendCertificateResponse:
        """Suspends a certificate."""
        after = usecases.suspend_certificate(
            self.uow,
            self._certificates,
            UUID(request.certificate_id),
            call.region,
            seen=request.version,
            case_number=request.case_number,
        )
        return certs.SuspendCertificateResponse(certificate=self._message(after))

    @rpc
    def ResumeCertificate(self, request: certs.ResumeCertificateRequest, call: Call) -> certs.ResumeCertificateResponse:
        """Puts a suspended certificate in force again."""
        after = usecases.resume_certificate(
            self.uow,
            self._certificates,
            UUID(request.certificate_id),
            call.region,
            seen=request.version,
            case_number=request.case_number,
        )
        return certs.ResumeCertificateResponse(certificate=self._message(after))

    @rpc
    def RevokeCertificate(self, request: certs.RevokeCertificateRequest, call: Call) -> certs.RevokeCertificateResponse:
        """Revokes a certificate."""
        after = usecases.revoke_certificate(
            self.uow,
            self._certificates,
            UUID(request.certificate_id),
            call.region,
            seen=request.version,
            case_number=request.case_number,
        )
        return certs.RevokeCertificateResponse(certificate=self._message(after))

    @rpc
    def RenewCertificate(self, request: certs.RenewCertificateRequest, call: Call) -> certs.RenewCertificateResponse:
        """Issues the next version of a certificate."""
        after = usecases.renew_certificate(
            self.uow,
            self._certificates,
            self._reference,
            UUID(request.certificate_id),
            call.region,
            seen=request.version,
            until=messages.until(request),
        )
        return certs.RenewCertificateResponse(certificate=self._message(after))

    @rpc
    def GetHistory(self, request: certs.GetHistoryRequest, call: Call) -> certs.GetHistoryResponse:
        """Reads how a certificate stood over time."""
        reader = messages.reader(call.caller)
        found, uses = usecases.see_history(
            self._certificates, self._reference, UUID(request.certificate_id), call.region, reader
        )
        return messages.history_message(found, uses, messages.at(request, self.uow.now()))

    @rpc
    def ListHolderCertificates(
        self, request: certs.ListHolderCertificatesRequest, call: Call
    ) -> certs.ListHolderCertificatesResponse:
        """Lists what a department may see of a holder's certificates. The audit row names the case it was for."""
        self.uow.belongs_to(request.case_number)
        page = usecases.holder_certificates(
            self._certificates,
            self._reference,
            messages.holder(request),
            call.region,
            messages.reader(call.caller),
            messages.certificate_page(request.page),
        )
        return messages.certificates_message(page, self.uow.now())

    @rpc
    def UseCertificate(self, request: certs.UseCertificateRequest, call: Call) -> certs.UseCertificateResponse:
        """Fetches a certificate for a case and records the use."""
        after, use = usecases.use_certificate(
            self.uow,
            self._certificates,
            self._reference,
            UUID(request.certificate_id),
            call.region,
            messages.reader(call.caller),
            case_number=request.case_number,
            purpose=request.purpose,
        )
        return certs.UseCertificateResponse(certificate=self._message(after), use=messages.use_message(use))

    @on(inspection_events.FindingRecorded, id=CONSUMER, start=BEGINNING)
    def finding_recorded(self, event: inspection_events.FindingRecorded, call: Call) -> None:
        """Suspends the certificate that a grave finding concerns."""
        if finding := events.grave_finding(event):
            usecases.suspend_on_finding(self.uow, self._certificates, finding)

    @on(inspection_events.InspectionClosed, id=CONSUMER, start=BEGINNING)
    def inspection_closed(self, event: inspection_events.InspectionClosed, call: Call) -> None:
        """Lets go on what the inspection's case had suspended."""
        if end := events.good_end(event):
            usecases.lift_on_good_end(self.uow, self._certificates, end)

    @property
    def _certificates(self) -> CertificateStore:
        return CertificateStore(self.uow.connection)

    @property
    def _reference(self) -> ReferenceStore:
        return ReferenceStore(self.uow.connection)

    def _message(self, certificate: Certificate) -> certificates_pb2.Certificate:
        return messages.certificate_message(certificate, self.uow.now())
