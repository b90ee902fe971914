"""`make renew`: a new root and new TLS identities for every part, while the stack runs and calls go on.

    python -m deploy.local.renew

A part reads its TLS identity when it starts. So all are restarted twice, one after the other: first to trust the new
root beside the old one, then to show an identity under it. At no moment does a part meet a peer that it does not trust.
Member systems have a root of their own, which stays; they trust the gateway by the bundle, and read it again.
"""

from __future__ import annotations

import os
import signal
import sys

from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.local.stackfile import run_folder
from deploy.local.status import running_stack
from deploy.local.supervisor import Say


def renew(stack: Stack, say: Say) -> None:
    """Exchange the workloads' root. Raises StackError when a part does not come up again."""
    identities = stack.identities
    for text, step in (
        ("the new root is trusted", identities.announce_root),
        ("the new TLS identities are shown", identities.adopt_root),
    ):
        step()
        _restart_all(stack)
        say(f"{text} by all parts")
    identities.retire_roots()
    say("the old root is retired")


def _restart_all(stack: Stack) -> None:
    """One part after the other, those that are needed first."""
    for part in stack.supervisor.in_order():
        if part.child is None or not part.child.alive():
            continue
        if part.name == "postgres" and stack.postgres is not None:
            # It has a copy of its files, for an account of its own.
            stack.postgres.prepare()
        stack.restart_part(part.name)


def main() -> int:
    """The command: asks the process of `make run`. 1 with one sentence when the stack does not run."""
    try:
        os.kill(running_stack(run_folder())["pid"], signal.SIGUSR1)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    print("asked; `make run` says how far it is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
