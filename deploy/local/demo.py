"""One report on its way through the city: `python -m deploy.local.demo [--type CODE] [--region CODE]`.

The citizen app files it, the seat of the county's grid centre dispatches it, an officer of the department in charge
accepts it and reports it handled, the seat verifies and closes it, each with a token of their own. After every step the
notices and the mail that it caused are waited for. It ends with a table of the steps and with the case's trace. Exit
code 1: something that had to happen did not in time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from deploy.local.client import Answer, ApiError, Gateway, TokenSource, Unreachable
from deploy.local.errors import StackError
from deploy.local.people import People
from deploy.local.stackfile import Stack, stack
from observability import trace

EFFECTS_WITHIN_S = 15.0
TRACE_WITHIN_S = 15.0
ASK_EVERY_S = 0.05
COLUMNS = ("step", "who", "door", "event", "effects", "call", "notices after", "mail after")
EVENTS = {
    "file": "IncidentFiled",
    "dispatch": "IncidentDispatched",
    "accept": "IncidentAccepted",
    "handle": "IncidentHandled",
    "verify": "IncidentVerified",
    "close": "IncidentClosed",
}


@dataclass(frozen=True, slots=True)
class Done:
    """A row of the table."""

    step: str
    who: str
    event: str
    effects: str
    call_ms: float
    notices_ms: float | None
    mail_ms: float | None

    def cells(self) -> tuple[str, ...]:
        """As shown. Every call goes through the same door."""
        call, notices, mail = (shown_ms(ms) for ms in (self.call_ms, self.notices_ms, self.mail_ms))
        return self.step, self.who, "HTTPS/JSON", self.event, self.effects, call, notices, mail


@dataclass(frozen=True, slots=True)
class Desk:
    """A department's staff: `who` as shown, the department's code, and their token."""

    who: str
    department: str
    door: TokenSource


def shown_ms(milliseconds: float | None) -> str:
    """A duration for the table; None: it did not come in time."""
    return "not in time" if milliseconds is None else f"{milliseconds:.0f} ms"


class Demo:
    """One report and what it causes, on one stack."""

    def __init__(self, where: Stack, type_code: str, region: str) -> None:
        self._gateway = Gateway(where.gateway, where.trust, patience_s=5.0)
        self._people = People(self._gateway, where)
        self._where, self._type, self._region = where, type_code, region
        self._answered_at = self._call_ms = 0.0
        self.case_number = ""
        self.done: list[Done] = []

    def run(self) -> None:
        """From the report to the close. Raises ApiError, Unreachable."""
        citizens, seat = self._people.citizens, self._people.seat(self._region[:6])
        filed = self._step("file", "citizen app", citizens, "/v1/incidents", {"report": self._report()})
        path = f"/v1/incidents/{filed['incidentId']}"
        centre = Desk(f"seat of {filed['holderDepartment']}", filed["holderDepartment"], seat)
        self._await_effects("file", "citizen app", centre)

        sent = self._step("dispatch", centre.who, seat, f"{path}:dispatch", {"version": filed["version"]})
        department = sent["holderDepartment"]
        office = Desk(f"officer of {department}", department, self._people.officer(department))
        self._await_effects("dispatch", centre.who, office)
        self._finish(path, sent["version"], centre, office)

    def _finish(self, path: str, version: str, centre: Desk, office: Desk) -> None:
        """What follows a dispatch. Each of the two is told what the other did."""
        steps: tuple[tuple[str, Desk, Desk, str, dict[str, Any]], ...] = (
            ("accept", office, centre, "accept", {}),
            ("handle", office, centre, "reportHandled", {}),
            ("verify", centre, office, "verify", {"passed": True}),
            ("close", centre, office, "close", {"outcome": "CLOSING_OUTCOME_HANDLED"}),
        )
        for step, by, told, verb, said in steps:
            version = self._step(step, by.who, by.door, f"{path}:{verb}", {"version": version, **said})["version"]
            self._await_effects(step, by.who, told)

    def notices(self, door: TokenSource, mailbox: str = "MAILBOX_UNSPECIFIED") -> list[dict[str, Any]]:
        """Notices about the case in the caller's own or the department's inbox, newest first."""
        query = {"mailbox": mailbox, "caseNumber": self.case_number}
        found: list[dict[str, Any]] = self._gateway.get("/v1/notices", query, door=door).body["notices"]
        return found

    def inbox(self) -> list[dict[str, Any]]:
        """What the citizen's app now shows about the case, oldest first."""
        return self.notices(self._people.citizens)[::-1]

    def mails(self) -> list[EmailMessage]:
        """The mails about the case that the mail server kept, oldest first."""
        return mails_about(self._where.mail, self.case_number)

    def complete(self) -> bool:
        """Whether every effect came in time."""
        return all(row.notices_ms is not None and row.mail_ms is not None for row in self.done)

    def jobs_pending(self) -> int:
        """Jobs that notification has still to do, mails among them."""
        status = self._gateway.get("/v1/operations/notification/status", door=self._people.operations).body
        return int(status["jobsPending"])

    def _report(self) -> dict[str, Any]:
        return {
            "type": {"standard": "GB/T 47678.5-2026", "kind": "INCIDENT_KIND_EVENT", "code": self._type},
            "region": self._region,
            "description": "路口东侧垃圾堆放已有两天。Rubbish has lain at the crossing for two days.",
            "address": "示例路 1 号对面 (an invented address)",
            "reference": f"demo/{datetime.now(UTC):%Y%m%dT%H%M%S%f}",
        }

    def _step(self, step: str, who: str, door: TokenSource, path: str, body: dict[str, Any]) -> dict[str, Any]:
        print(f"  {who}: {step} ...", file=sys.stderr, flush=True)
        door.token()  # asked for beforehand, so that the time shown is the call's own
        answer: Answer = self._gateway.post(path, body, door=door)
        incident: dict[str, Any] = answer.body["incident"]
        self.case_number = incident["caseNumber"]
        self._answered_at, self._call_ms = time.monotonic(), answer.seconds * 1000
        return incident

    def _await_effects(self, step: str, who: str, told_too: Desk) -> None:
        """Wait until the step's notices are in both inboxes, and its mail is written."""
        wanted, event = len(self.done) + 1, EVENTS[step]
        template = f"incident-{event.removeprefix('Incident').lower()}"

        def told() -> bool:
            boxes = (self.inbox(), self.notices(told_too.door, "MAILBOX_DEPARTMENT"))
            return all(any(n["template"].startswith(template) for n in box) for box in boxes)

        def written() -> bool:
            return self._where.mail is None or len(self.mails()) >= wanted

        notices_ms = self._waited(told, EFFECTS_WITHIN_S)
        # Mails are sent in turn: once one is late, the next will not be earlier.
        late = any(row.mail_ms is None for row in self.done)
        mail_ms = self._waited(written, 0 if late else EFFECTS_WITHIN_S)
        effects = f"notices to rizhao-ssp and {told_too.department}" + (", mail" if self._where.mail else "")
        self.done.append(Done(step, who, event, effects, self._call_ms, notices_ms, mail_ms))

    def _waited(self, condition: Callable[[], bool], within_s: float) -> float | None:
        """Milliseconds from the call's answer until the condition held; None when it did not in time."""
        return (time.monotonic() - self._answered_at) * 1000 if until(condition, within_s) else None


def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Ask until the condition holds; False when it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(ASK_EVERY_S)
    return True


def mails_about(folder: Path | None, case_number: str) -> list[EmailMessage]:
    """The kept mails whose subject names the case, oldest first."""
    paths = sorted(folder.glob("*.eml")) if folder else []
    found = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths[-200:])
    return [mail for mail in found if case_number in str(mail["subject"])]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side; a Chinese character takes two places."""
    widths = [max(places(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell + " " * (width - places(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def places(text: str) -> int:
    """How many places of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def case_trace(where: Stack, case_number: str, complete: bool) -> str:
    """The case's trace as text: once it holds the last mail where every effect came, else what there is."""
    words = [case_number, "--folder", str(where.telemetry)]

    def told() -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            trace.main(words)
        return said.getvalue()

    mails = len(EVENTS) if where.mail else 0
    if where.telemetry.exists() and complete:
        until(lambda: (text := told()).count("smtp send") >= mails and "IncidentClosed" in text, TRACE_WITHIN_S)
    return told()


def show(demo: Demo, where: Stack) -> None:
    """Print what happened."""
    print(f"\nCase {demo.case_number}\n")
    print(table([COLUMNS, *(row.cells() for row in demo.done)]))
    print("\nIn the citizen's inbox:")
    for notice in demo.inbox():
        print(f"  {notice['texts'][0]['subject']}\n    {notice['texts'][-1]['subject']}")
    for mail in demo.mails():
        print(f"\nMail to {mail['to']}: {mail['subject']}")
    if not demo.complete():
        print(f"\nSome effects are late: {demo.jobs_pending():,} jobs wait for their turn. `make status` tells more.")
    print(f"\n{case_trace(where, demo.case_number, demo.complete())}")
    print(f"Again at any time: make trace CASE={demo.case_number}")


def main(words: Sequence[str] | None = None) -> int:
    """Run the demo and show it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--type", default="06010", help="event code of GB/T 47678.5-2026 (default 06010, 暴露垃圾)")
    parser.add_argument("--region", default="371102001001", help="village or grid (default 371102001001)")
    asked = parser.parse_args(words)
    try:
        where = stack()
        demo = Demo(where, asked.type, asked.region)
        demo.run()
        show(demo, where)
    except (StackError, Unreachable, OSError) as stop:
        print(stop, file=sys.stderr)
        return 2
    except ApiError as refusal:
        print(f"The stack refused: {refusal}", file=sys.stderr)
        return 1
    return 0 if demo.complete() else 1


if __name__ == "__main__":
    sys.exit(main())
