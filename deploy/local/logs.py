"""`make logs`: what the parts said, by time, on one page.

python -m deploy.local.logs [--part grid] [--case 371102-20261123-2000427-K] [--lines 200]
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local.stackfile import run_folder

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{3}")
SHOWN_FIRST = ("time", "level", "service", "logger", "message")


class Line(NamedTuple):
    """One line of a log; `time` is its own or, without one, that of the line before it."""

    time: str
    part: str
    text: str
    fields: dict[str, Any]


def read(folder: Path, part: str = "") -> list[Line]:
    """The lines of all logs, or of one part's, in the order of time."""
    files = sorted(folder.glob(f"{part or '*'}.log")) + sorted(folder.glob(f"{part or '*'}.log.1"))
    # Sorting keeps the order of lines with one time.
    return sorted((line for path in files for line in _lines(path)), key=lambda line: line.time)


def of_case(lines: list[Line], case: str) -> list[Line]:
    """The lines that belong to one case, and those of the traces that touched it."""
    traces = {line.fields.get("trace_id") for line in lines if line.fields.get("case_number") == case} - {None, ""}
    return [line for line in lines if line.fields.get("case_number") == case or line.fields.get("trace_id") in traces]


def _lines(path: Path) -> Iterator[Line]:
    part, time = path.name.partition(".log")[0], ""
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = _fields(text)
        found = TIME.search(str(fields.get("time", fields.get("start_time", ""))) or text[:40])
        time = found.group().replace(" ", "T").replace(",", ".") if found else time
        yield Line(time, part, text, fields)


def _fields(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def render(line: Line) -> str:
    """One line for a person: part, time, level, message, then what else it says."""
    if not line.fields:
        return f"{line.part:<13} {line.text}"
    more = "  ".join(f"{key}={value}" for key, value in line.fields.items() if key not in SHOWN_FIRST and value != "")
    level, message = line.fields.get("level", ""), line.fields.get("message", "")
    return f"{line.part:<13} {line.time} {level:<7} {message}  {more}".rstrip()


def main() -> int:
    """The command. 1 with one sentence when there is no such log."""
    # `| head` ends it quietly.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(prog="python -m deploy.local.logs", description="What the parts said, by time.")
    parser.add_argument("--part", default="", help="only this part, such as grid")
    parser.add_argument("--case", default="", help="only what belongs to this case number")
    parser.add_argument("--lines", type=int, default=200, help="the last so many lines; 0: all")
    asked = parser.parse_args()
    folder = run_folder() / "logs"
    known = sorted(path.stem for path in folder.glob("*.log"))
    if not known or (asked.part and asked.part not in known):
        print(
            f"no log of {asked.part or 'any part'} in {folder}; there are: {', '.join(known) or 'none'}",
            file=sys.stderr,
        )
        return 1
    lines = read(folder, asked.part)
    chosen = of_case(lines, asked.case) if asked.case else lines
    for line in chosen[-asked.lines :]:
        print(render(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
