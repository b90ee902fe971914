"""`python -m observability.trace CASE [--json] [--all]`: what happened in a case, from the collector's files.

Where each thing is from: events, from the relay's `send` spans (type, id, time, phase, holder: facts of the envelope)
and the consumers' `process` spans (outcome, reason); trees, from all spans of every trace that has a span with the
case number; waiting, from the gap between a span and what it caused. All of it is as complete as sampling and the
number of files kept: the figures of record are in the services' event logs. Needs no running part.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from observability import document, events, files, render, tree
from observability.records import SpanRecord, parse, trace_of
from services.kernel import casenumber, texts

_EXAMPLE = "371102-20261123-2000427-X"
FOUND, UNKNOWN, NOT_A_CASE_NUMBER = 0, 1, 2


def spans_of(folder: Path, case_number: str) -> list[SpanRecord]:
    """All stored spans of every trace that has a span of the case. Reads the files twice; parses only what is asked."""
    needle = f'"egov.case.number":"{case_number}"'.encode()
    wanted = {trace_of(line) for line in files.lines(folder) if needle in line}
    if not wanted:
        return []
    found = (parse(line) for line in files.lines(folder) if trace_of(line) in wanted)
    return [span for span in found if span is not None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the case trace. 0 found, 1 nothing of the case is stored, 2 not a case number."""
    given = _arguments(arguments)
    asked = given.case or given.named
    if not asked:
        return _say(f"Which case? Name its number: make trace CASE={_EXAMPLE}", NOT_A_CASE_NUMBER)
    case_number = asked.strip().upper()
    if rule := casenumber.broken_rule(case_number):
        return _say(f"{asked!r}: {texts.text(rule, 'en')}", NOT_A_CASE_NUMBER)
    spans = spans_of(given.folder, case_number)
    if not spans:
        return _say(_nothing(given.folder, case_number), UNKNOWN)
    told, grown = events.events(spans, case_number), tree.traces(spans, case_number)
    if given.json:
        json.dump(document.document(case_number, told, grown), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        width = given.width or shutil.get_terminal_size((100, 24)).columns
        sys.stdout.writelines(f"{line}\n" for line in render.text(case_number, told, grown, width, whole=given.all))
    return FOUND


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="observability.trace", description="What happened in a case.")
    parser.add_argument("case", metavar="CASE", nargs="?", default="", help=f"case number, such as {_EXAMPLE}")
    parser.add_argument("--case", dest="named", metavar="CASE", default="", help="the same")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="a line for every span: fold nothing")
    parser.add_argument("--width", type=int, default=0, help="characters in a line; the terminal's by default")
    folder = Path(os.environ.get("EGOV_TELEMETRY_FOLDER", ".run/telemetry"))
    parser.add_argument("--folder", type=Path, default=folder, help="folder of the collector's files")
    return parser.parse_args(arguments)


def _nothing(folder: Path, case_number: str) -> str:
    if not files.files(folder):
        return f"No spans are stored in {folder}: has the stack run, with its collector?"
    return f"No span of case {case_number} is stored: not sampled, older than the files that are kept, or no such case."


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
