"""What can be done with incidents: load, ask the domain, save, record the fact."""

from services.grid.usecases.changes import (
    ask_extension,
    ask_hold,
    decide_time,
    end_hold,
    merge_incident,
    rate_incident,
    resume_incident,
    split_incident,
    supervise_incident,
    void_incident,
)
from services.grid.usecases.clocks import CLOCK, Finding, check_clock, left_unheld, repair_next
from services.grid.usecases.dispatching import DISPATCH, Rules, case_of, plan
from services.grid.usecases.incidents import (
    accept_incident,
    begin_inspection,
    close_incident,
    end_inspection,
    file_incident,
    reopen_incident,
    report_handled,
    return_incident,
    verify_incident,
)
from services.grid.usecases.intake import check_report, decline_report, file_report, object_to_decision
from services.grid.usecases.outside import record_outside_answer, send_outside
from services.grid.usecases.progress import report_progress
from services.grid.usecases.sending import dispatch_by_itself, dispatch_incident
from services.grid.usecases.versions import Versions, take_version
from services.grid.usecases.work import set_number, take_next

__all__ = [
    "CLOCK",
    "DISPATCH",
    "Finding",
    "Rules",
    "Versions",
    "accept_incident",
    "ask_extension",
    "ask_hold",
    "begin_inspection",
    "case_of",
    "check_clock",
    "check_report",
    "close_incident",
    "decide_time",
    "decline_report",
    "dispatch_by_itself",
    "dispatch_incident",
    "end_hold",
    "end_inspection",
    "file_incident",
    "file_report",
    "left_unheld",
    "merge_incident",
    "object_to_decision",
    "plan",
    "rate_incident",
    "record_outside_answer",
    "reopen_incident",
    "repair_next",
    "report_handled",
    "report_progress",
    "resume_incident",
    "return_incident",
    "send_outside",
    "set_number",
    "split_incident",
    "supervise_incident",
    "take_next",
    "take_version",
    "verify_incident",
    "void_incident",
]
