"""What can be done with incidents: load, ask the domain, save, record the fact."""

from services.grid.usecases.catalogue import take_catalogue
from services.grid.usecases.changes import (
    ask_extension,
    ask_hold,
    decide_time,
    merge_incident,
    rate_incident,
    resume_incident,
    split_incident,
    void_incident,
)
from services.grid.usecases.clocks import CLOCK, Finding, check_clock, repair_next
from services.grid.usecases.incidents import (
    accept_incident,
    begin_inspection,
    close_incident,
    dispatch_incident,
    end_inspection,
    file_incident,
    reopen_incident,
    report_handled,
    return_incident,
    verify_incident,
)
from services.grid.usecases.progress import report_progress

__all__ = [
    "CLOCK",
    "Finding",
    "accept_incident",
    "ask_extension",
    "ask_hold",
    "begin_inspection",
    "check_clock",
    "close_incident",
    "decide_time",
    "dispatch_incident",
    "end_inspection",
    "file_incident",
    "merge_incident",
    "rate_incident",
    "reopen_incident",
    "repair_next",
    "report_handled",
    "report_progress",
    "resume_incident",
    "return_incident",
    "split_incident",
    "take_catalogue",
    "verify_incident",
    "void_incident",
]
