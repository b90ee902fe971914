"""Audit: who asked for what, with which outcome. Stands inside caller, since a row needs one.

A change that was committed has its row already, in its own transaction; what is left here are reads and refusals.
"""

from __future__ import annotations

from services.chassis.contract import Method
from services.chassis.database import as_refusal
from services.chassis.idempotency import Replayed
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.kernel.errors import Refusal


def audit(method: Method, desk: Desk, proceed: Step) -> Step:
    """Leaves one row per call, outside the business transaction.

    Anonymous calls leave none, nor do reads between services, unless they were refused.
    """

    outward = method.access.WhichOneof("door") == "outward"

    def step(exchange: Exchange) -> bytes:
        call, outcome = exchange.call, "OK"
        try:
            return proceed(exchange)
        except Replayed:
            outcome = "REPLAYED"
            raise
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else as_refusal(error)
            outcome = refusal.reason if refusal else "INTERNAL"
            raise
        finally:
            if not call.audited and not call.caller.anonymous and (outward or outcome != "OK"):
                desk.audit.write(call, outcome)

    return step
