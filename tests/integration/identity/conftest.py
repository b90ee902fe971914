"""Identity in a process of its own, for the tests of its doors; and its stores."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.identity import load
from services.identity.store.identity import IdentityStore
from services.identity.store.reference import ReferenceStore
from tests.integration.conftest import Engine
from tests.integration.identity.doors import SAMPLE, TABLES, Doors
from tests.integration.identity.stores import Store
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import (
    DEPARTMENTS,
    HOLDERS,
    MEMBER_KEY,
    REGIONS,
    ROLE_SCOPES,
    SECRET,
    STAFF,
)


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    """A transaction that holds the samples and is undone."""
    with engine_of("identity").connect() as connection:
        reference = ReferenceStore(connection)
        reference.save_regions(REGIONS)
        reference.save_departments(DEPARTMENTS)
        reference.save_role_scopes(ROLE_SCOPES)
        reference.save_staff(STAFF)
        reference.save_holders(HOLDERS)
        yield connection
        connection.rollback()


@pytest.fixture
def store(backing: str, request: pytest.FixtureRequest) -> Store:
    return FakeStore() if backing == "fake" else IdentityStore(request.getfixturevalue("connection"))


@pytest.fixture
def real(connection: sa.Connection) -> IdentityStore:
    return IdentityStore(connection)


@pytest.fixture(scope="module")
def doors(postgres: Stack, engine_of: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Identity in a process of its own, on a database with the sample city."""
    engine = engine_of("identity")
    folder = tmp_path_factory.mktemp("identity")
    environment = postgres.env_for("identity") | {"IDENTITY_KEYS": str(folder / "signing")}
    _load(postgres, folder / "members", folder / "signing")
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "services.chassis.run", "identity", "--only", "rpc,http"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(process, environment, folder / "log")
            workload = postgres.identities.workload
            yield Doors(environment, workload("gateway"), workload("inspection"), engine)
        finally:
            # Not asked to stop: its relay would first wait for the broker, which these tests do without.
            process.kill()
            process.wait(20)
    with postgres.database("identity", owner=True) as owner:
        owner.execute(f"TRUNCATE {', '.join(TABLES)}, used_assertion, failed_attempt, chassis.denied")


def _load(postgres: Stack, members: Path, keys: Path) -> None:
    for client_id in ("rizhao-ssp", "rizhao-office", "rizhao-ops"):
        (members / client_id).mkdir(parents=True)
        (members / client_id / "public.jwk.json").write_text(json.dumps(MEMBER_KEY.as_dict(private=False)), "utf-8")
    (members / "rizhao-ssp" / "secret").write_text(SECRET, "utf-8")
    (members / "rizhao-office" / "tls.crt").write_bytes(postgres.identities.workload("gateway").cert.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL_IDENTITY_OWNER", postgres.wiring.database("identity", owner=True))
        patch.setenv("IDENTITY_KEYS", str(keys))
        assert load.main([str(SAMPLE), "--member-keys", str(members)]) == 0


def _wait_until_ready(process: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"http://{environment['EGOV_ADMIN_LISTEN']}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            process.poll()
