"""A run on a stack that stands: load, faults, quiet, the books."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from deploy.local import parts
from deploy.local.children import wait_until
from deploy.local.stack import Stack
from tests.chaos import readers
from tests.chaos.checker import check
from tests.chaos.faults import Faults
from tests.chaos.load import SUPERVISION, Load
from tests.chaos.operator import Operator
from tests.chaos.records import Books, Disturbance, Figures
from tests.chaos.report import Done, Report, report
from tests.chaos.schedule import Fault, Kind
from tests.e2e.city import COUNTY

WARM_WITHIN_S = 60.0
RECOVERED_WITHIN_S = 120.0
LOOK_S = 0.2
# A look reads whole tables, beside those who are to catch up.
QUIET_LOOK_S = 2.0
WARM_COMMANDS = 20
# The services, and Envoy: what else is started keeps its memory as its own settings say.
MEASURED = (*parts.names(), *map(parts.replica_of, parts.names()), "gateway", "mail")
OFFICERS = "SELECT person_id FROM staff WHERE login = ANY(%s) AND department = %s ORDER BY login"
MAILED = "SELECT count(*) AS mailed FROM notice WHERE case_number = %s AND email_state = 'SENT'"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run is to be. `seconds`: how long faults are begun. `services` run, `replicas` of them with two processes.

    `points`: fault points that are armed from the start, by part. `recoveries`: whether each fault is followed by a
    report that tells how long it takes. `known_s`: how long clients ask for an answer at the end. `quiet_s`: how long
    to wait until nothing waits: after half an hour of faults some thousand mails are still to be sent.
    """

    seed: int
    seconds: float
    schedule: Sequence[Fault]
    services: Collection[str] = tuple(parts.acting())
    replicas: Collection[str] = ()
    points: Mapping[str, str] = field(default_factory=dict)
    threads: int = 4
    pace_s: float = 0.5
    recoveries: bool = True
    known_s: float = 60.0
    quiet_s: float = 1800.0


class Running:
    """A run on a stack that stands."""

    def __init__(
        self, stack: Stack, faults: Faults, asked: Run, say: Say, ended: Sequence[tuple[str, float, str]]
    ) -> None:
        self._stack, self._faults, self._asked, self._say, self._ended = stack, faults, asked, say, ended
        self._databases = readers.Databases(stack, asked.services)
        self._where = stack.where()
        officers = self._officers() if "inspection" in asked.services else ()
        self._load = Load(
            self._where, seed=asked.seed, threads=asked.threads, pace_s=asked.pace_s, officers=officers
        )  # fmt: skip
        self._operator = Operator(self._where, asked.services)
        self._lock = threading.Lock()
        self._done: list[Done] = []
        self._followers: list[threading.Thread] = []
        self._problems: list[BaseException] = []

    def run(self) -> Report:
        """Load, disturb, wait, check."""
        self._load.start()
        wait_until(lambda: len(self._load.journal.all()) >= WARM_COMMANDS, WARM_WITHIN_S)
        before = self._figures()
        try:
            self._disturb()
        finally:
            self._load.stop(self._asked.known_s)
        if self._problems:
            raise self._problems[0]
        quiet_after = self._wait_for_quiet()
        books = self._books(before)
        findings = check(books)
        asked = self._asked
        return report(
            books,
            findings,
            self._done,
            seed=asked.seed,
            seconds=asked.seconds,
            quiet_after=quiet_after,
            retried=len(self._operator.retried),
        )

    def _officers(self) -> tuple[str, ...]:
        logins = [f"officer.scjg.{COUNTY}", f"officer-2.scjg.{COUNTY}"]
        return tuple(str(row["person_id"]) for row in self._databases.query("identity", OFFICERS, logins, SUPERVISION))

    def _disturb(self) -> None:
        """Work off both lanes, and wait for every report that tells of a recovery."""
        begun = time.monotonic()
        self._load.clerk.until = begun + self._asked.seconds + RECOVERED_WITHIN_S
        lanes = [
            [fault for fault in self._asked.schedule if (fault.kind is Kind.NETWORK) is network]
            for network in (True, False)
        ]
        threads = [threading.Thread(target=self._lane, args=(lane, begun), name="faults") for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(max(0.0, begun + self._asked.seconds - time.monotonic()))
        for thread in self._followers:
            thread.join()

    def _lane(self, faults: Sequence[Fault], begun: float) -> None:
        try:
            for fault in faults:
                time.sleep(max(0.0, begun + fault.at - time.monotonic()))
                if time.monotonic() > begun + self._asked.seconds:
                    return
                self._say(f"{time.monotonic() - begun:7.1f} s  {fault.name}, {fault.lasts:.1f} s")
                if self._faults.do(fault):
                    follower = threading.Thread(target=self._follow, args=(fault,), name="recovery")
                    self._followers.append(follower)
                    follower.start()
        except BaseException as problem:  # noqa: BLE001  # raised by the thread that waits for this one
            self._problems.append(problem)

    def _follow(self, fault: Fault) -> None:
        """Note the fault, with how long a report takes that is filed when it is over."""
        over, recovered = time.time(), None
        if self._asked.recoveries:
            incident = self._load.file(description="After a fault")
            if incident is not None and wait_until(
                lambda: self._mailed(incident["caseNumber"]), RECOVERED_WITHIN_S, LOOK_S
            ):
                recovered = time.time()
            self._load.leave()
        with self._lock:
            self._done.append(Done(fault.name, over, recovered))

    def _mailed(self, case_number: str) -> bool:
        try:
            return bool(self._databases.query("notification", MAILED, case_number)[0]["mailed"])
        except psycopg.Error:
            return False

    def _wait_for_quiet(self) -> float:
        """Until nothing waits and every consumer has taken what lies in Kafka, or for the longest time."""
        begun = time.monotonic()
        wait_until(self._quiet, self._asked.quiet_s, QUIET_LOOK_S)
        self._operator.close()
        return time.monotonic() - begun

    def _quiet(self) -> bool:
        self._operator.look()
        waits = {what: count for what, count in self._databases.left().items() if "given up" not in what}
        return not any(waits.values()) and not self._untaken()

    def _untaken(self) -> int:
        """Events in the logs that some consumer of their topic has no outcome for."""
        types = {event.id: (event.service, event.type) for event in self._databases.logged()}
        taken = {(each.service, each.consumer, each.event) for each in self._databases.taken()}
        return sum(
            (each.service, each.consumer, id) not in taken
            for each in readers.subscriptions(self._asked.services)
            for id, (service, type) in types.items()
            if each.topic == f"egov.{service}.v1" and type in each.types
        )

    def _figures(self) -> dict[str, Figures]:
        parts_here = self._stack.supervisor.parts
        measured = {name: parts_here[name].child for name in MEASURED if name in parts_here}
        return {name: readers.figures(child) for name, child in measured.items() if child is not None}

    def _books(self, before: dict[str, Figures]) -> Books:
        assert self._where.mail is not None
        after = self._figures()
        return Books(
            commands=self._load.journal.all(),
            rows=tuple(self._databases.rows()),
            logged=tuple(self._databases.logged()),
            published=tuple(readers.published(self._where.kafka.options(), self._asked.services)),
            subscriptions=tuple(readers.subscriptions(self._asked.services)),
            taken=tuple(self._databases.taken()),
            notices=tuple(self._databases.notices()),
            mails=tuple(readers.mails(self._where.mail)),
            holders=self._databases.holders(),
            left=self._databases.left(),
            disturbances=self._faults.disturbances,
            died=tuple(died_by_itself(self._ended, self._faults.disturbances)),
            before=before,
            after=after,
            ended=time.time(),
        )


def died_by_itself(ended: Sequence[tuple[str, float, str]], disturbances: Sequence[Disturbance]) -> Iterator[str]:
    """The parts that ended while nothing was done to them."""
    for part, at, problem in ended:
        ours = (fault for fault in disturbances if fault.part == part.removesuffix(parts.REPLICA) or fault.part == part)
        if not any(fault.began <= at <= fault.ended for fault in ours):
            yield f"{part}: {problem}"
