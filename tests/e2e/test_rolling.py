"""Two processes of every service: they share the work, are restarted under load, and run beside the release before.

The stack is this module's own. Nothing that a client's retry would not cover is refused: the load of `books.py` sends
again what it got no answer for, or 503; any other refusal fails it.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from deploy.local import parts
from deploy.local.places import ROOT
from tests.conftest import running_stack
from tests.e2e.books import NO_REPEATS, balance
from tests.e2e.city import City
from tests.e2e.loads import lasting_load, load
from tests.waiting import wait_for

# On a busy machine a part may take long to come back.
pytestmark = pytest.mark.timeout(600)

SOME = 20
FILE = "egov.grid.v1.GridService/FileIncident"
NOTICES = "incident-notices"
GRID, GRID_2 = "grid", parts.replica_of("grid")
NOTIFICATION, NOTIFICATION_2 = "notification", parts.replica_of("notification")
BASELINE = "protos/baseline.binpb"


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest) -> Iterator[City]:
    """A city with two processes of each service."""
    with running_stack(request, replicas=parts.names()) as stack, City(stack) as city:
        yield city


def samples(city: City, process: str, metric: str, **labels: str) -> list[Sample]:
    """What a process measures: one metric, for these labels."""
    with urllib.request.urlopen(f"{city.stack.admin_url(process)}/metrics", timeout=5) as answer:
        families: Iterable[Metric] = text_string_to_metric_families(answer.read().decode())
        every = [sample for family in families for sample in family.samples]
    return [each for each in every if each.name == metric and labels.items() <= each.labels.items()]


def filed(city: City, process: str) -> float:
    """Reports that a process of grid answered, since it was started."""
    return sum(sample.value for sample in samples(city, process, "egov_calls_total", method=FILE))


def noticed(city: City, process: str) -> float:
    """Events of grid that a process of notification took, since it was started."""
    return sum(sample.value for sample in samples(city, process, "egov_events_in_total", consumer=NOTICES))


def partitions(city: City, process: str) -> set[str]:
    """The partitions of grid's topic that a process of notification takes."""
    return {sample.labels["partition"] for sample in samples(city, process, "egov_consumer_lag", consumer=NOTICES)}


def test_two_processes_share_calls_and_partitions(city: City) -> None:
    def shared() -> bool:
        first, second = partitions(city, NOTIFICATION), partitions(city, NOTIFICATION_2)
        return bool(first and second) and not first & second and len(first | second) == 6

    wait_for("both take partitions of grid's topic, and no partition is taken by both", shared)
    with load(city, SOME) as work:
        pass
    assert balance(work) == NO_REPEATS
    assert filed(city, GRID) > 0 and filed(city, GRID_2) > 0
    assert noticed(city, NOTIFICATION) > 0 and noticed(city, NOTIFICATION_2) > 0


def test_every_service_is_restarted_under_load_and_nobody_is_refused_for_good(city: City) -> None:
    with lasting_load(city) as work:
        for half in ([parts.replica_of(name) for name in parts.names()], parts.names()):
            with ThreadPoolExecutor(len(half)) as pool:
                list(pool.map(city.stack.restart_part, half))
    assert work.count > 0
    # A relay that stops waits some seconds for Kafka, not for ever: a record may be there twice, under its one id.
    assert balance(work).mails == 0


def git(*arguments: str) -> bytes:
    """What git says of this repository; nothing where there is none."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True).stdout


@pytest.fixture
def release_before(tmp_path: Path) -> Path:
    """The code of the release before, taken out of history: the commit that wrote the released contract."""
    if git("rev-parse", "--is-shallow-repository") != b"false\n":
        pytest.skip("the code of the release before is taken out of history, and this is no clone with all of it")
    commit = git("log", "-1", "--format=%H", "--", BASELINE).decode().strip()
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, "services", "protos/gen"))) as archive:
        # Python before 3.11.4 has no filters.
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(tmp_path)
    return tmp_path


def test_the_release_before_runs_on_the_new_schema_beside_the_new_one(city: City, release_before: Path) -> None:
    old = {"PYTHONPATH": f"{release_before}:{release_before / 'protos/gen/python'}"}
    new = {"PYTHONPATH": city.stack.env_for(GRID_2)["PYTHONPATH"]}
    # Consumers before producers: notification is new, grid half old. Then both are half old, as in a roll-back.
    for replica, work_of in ((GRID_2, filed), (NOTIFICATION_2, noticed)):
        city.stack.restart_part(replica, old)
        if replica == NOTIFICATION_2:
            wait_for("it takes partitions", lambda: partitions(city, NOTIFICATION_2))
        with load(city, SOME) as work:
            pass
        assert balance(work) == NO_REPEATS
        assert work_of(city, replica) > 0
    for replica in (GRID_2, NOTIFICATION_2):
        city.stack.restart_part(replica, new)
