"""`make status`: how the running stack stands. Parts and health; outbox, consumers, parked events and jobs of services.

    python -m deploy.local.status

Each service answers for itself on its admin port; no database is read. Exit code 0 when all is well.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from egov.chassis.v1 import operations_service_pb2
from google.protobuf import json_format

from deploy.local import parts
from deploy.local.children import answers, listens
from deploy.local.errors import StackError
from deploy.local.stack import LOCK_FILE, STATE_FILE
from deploy.local.stackfile import run_folder

Status = operations_service_pb2.GetStatusResponse
HEALTH_PAGES = {"gateway": "/ready"}


def main() -> int:
    """The command. 1 when a part is not well or the stack does not run."""
    # `| head` ends it quietly.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        said = running_stack(run_folder())
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    healths = {name: health(name, process, said["ports"]) for name, process in said["processes"].items()}
    print(f"gateway {said['gateway']}\n")
    for name, process in said["processes"].items():
        print(f"{name:<14}{healths[name]:<12}pid {process['pid'] or '-'}")
    for name in parts.names():
        if name in said["processes"]:
            print("\n" + "\n".join(describe(name, service_status(name, said["ports"]))))
    return 0 if all(text == "ready" for text in healths.values()) else 1


def running_stack(run: Path) -> Mapping[str, Any]:
    """What `stack.json` says of the stack that runs now. Raises StackError when none does."""
    if not _is_locked(run / LOCK_FILE) or not (run / STATE_FILE).exists():
        raise StackError("no stack runs here, or it is still starting: `make run` starts one")
    said: Mapping[str, Any] = json.loads((run / STATE_FILE).read_text(encoding="utf-8"))
    return said


def health(name: str, process: Mapping[str, Any], ports: Mapping[str, str]) -> str:
    """`ready`, `not ready` or `dead`."""
    if not process["pid"] or not Path(f"/proc/{process['pid']}").exists():
        return "dead"
    admin = ports.get(f"{name}-admin")
    well = answers(f"http://{admin}{HEALTH_PAGES.get(name, '/readyz')}") if admin else listens(ports[name])
    return "ready" if well else "not ready"


def service_status(name: str, ports: Mapping[str, str]) -> Status | None:
    """What a service says of its queues; None when it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{ports[f'{name}-admin']}/status", timeout=3) as answer:
            return json_format.Parse(answer.read(), Status(), ignore_unknown_fields=True)
    except (OSError, json_format.ParseError):
        return None


def describe(name: str, status: Status | None) -> list[str]:
    """The lines of one service."""
    if status is None:
        return [f"{name}: does not say"]
    taken = ", ".join(f"{count} {outcome}" for outcome, count in sorted(status.events_taken.items())) or "none"
    return [
        *([f"{name}: SET BACK: only reads, until `python -m services.chassis.reconcile {name}`"] * status.restored),
        f"{name}: {status.events_logged} events logged; outbox {status.outbox_depth}"
        + (f", the oldest {status.outbox_age_ms / 1000:.1f} s" if status.outbox_depth else ""),
        f"  events taken: {taken}; parked {status.parked}, deferred {status.deferred}, waiting {status.waiting}",
        f"  jobs pending {status.jobs_pending}, given up {status.jobs_failed}",
        *(f"  WRONG and not to be mended: {fault} {found}" for fault, found in sorted(status.unmended.items())),
        *_consumers(status.consumers),
    ]


def _consumers(rows: Iterable[operations_service_pb2.ConsumerStatus]) -> list[str]:
    """One line per consumer and topic: positions by partition, and how far they are behind."""
    ordered = sorted(rows, key=lambda row: (row.consumer, row.topic, row.partition))
    return [
        _consumer(consumer, topic, list(group))
        for (consumer, topic), group in groupby(ordered, key=lambda row: (row.consumer, row.topic))
    ]


def _consumer(consumer: str, topic: str, rows: list[operations_service_pb2.ConsumerStatus]) -> str:
    known = all(row.lag >= 0 for row in rows)
    behind = f"{sum(row.lag for row in rows)} behind" if known else "lag unknown"
    positions = " ".join(f"{row.partition}:{row.position}" for row in rows)
    return f"  consumer {consumer} of {topic}: {behind}; positions {positions}"


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


if __name__ == "__main__":
    sys.exit(main())
