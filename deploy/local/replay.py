"""Plays real complaints of Chicago and New York as citizens' reports through the gateway, then checks the books.

`python -m deploy.local.replay [--data FOLDER] [--rows N] [--rate R] [--threads T] [--run NAME]`

Each report is filed by the citizen app, dispatched by a seat and, where the source has a completion date, accepted and
reported handled by an officer of the department in charge, then verified and closed by the seat, in the order of the
source's dates. An interrupted run goes on under its name and
doubles nothing: its idempotency keys derive from its name. Exit code 0: nothing lost, nothing doubled. 1: the books
differ or a call was refused, and how. 2: it could not be played.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kafka.errors import KafkaError

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.errors import StackError
from deploy.local.people import People
from deploy.local.replaying import mapping, rows
from deploy.local.replaying.accounts import Accounts, reconcile
from deploy.local.replaying.calls import Calls, status
from deploy.local.replaying.kafkalog import KafkaLog, KafkaSilent
from deploy.local.replaying.ledger import Ledger, Opening, RunUnfit, run_name
from deploy.local.replaying.player import Played, Player
from deploy.local.replaying.progress import Bar
from deploy.local.replaying.settling import NotSettled, settled
from deploy.local.replaying.timeline import Action, Plan, plan
from deploy.local.stackfile import Stack, stack

DONE = {
    Action.FILE: "filed",
    Action.DISPATCH: "dispatched",
    Action.ACCEPT: "accepted",
    Action.HANDLE: "reported handled",
    Action.VERIFY: "verified",
    Action.CLOSE: "closed",
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
            figures = settled(self._status, log, Bar("events taken"))
            return self._ledger.begin(self.run, Opening(now, what, log.ends(), figures))

    def play(self, steps: Plan, threads: int, rate: float) -> Played:
        """Make the calls."""
        self._status("grid")  # an unreachable stack is told at once, and not per step
        calls = Calls(self._gateway, self._people, self.run)
        return Player(calls.act, threads, rate, Bar("calls")).play(steps.steps)

    def accounts(self, opening: Opening, played: Played) -> Accounts:
        """Wait until the last event is taken, then bring the books together."""
        with KafkaLog(self._kafka.options()) as log:
            after = settled(self._status, log, Bar("events taken"))
            until = log.ends()
            facts, notices = log.grid_events(opening.ends, until), log.notices(opening.ends, until)
        prefix = mapping.reference_prefix(self.run)
        return reconcile(played.acknowledged, facts, notices, opening.counts, after, prefix)

    def _status(self, service: str) -> dict[str, object]:
        return status(self._gateway, self._people, service)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.replay", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the full files; without it the samples that ship here")
    parser.add_argument("--rows", type=_positive, help="only the first ROWS rows by date")
    parser.add_argument("--rate", type=float, default=0.0, help="calls started per second; 0: as fast as they go")
    parser.add_argument("--threads", type=_positive, default=8, help="calls at the same time (default 8)")
    parser.add_argument(
        "--run", default=run_name(datetime.now(UTC)), help="name of the run; the same one goes on with it"
    )
    return parser.parse_args(words)


def show_plan(steps: Plan) -> None:
    """Say what will be played, and what not."""
    print(f"{steps.rows:,} rows read, {steps.reports:,} reports, {len(steps.steps):,} calls.")
    for reason, count in sorted(steps.left_out.items()):
        print(f"  left out, {reason}: {count:,}")


def show(steps: Plan, played: Played, accounts: Accounts) -> bool:
    """Print the books; True when they agree and every call was acknowledged."""
    print(f"\n{played.calls:,} calls acknowledged in {played.seconds:.1f} s.")
    table = [("reports in", steps.reports), *((DONE[a], len(pairs)) for a, pairs in played.acknowledged.items())]
    for name, count in [*table, *accounts.lines]:
        print(f"  {name:<46}{count:>10,}")
    for (action, reason), count in sorted(played.failed.items()):
        print(f"  not {DONE[action]}, {reason}: {count:,}")
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
    steps = plan(rows.read(asked.data), mapping.load(), asked.rows)
    show_plan(steps)
    replay = Replay(stack(), asked.run, patience_s=60.0)
    source = asked.data.resolve() if asked.data else "the samples"
    opening = replay.opening(f"{asked.rows or 'all'} rows of {source}")
    played = replay.play(steps, asked.threads, asked.rate)
    if played.unreachable:
        print(f"\n{played.unreachable}\n--run {asked.run} goes on with it and doubles nothing.", file=sys.stderr)
        return 2
    return 0 if show(steps, played, replay.accounts(opening, played)) else 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
