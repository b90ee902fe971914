"""One trace of a case as OTLP JSON, for other tools."""

from __future__ import annotations

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from werkzeug.wrappers import Response

from observability.casetrace.console import answers
from observability.casetrace.console.front import Visit


def document(visit: Visit, number: str, trace_id: str) -> Response:
    """The spans of a trace of the case, to be kept."""
    answer = visit.ask("GetTrace", pb.GetTraceRequest(case_number=number, trace_id=trace_id, otlp=True))
    return answers.document(answer.otlp_json, f"{number}-{trace_id[:8]}.json")
