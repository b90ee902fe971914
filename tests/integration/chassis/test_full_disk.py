"""A full disk under PostgreSQL: callers are told, nothing acknowledged is lost, and it goes on when there is room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest

from deploy.local.children import wait_until
from deploy.local.postgres import Postgres
from services.chassis.migrate import migrate
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import Answer
from tests.integration.chassis.harness import World
from tests.integration.chassis.servers import SERVICE
from tests.integration.chassis.small_disk import Disk, SmallPostgres, small_disk
from tests.waiting import wait_for

SIZE = "64m"
# Room for some calls more, which the next ones then take.
LEFT = 64 * 1024
CALLS = 2000
REFUSED = 100


@pytest.fixture
def disk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A small disk, on which the world's database lies now."""
    with small_disk(tmp_path, SIZE) as made:
        postgres = SmallPostgres(world.servers, made)
        monkeypatch.setattr(world.servers, "postgres", postgres)
        postgres.prepare()
        start(postgres)
        try:
            postgres.provision()
            migrate(SERVICE, postgres.url(f"{SERVICE}_owner", SERVICE))
            world.clear()
            yield made
        finally:
            postgres.child.stop(10)


def start(postgres: Postgres) -> None:
    postgres.child.start()
    assert wait_until(postgres.ready, 30), postgres.child.last_lines()


def back(postgres: Postgres) -> bool:
    """Whether it is there again; started anew, as the supervisor does, when a full log of its own ended it."""
    if not postgres.child.alive():
        postgres.child.start()
    return postgres.ready()


def calls_until_refused(world: World) -> dict[str, Answer]:
    """Grants, until a number of them were refused: their answers by idempotency key, which is the incident's too."""
    answers: dict[str, Answer] = {}
    while len(answers) < CALLS and sum(1 for each in answers.values() if each.refusal) < REFUSED:
        key = str(uuid7())
        answers[key] = world.grant(key, key=key)
    return answers


def fill_the_log(postgres: Postgres) -> None:
    """Write until the write-ahead log has no room either, which mostly ends the server in a panic."""
    with pytest.raises(psycopg.OperationalError), postgres.connect() as administrator:
        for _ in range(100):
            administrator.execute("SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 500000))")


def test_a_full_disk_refuses_clearly_loses_nothing_and_goes_on_when_there_is_room(world: World, disk: Disk) -> None:
    with world.running("rpc", "events"):
        first = str(uuid7())
        answers = {first: world.grant(first, key=first)}
        disk.fill(LEFT)
        answers |= calls_until_refused(world)
        world.close_incident(first)
        refused = [each for each in answers.values() if each.refusal]
        assert len(refused) == REFUSED and len(answers) > REFUSED + 1
        assert {(each.status, each.reason) for each in refused} == {(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")}
        assert all(each.refusal and each.refusal.retry_after_s for each in refused)

        fill_the_log(world.servers.postgres)
        disk.make_room()
        wait_for("the database is back", lambda: back(world.servers.postgres))
        permits = {}
        for key, before in answers.items():
            again = wait_for("it is done", partial(granted, world, key))
            assert before.permit in (None, again)
            permits[again.permit_id] = key
        wait_for("all is out", lambda: world.outbox() == 0)
        wait_for("the event is taken", lambda: list(world.inbox().values()) == ["taken"])
    assert len(permits) == world.value("SELECT count(*) FROM permit") == len(answers)
    assert world.sql("SELECT id::text FROM permit WHERE ended") == [
        (next(permit for permit, key in permits.items() if key == first),)
    ]
    # What was sent twice was sent under one id.
    out = Counter(key for key, _ in {(each.key, each.headers["ce_id"]) for each in world.published()})
    assert out == {permit: 2 if key == first else 1 for permit, key in permits.items()}


def granted(world: World, key: str) -> Any:
    return world.grant(key, key=key).permit
