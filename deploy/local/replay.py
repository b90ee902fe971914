"""Plays real complaints and inspections through the gateway as the sample city's own, then checks the books.

`python -m deploy.local.replay [--data FOLDER] [--rows N] [--rate R] [--threads T] [--run NAME]`

Each complaint is filed by the citizen app and dispatched by a seat. One that an inspection followed goes through
inspection and certificates, too; the others are accepted and handled by the department in charge where the source has
a completion date. Inspections without a complaint are opened by request. All is done in the order of the sources'
dates. An interrupted run goes on under its name and doubles nothing: its idempotency keys derive from its name. Exit
code 0: nothing lost, nothing doubled. 1: the books differ or a call was refused, and how. 2: it could not be played.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kafka.errors import KafkaError

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.errors import StackError
from deploy.local.people import People
from deploy.local.replaying import items, mapping, rows, visits
from deploy.local.replaying.accounts import Accounts, reconcile
from deploy.local.replaying.calls import Calls, status
from deploy.local.replaying.cases import Action
from deploy.local.replaying.expected import Expected
from deploy.local.replaying.kafkalog import KafkaLog, KafkaSilent
from deploy.local.replaying.ledger import Ledger, Opening, RunUnfit, run_name
from deploy.local.replaying.player import Played, Player
from deploy.local.replaying.progress import Bar
from deploy.local.replaying.settling import NotSettled, settled
from deploy.local.replaying.timeline import Plan, plan
from deploy.local.stackfile import Stack, stack

DONE = {
    Action.ISSUE: "licences issued",
    Action.FILE: "reports filed",
    Action.DISPATCH: "reports dispatched",
    Action.OPEN: "inspections opened by request",
    Action.ASSIGN: "inspections given officers",
    Action.FIND: "findings recorded",
    Action.ORDER: "rectifications ordered",
    Action.FAIL: "re-checks not passed",
    Action.PASS: "re-checks passed",
    Action.END: "inspections closed",
    Action.ACCEPT: "reports accepted",
    Action.HANDLE: "reports handled",
    Action.VERIFY: "reports verified",
    Action.CLOSE: "reports closed",
}


class Replay:
    """One run against one stack."""

    def __init__(self, where: Stack, run: str, patience_s: float) -> None:
        self.run = run
        self._gateway = Gateway(where.gateway, where.trust, patience_s=patience_s)
        self._people = People(self._gateway, where)
        self._kafka = where.kafka
        self._ledger = Ledger(where.run / "replay")

    def opening(self, what: str) -> Opening:
        """Where the books stood when the run began: now, or when it was first tried."""
        now = datetime.now(UTC)
        known = self._ledger.find(self.run, what, now)
        if known is not None:
            print(f"Run {self.run} goes on; it began at {known.began:%Y-%m-%d %H:%M:%S} UTC.")
            return known
        with KafkaLog(self._kafka.options()) as log:
            ends, figures = settled(self._status, log, Bar("events taken"))
            return self._ledger.begin(self.run, Opening(now, what, ends, figures))

    def play(self, steps: Plan, opening: Opening, threads: int, rate: float) -> Played:
        """Make the calls."""
        self._status("grid")  # an unreachable stack is told at once, and not per step
        calls = Calls(self._gateway, self._people, self.run, opening.began)
        return Player(calls.act, threads, rate, Bar("steps")).play(steps.steps)

    def accounts(self, opening: Opening, steps: Plan, played: Played) -> Accounts:
        """Wait until the last event is taken, then bring the books together."""
        with KafkaLog(self._kafka.options()) as log:
            until, after = settled(self._status, log, Bar("events taken"))
            facts, notices = log.facts(opening.ends, until), log.notices(opening.ends, until)
        inspected = (case.inspected for case in steps.cases if case.inspected)
        enterprises = {each.licence.enterprise(self.run) for each in inspected}
        return reconcile(Expected(self.run, played.done, enterprises), facts, notices, opening.counts, after)

    def _status(self, service: str) -> dict[str, object]:
        return status(self._gateway, self._people, service)


ROWS = (
    "play only ROWS rows: a complaint, together with the inspection that followed it, is one, and so is an inspection"
    " without a complaint; of complaints with, complaints without and inspections alone one each in turn, by date"
)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.replay", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the full files; without it the samples that ship here")
    parser.add_argument("--rows", type=_positive, help=ROWS)
    parser.add_argument("--rate", type=float, default=0.0, help="steps begun per second; 0: as fast as they go")
    parser.add_argument("--threads", type=_positive, default=8, help="calls at the same time (default 8)")
    parser.add_argument(
        "--run", default=run_name(datetime.now(UTC)), help="name of the run; the same one goes on with it"
    )
    return parser.parse_args(words)


def show_plan(steps: Plan) -> None:
    """Say what will be played, and what not."""
    print(
        f"{steps.rows:,} rows: {steps.reports:,} reports, {steps.chains:,} of them followed by an inspection;"
        f" {steps.requests:,} inspections by request; {steps.licences:,} licences. {len(steps.steps):,} steps."
    )
    for reason, count in sorted(steps.left_out.items()):
        print(f"  left out, {reason}: {count:,}")


def show(played: Played, accounts: Accounts) -> bool:
    """Print the books; True when they agree and every call was acknowledged."""
    print(f"\n{len(played.done):,} steps acknowledged in {played.seconds:.1f} s.")
    counts = Counter(each.step.action for each in played.done)
    for name, count in [*((DONE[action], counts[action]) for action in Action), *accounts.lines]:
        print(f"  {name:<52}{count:>10,}")
    for (action, reason), count in sorted(played.failed.items()):
        print(f"  missing in {DONE[action]}, {reason}: {count:,}")
    for difference in accounts.differences:
        print(f"  DIFFERENCE: {difference}")
    good = not accounts.differences
    print("Nothing lost, nothing doubled." if good else "The books differ.")
    return good and not played.failed


def main(words: Sequence[str] | None = None) -> int:
    """Play, and tell."""
    asked = arguments(words)
    try:
        return _main(asked)
    except (StackError, Unreachable, RunUnfit, NotSettled, KafkaSilent) as stop:
        print(stop, file=sys.stderr)
    except ApiError as refusal:
        print(f"The stack refused: {refusal}", file=sys.stderr)
    except KafkaError as fault:
        print(f"Kafka cannot be read ({type(fault).__name__}): is it up?", file=sys.stderr)
    except OSError as fault:
        print(f"{fault.strerror}: {fault.filename}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nStopped; --run {asked.run} goes on with it and doubles nothing.", file=sys.stderr)
    return 2


def _main(asked: argparse.Namespace) -> int:
    steps = plan(rows.read(asked.data), visits.read(asked.data), mapping.load(), items.load(), asked.rows)
    show_plan(steps)
    replay = Replay(stack(), asked.run, patience_s=60.0)
    source = asked.data.resolve() if asked.data else "the samples"
    opening = replay.opening(f"{asked.rows or 'all'} rows of {source}")
    played = replay.play(steps, opening, asked.threads, asked.rate)
    if played.unreachable:
        print(f"\n{played.unreachable}\n--run {asked.run} goes on with it and doubles nothing.", file=sys.stderr)
        return 2
    return 0 if show(played, replay.accounts(opening, steps, played)) else 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
