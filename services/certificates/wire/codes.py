"""The enums of the contract and their domain forms, and moments."""

from __future__ import annotations

from egov.certificates.v1 import certificates_pb2, certificates_service_pb2

from services.certificates.domain.reference import HolderKind
from services.certificates.domain.states import Status
from services.kernel.certidentifier import Diagnosis

HOLDER_KINDS = {
    certificates_pb2.HOLDER_KIND_ENTERPRISE: HolderKind.ENTERPRISE,
    certificates_pb2.HOLDER_KIND_PERSON: HolderKind.PERSON,
}
HOLDER_KINDS_OUT = {kind: number for number, kind in HOLDER_KINDS.items()}
STATUSES_OUT: dict[Status | None, certificates_pb2.CertificateStatus.ValueType] = {
    None: certificates_pb2.CERTIFICATE_STATUS_UNSPECIFIED,
    Status.VALID: certificates_pb2.CERTIFICATE_STATUS_VALID,
    Status.SUSPENDED: certificates_pb2.CERTIFICATE_STATUS_SUSPENDED,
    Status.REVOKED: certificates_pb2.CERTIFICATE_STATUS_REVOKED,
    Status.REPLACED: certificates_pb2.CERTIFICATE_STATUS_REPLACED,
    Status.EXPIRED: certificates_pb2.CERTIFICATE_STATUS_EXPIRED,
}
CHECKS_OUT = {
    Diagnosis.RIGHT: certificates_service_pb2.CHECK_DIAGNOSIS_RIGHT,
    Diagnosis.FAULTY_VARIANT: certificates_service_pb2.CHECK_DIAGNOSIS_FAULTY_VARIANT,
    Diagnosis.WRONG: certificates_service_pb2.CHECK_DIAGNOSIS_WRONG,
}
