"""What the demo prints: the table, how licence and incident ended, what people were told, and the case's trace."""

from __future__ import annotations

import contextlib
import io

from deploy.local.client import Gateway
from deploy.local.demonstration.script import Script, word
from deploy.local.demonstration.stage import COLUMNS, until
from deploy.local.demonstration.table import table
from deploy.local.demonstration.told import notices
from deploy.local.stackfile import Stack
from observability import trace, tree

TRACE_WITHIN_S = 15.0
CHINESE = {
    "valid": "有效",
    "suspended": "暂停使用",
    "filed": "已立案",
    "dispatched": "已派遣",
    "accepted": "已接单",
    "handled": "已处置",
    "verified": "已核查",
    "closed": "已结案",
}


def show_steps(script: Script) -> None:
    """Print the table, as far as the play came."""
    print(f"\nCase {script.case.case_number}\n")
    print(table([COLUMNS, *script.stage.rows]))
    print("\nTime: of the call; after +, from its answer until the effect could be seen through the gateway.")


def show_ends(script: Script, gateway: Gateway, where: Stack) -> None:
    """Print how it ended, whom it reached, and the trace. Raises ApiError, Unreachable."""
    print("\n" + "\n".join(ends(script)))
    print("\nIn the citizen's inbox:")
    for notice in notices(gateway, script.cast.citizen_inbox, script.case.case_number)[::-1]:
        print("  " + "   ".join(short(text["subject"], script) for text in notice["texts"]))
    if script.told.letterbox:
        print("\nMails to the holder of the licence:")
        for mail in script.told.letterbox.mails():
            print(f"  {short(str(mail['subject']), script)}")
    if not script.stage.complete:
        status = gateway.get("/v1/operations/notification/status", door=script.cast.operations).body
        print(f"\nSome effects are late: {int(status['jobsPending']):,} jobs wait for their turn in notification.")
    print(f"\n{case_trace(script, where)}")
    print(f"Again at any time: make trace CASE={script.case.case_number}")


def ends(script: Script) -> list[str]:
    """How the licence and the incident stand now, a line each."""
    lines, case = [], script.case
    if case.licence:
        said = case.verified()
        lines.append(
            f"Licence   {said['number']}: {_both(word(said['status']))}, as anyone can verify by {case.identifier}"
        )
    if case.incident:
        incident = case.incident
        lines.append(f"Incident  {case.case_number}: {_both(word(incident['state']))}, version {incident['version']}")
    return lines


def short(subject: str, script: Script) -> str:
    """A subject without the numbers that stand above."""
    for number in (script.case.case_number, script.case.identifier):
        subject = subject.replace(number, "") if number else subject
    return subject.rstrip(" :：")


def case_trace(script: Script, where: Stack) -> str:
    """The case's trace as text: once it holds the last mail where every effect came, else what there is."""
    number = script.case.case_number

    def whole() -> bool:
        spans = trace.spans_of(where.telemetry, number)
        sent = sum(span.name == "smtp send" for span in spans)
        gaps = any(grown.orphans for grown in tree.traces(spans, number))
        return sent >= script.told.mails_in_the_case() and not gaps

    if where.telemetry.exists() and script.stage.complete:
        until(whole, TRACE_WITHIN_S)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        trace.main([number, "--folder", str(where.telemetry)])
    return said.getvalue()


def _both(english: str) -> str:
    return f"{english} {CHINESE[english]}" if english in CHINESE else english
