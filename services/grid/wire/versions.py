"""What operators import in versions: the sheets as they are sent, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from egov.common.v1 import paging_pb2
from egov.grid.v1 import catalogue_pb2, routing_pb2

from services.chassis.moments import stamp
from services.grid.domain.versions import Outcome, Version
from services.kernel.paging import PageRequest, instant, page_request
from services.kernel.sheets import Broken, Fault, Sheets

Message = TypeVar("Message", catalogue_pb2.CatalogueVersion, routing_pb2.RoutingVersion)

MOST_FAULTS = 1000
"""Faults that an answer holds."""
OUTCOMES_OUT = {
    Outcome.IMPORTED: catalogue_pb2.CATALOGUE_OUTCOME_IMPORTED,
    Outcome.UNCHANGED: catalogue_pb2.CATALOGUE_OUTCOME_UNCHANGED,
    Outcome.CHECKED: catalogue_pb2.CATALOGUE_OUTCOME_CHECKED,
    Outcome.FAULTY: catalogue_pb2.CATALOGUE_OUTCOME_FAULTY,
}


def sent_sheets(sent: Iterable[tuple[str, bytes]], names: Collection[str], unknown: str) -> Sheets:
    """What was sent, by name; that there are none but of these names and none twice is noted, `unknown` as the rule."""
    files = list(sent)
    sheets = Sheets(dict(files))
    for name, times in sorted(Counter(name for name, _ in files).items()):
        if name not in names:
            sheets.note(name, Broken(unknown, known=", ".join(names)))
        if times > 1:
            sheets.note(name, Broken("sheet_twice"))
    return sheets


def version_page(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of versions; sorted by (effective_from, number)."""
    return page_request(message.page_size, message.page_token, instant, int)


def version_message(kind: type[Message], version: Version) -> Message:
    """A version, as the message of this kind."""
    return kind(
        number=version.number,
        effective_from=stamp(version.effective_from),
        imported_at=stamp(version.imported_at),
    )


def fault_fields(faults: Sequence[Fault]) -> dict[str, Any]:
    """What is wrong with sheets, as much as an answer holds, by sheet and line: fields of an answer."""
    ordered = sorted(faults, key=lambda each: (each.file, each.line, each.column_number))
    return {
        "faults": [_fault_message(each) for each in ordered[:MOST_FAULTS]],
        "faults_left_out": max(len(faults) - MOST_FAULTS, 0),
    }


def _fault_message(each: Fault) -> catalogue_pb2.CatalogueFault:
    return catalogue_pb2.CatalogueFault(
        sheet=each.file,
        line=each.line,
        column=each.column,
        column_number=each.column_number,
        rule=each.rule,
        text_zh=each.text("zh-CN"),
        text_en=each.text("en"),
    )
