"""The Case page."""

from __future__ import annotations

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from werkzeug.wrappers import Response

from observability.casetrace.console.front import Visit


def page(visit: Visit, number: str) -> Response:
    """One case."""
    answer = visit.ask("GetCase", pb.GetCaseRequest(case_number=number))
    return visit.page("case.html", poll_s=5, number=number, answer=answer)
