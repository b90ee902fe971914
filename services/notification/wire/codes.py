"""The contract's enumerations and the domain's, moments and parties: both ways."""

from __future__ import annotations

from egov.common.v1 import parties_pb2
from egov.notification.v1 import notices_pb2

from services.kernel.parties import Party
from services.notification.domain.notices import EmailState
from services.notification.domain.receipts import AttemptResult

PARTY_KINDS = {
    "person": parties_pb2.PARTY_KIND_PERSON,
    "department": parties_pb2.PARTY_KIND_DEPARTMENT,
    "client": parties_pb2.PARTY_KIND_CLIENT,
    "enterprise": parties_pb2.PARTY_KIND_ENTERPRISE,
}
_PARTY_KINDS_IN = {number: kind for kind, number in PARTY_KINDS.items()}
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


def party(message: parties_pb2.Party) -> Party:
    """A party, from an event."""
    return Party(_PARTY_KINDS_IN[message.kind], message.id)


def party_message(party: Party) -> parties_pb2.Party:
    """A party by reference."""
    return parties_pb2.Party(kind=PARTY_KINDS[party.kind], id=party.id)
