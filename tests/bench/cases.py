"""Cases that run the whole chain through the gateway, several at a time, and when the last effect of each is there.

Report, dispatch, inspection, grave finding, licence suspended, rectified, licence resumed, handled, verified, closed:
the course of `make demo`, without the use of the licence.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

from deploy.local.client import Answer, Gateway, TokenSource
from deploy.local.people import People
from deploy.local.replaying.calls import person_id
from deploy.local.replaying.licences import Licence
from deploy.local.stack import Stack
from tests.bench.stacks import visiting
from tests.e2e.city import COUNTY, VILLAGE, report
from tests.waiting import wait_for

HYGIENE = {"standard": "RZ-LOCAL", "kind": "INCIDENT_KIND_EVENT", "code": "90001"}
SUPERVISION, SPOILED = f"{COUNTY}-SCJG", "FOOD-03"
RECTIFY_WITHIN = timedelta(days=7)
# Restaurants for each case in flight: the licence of one is resumed long before it is its turn again.
RESTAURANTS = 4
LOOK_AGAIN_S, PATIENCE_S, QUIET_S = 0.1, 120.0, 3.0
LOGGING = ("grid", "inspection", "certificates")
TOLD = (
    "SELECT count(*) FROM (SELECT case_number FROM notice WHERE case_number = ANY(%s) GROUP BY case_number"
    " HAVING count(*) = %s AND bool_and(email_state <> 'PENDING')) AS told"
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much one case is, over those of a round: calls of the client, events in the logs, notices."""

    calls: float
    events: float
    notices: float


class Cases:
    """Leads cases through a running stack; see `cases_on`."""

    def __init__(self, stack: Stack, gateway: Gateway, people: People, pool: ThreadPoolExecutor) -> None:
        self._stack, self._gateway, self._people, self._pool = stack, gateway, people, pool
        second = people.office.vouching_for(f"officer-2.scjg.{COUNTY}", SUPERVISION)
        self._officers = (people.officer(SUPERVISION), second)
        self._run = f"bench/{uuid.uuid4()}"
        self._restaurants: SimpleQueue[str] = SimpleQueue()
        # Counting up is one step of the interpreter, from whichever thread.
        self._count = itertools.count()
        self.notices = 0

    def prepare(self, restaurants: int) -> None:
        """Issue the licences, and find out by one case how many notices a case causes."""
        self._ids = [person_id(officer) for officer in self._officers]
        for number in range(restaurants):
            licence = Licence(number, VILLAGE, None)
            self._post("/v1/certificates", licence.certificate(self._run), self._officers[0])
            self._restaurants.put(licence.enterprise(self._run))
        (first,) = self.play(1)
        self.notices = self._quiet(lambda: self._in_notification("notice", [first]))

    def play(self, cases: int) -> list[str]:
        """Lead so many cases to their close, as many at a time as there are threads; their numbers."""
        return list(self._pool.map(lambda _: self._one(), range(cases)))

    def wait_for_last_effects(self, numbers: Sequence[str]) -> None:
        """Wait until every notice of these cases is there and every mail has left. AssertionError: not in time."""

        def all_told() -> bool:
            return self._value("notification", TOLD, list(numbers), self.notices) == len(numbers)

        # The look itself reads all notices, and its cost would count as theirs.
        wait_for("every notice and mail of every case", all_told, within_s=PATIENCE_S, every_s=2.0)

    def calls(self) -> int:
        """Calls so far; asking counts as one."""
        return next(self._count)

    def extent(self, numbers: Sequence[str], calls: int) -> Extent:
        """What these cases are, which took so many calls."""
        logged = "SELECT count(*) FROM chassis.event_log WHERE case_number = ANY(%s)"
        events = sum(self._value(service, logged, list(numbers)) for service in LOGGING)
        notices = self._in_notification("notice", numbers)
        return Extent(calls / len(numbers), events / len(numbers), notices / len(numbers))

    def _one(self) -> str:
        """One case, from the report to the close."""
        enterprise = self._restaurants.get()
        seat = self._people.seat(COUNTY)
        said = report(type=HYGIENE, enterpriseCode=enterprise, description="Kitchen unclean")
        incident = self._post("/v1/incidents", {"report": said}, self._people.citizens)["incident"]
        path = f"/v1/incidents/{incident['incidentId']}"
        incident = self._lead(path, "dispatch", incident, seat)
        self._inspected(incident["incidentId"])
        handled = self._look(lambda: self._get(path, {}, seat)["incident"], lambda found: _handled(found))
        verified = self._lead(path, "verify", handled, seat, passed=True)
        closed = self._lead(path, "close", verified, seat, outcome="CLOSING_OUTCOME_HANDLED")
        self._restaurants.put(enterprise)
        return str(closed["caseNumber"])

    def _inspected(self, incident_id: str) -> None:
        """The inspection that the dispatch opened, to its close."""
        first, second = self._officers
        query = {"incidentId": incident_id}
        (inspection,) = self._look(lambda: self._get("/v1/inspections", query, first)["inspections"], bool)
        until = (datetime.now(UTC) + RECTIFY_WITHIN).isoformat()
        for command, by, said in (
            ("assign", first, {"officers": self._ids}),
            ("recordFinding", second, {"itemCode": SPOILED, "gravity": "GRAVITY_GRAVE"}),
            ("orderRectification", first, {"rectifyBy": until}),
            ("recordRecheck", second, {"passed": True}),
            ("close", first, {}),
        ):
            path = f"/v1/inspections/{inspection['inspectionId']}:{command}"
            inspection = self._post(path, {"version": inspection["version"], **said}, by)["inspection"]

    def _lead(self, path: str, command: str, incident: Json, by: TokenSource, **said: Any) -> Json:
        led: Json = self._post(f"{path}:{command}", {"version": incident["version"], **said}, by)["incident"]
        return led

    def _get(self, path: str, query: dict[str, str], by: TokenSource) -> Json:
        return self._counted(self._gateway.get(path, query, door=by))

    def _post(self, path: str, body: Json, by: TokenSource) -> Json:
        return self._counted(self._gateway.post(path, body, door=by))

    def _counted(self, answer: Answer) -> Json:
        for _ in range(answer.tries):
            next(self._count)
        return answer.body

    def _look(self, ask: Callable[[], Any], there: Callable[[Any], bool]) -> Any:
        """Ask again and again, as an app does that waits for another department. AssertionError: not in time."""
        end = time.monotonic() + PATIENCE_S
        while not there(found := ask()):
            assert time.monotonic() < end, "what another service does by event did not come"
            time.sleep(LOOK_AGAIN_S)
        return found

    def _in_notification(self, table: str, numbers: Sequence[str]) -> int:
        return self._value("notification", f"SELECT count(*) FROM {table} WHERE case_number = ANY(%s)", list(numbers))

    def _quiet(self, count: Callable[[], int]) -> int:
        """A count once it has not grown for a while."""
        seen, since = count(), time.monotonic()
        while time.monotonic() < since + QUIET_S or not seen:
            time.sleep(LOOK_AGAIN_S)
            if (now := count()) != seen:
                seen, since = now, time.monotonic()
        return seen

    def _value(self, service: str, statement: str, *facts: Any) -> int:
        with self._stack.database(service) as connection:
            row = connection.execute(statement.encode(), facts).fetchone()
        assert row is not None
        return int(row[0])


@contextlib.contextmanager
def cases_on(stack: Stack, at_a_time: int) -> Iterator[Cases]:
    """Cases on a running stack, so many at a time; the first one has been played."""
    with visiting(stack) as (gateway, people), ThreadPoolExecutor(at_a_time) as pool:
        cases = Cases(stack, gateway, people, pool)
        cases.prepare(RESTAURANTS * at_a_time)
        yield cases


def _handled(incident: Json) -> bool:
    return bool(incident["state"] == "INCIDENT_STATE_HANDLED")
