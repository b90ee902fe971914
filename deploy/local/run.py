"""`make run`: the whole backbone on this machine, until Ctrl-C.

python -m deploy.local.run [--host ADDRESS]
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from types import FrameType

from deploy.local import console, parts
from deploy.local.errors import StackError
from deploy.local.fetch import check_platform
from deploy.local.renew import renew
from deploy.local.stack import Stack
from deploy.local.stackfile import run_folder
from deploy.local.supervised import Part, State

MEGABYTE = 1024 * 1024


class Stopped(BaseException):
    """Somebody asked the stack to stop."""


def main() -> int:
    """The command. 0 after a stop that was asked for, 1 with one sentence when the stack cannot run."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.run", description="The whole backbone, until Ctrl-C.")
    parser.add_argument("--host", default="", help="address of this machine for other devices; else only this machine")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        check_platform()
        _run(asked.host)
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stopped:
        print("stopped; the state is kept, `make run` goes on with it, `make reset` forgets it")
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _run(host: str) -> None:
    begun = time.monotonic()
    stack = Stack(run_folder(), free_ports=False, host=host, say=_say, restart=True)
    try:
        stack.start(strict=False)
        print(_summary(stack, time.monotonic() - begun), flush=True)
        _until_stopped(stack)
    finally:
        # From here on another Ctrl-C must not leave half of the parts behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if stack.started:
            print("\nstopping", flush=True)
        stack.stop()


def _until_stopped(stack: Stack) -> None:
    """Stay, and renew the TLS identities whenever `make renew` asks."""
    asked = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: asked.set())
    while True:
        asked.wait()
        asked.clear()
        try:
            renew(stack, _say)
        except StackError as error:
            # The others go on; `make status` shows the part that is missing, another `make renew` begins again.
            print(error, file=sys.stderr, flush=True)


def _say(text: str) -> None:
    """Progress; on a terminal the lines of a download overwrite each other."""
    over = "\r" if sys.stdout.isatty() and text.startswith("fetched") else "\n"
    print(f"{text:<78}", end=over, flush=True)


def _summary(stack: Stack, seconds: float) -> str:
    rows = [_row(stack, part) for part in stack.supervisor.parts.values()]
    total = sum(_memory(part) for part in stack.supervisor.parts.values())
    failed = stack.supervisor.failures()
    head = f"{len(rows) - len(failed)} of {len(rows)} parts are ready after {seconds:.1f} s; together {total:.0f} MB"
    return "\n".join(
        ["", head, "", *_table([("PART", "STATE", "START", "MEMORY", "WHERE"), *rows]), "", *_hints(stack)]
    )


def _row(stack: Stack, part: Part) -> tuple[str, ...]:
    where = stack.addresses()
    shown = "  ".join(f"{_door(part.name, name)}{where[name]}" for name in parts.ports_of(part.name))
    memory = f"{_memory(part):.0f} MB" if part.state is State.READY else ""
    return part.name, part.state.value, f"{part.seconds:.1f} s", memory, shown


def _door(part: str, port: str) -> str:
    return "" if port == part else f"{port.removeprefix(f'{part}-')} "


def _memory(part: Part) -> float:
    return part.child.memory_bytes() / MEGABYTE if part.child is not None else 0.0


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _hints(stack: Stack) -> list[str]:
    where = stack.where()
    return [
        f"Sample members  {where.members}/<rizhao-ssp | rizhao-office | rizhao-ops>/key.pem",
        f"Trust           {where.trust}",
        f"Mails           {where.mail or 'sent by SMTP_URL'}",
        f"Logs            {stack.places.run / 'logs'}   (make logs PART=grid)",
        "",
        "Try next, in a second window   接下来，在另一窗口：",
        "  make demo                  play one case through all services   演示一件办件贯穿全部服务",
        f"  {stack.wiring.gateway_url}/docs   read and try the API   查阅并试用接口",
        "  make trace CASE=<number>   follow a case from end to end   按办件号查看全程",
        "",
        "Console for operators, by a link for ten minutes and one use (make console prints another):",
        "运维控制台，链接 10 分钟内有效且只能用一次（make console 可再取）：",
        f"  {console.link(where)}",
        "",
        "Ctrl-C stops everything.   按 Ctrl-C 停止。",
    ]


if __name__ == "__main__":
    sys.exit(main())
