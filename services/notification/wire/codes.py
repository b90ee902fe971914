"""The contract's enumerations and the domain's: both ways."""

from __future__ import annotations

from egov.notification.v1 import notices_pb2

from services.notification.domain.notices import EmailState
from services.notification.domain.receipts import AttemptResult

EMAIL_STATES = {
    EmailState.NONE: notices_pb2.EMAIL_STATE_NONE,
    EmailState.PENDING: notices_pb2.EMAIL_STATE_PENDING,
    EmailState.SENT: notices_pb2.EMAIL_STATE_SENT,
    EmailState.FAILED: notices_pb2.EMAIL_STATE_FAILED,
}
RESULTS = {
    AttemptResult.TAKEN: notices_pb2.ATTEMPT_RESULT_TAKEN,
    AttemptResult.DELAYED: notices_pb2.ATTEMPT_RESULT_DELAYED,
    AttemptResult.REFUSED: notices_pb2.ATTEMPT_RESULT_REFUSED,
    AttemptResult.GIVEN_UP: notices_pb2.ATTEMPT_RESULT_GIVEN_UP,
    AttemptResult.NO_ADDRESS: notices_pb2.ATTEMPT_RESULT_NO_ADDRESS,
}
