"""The sample city, loaded for real: once, again, and not at all when a row is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.identity import load
from services.identity.domain import secrets
from services.identity.domain.organisations import person_id_of
from services.identity.reference.city import City, read_city
from services.identity.store.members import MemberStore
from services.identity.wire.messages import known_scopes
from tests.integration.conftest import Engine
from tests.integration.identity.doors import SAMPLE, TABLES
from tests.unit.identity.samples import MEMBER_KEY, NOW, NUMBERS, PUBLIC_KEY, SECRET

COUNTS = (1741 + 3 * 1679, 37, 39, 88, 88, 2, 3, 11)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for client_id in ("rizhao-ssp", "rizhao-office", "rizhao-ops"):
        own = tmp_path / "keys" / client_id
        own.mkdir(parents=True)
        (own / "public.jwk.json").write_text(json.dumps(MEMBER_KEY.as_dict(private=False)), "utf-8")
    (tmp_path / "keys" / "rizhao-ssp" / "secret").write_text(SECRET, "utf-8")
    return tmp_path / "keys"


@pytest.fixture
def connection(engine_of: Engine) -> Iterator[sa.Connection]:
    with engine_of("identity").connect() as connection:
        yield connection
        connection.rollback()


def city(keys: Path | None, folder: Path = SAMPLE) -> City:
    return read_city(folder, keys, NUMBERS, known_scopes(), NOW)


def content(connection: sa.Connection) -> dict[str, list[str]]:
    """Every row of every table, with the transaction that wrote it last."""
    return {
        table: list(connection.scalars(sa.text(f"SELECT t::text || t.ctid::text FROM {table} t ORDER BY 1")))
        for table in TABLES
    }


def test_the_sample_city_is_loaded(connection: sa.Connection, keys: Path) -> None:
    load.save(city(keys), connection)
    counts = {table: len(rows) for table, rows in content(connection).items()}
    assert counts == dict(zip(TABLES, COUNTS, strict=True))
    store = MemberStore(connection)
    office = store.member("rizhao-office")
    assert office is not None and office.public_keys == (PUBLIC_KEY,)
    ssp = store.member("rizhao-ssp")
    assert ssp is not None and secrets.fits(SECRET, ssp.secret_hash)
    person = store.staff_by_login("operator", "371100-DSJ")
    assert person is not None and person.person_id == person_id_of("operator", "371100-DSJ")
    assert all(office_code in office.departments for office_code in ("371102-SCJG", "371171-YJJ"))


def test_loading_again_writes_nothing_and_takes_no_key_away(connection: sa.Connection, keys: Path) -> None:
    load.save(city(keys), connection)
    before = content(connection)
    load.save(city(keys), connection)
    assert content(connection) == before
    load.save(city(None), connection)
    assert content(connection) == before


def test_what_changes_is_changed_and_a_member_gets_its_next_version(connection: sa.Connection, keys: Path) -> None:
    first = city(keys)
    load.save(first, connection)
    moved = replace(first.staff[0], active=False, person_id=person_id_of("else", "371100-DSJ"))
    narrower = replace(first.members[0], scopes=("grid.incidents.read",))
    load.save(replace(first, staff=[moved], members=[narrower]), connection)
    store = MemberStore(connection)
    person = store.staff_by_login(moved.login, moved.department)
    assert person == replace(first.staff[0], active=False), "the person keeps the id"
    member = store.member(narrower.client_id)
    assert member is not None and (member.version, member.scopes) == (2, ("grid.incidents.read",))


def test_the_command_loads_all_or_nothing(
    postgres: Stack,
    engine_of: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = engine_of("identity")
    monkeypatch.delenv("DATABASE_URL_IDENTITY_OWNER", raising=False)
    monkeypatch.delenv("DATABASE_URL_IDENTITY", raising=False)
    assert load.main([str(SAMPLE)]) == 2
    monkeypatch.setenv("DATABASE_URL_IDENTITY_OWNER", postgres.wiring.database("identity", owner=True))
    monkeypatch.delenv("IDENTITY_KEYS", raising=False)
    assert load.main([str(SAMPLE)]) == 2
    assert "IDENTITY_KEYS is missing" in capsys.readouterr().err
    monkeypatch.setenv("IDENTITY_KEYS", str(tmp_path / "keys"))
    broken = tmp_path / "broken"
    shutil.copytree(SAMPLE, broken)
    with (broken / "staff.csv").open("a", encoding="utf-8") as staff:
        staff.write("new.person,371102-NONE,seat,新人（虚构）,new@staff.rizhao.example,zh-CN,,,,\n")
    assert load.main([str(broken)]) == 1
    assert "staff.csv:90: department: is not in departments.csv" in capsys.readouterr().err
    with engine.connect() as connection:
        assert content(connection)["region"] == []
    assert load.main([str(SAMPLE)]) == 0
    assert (
        "6778 regions, 37 departments, 6 roles, 88 staff, 3 member systems, 11 persons and enterprises"
        in capsys.readouterr().out
    )
    with postgres.database("identity", owner=True) as owner:
        owner.execute(f"TRUNCATE {', '.join(TABLES)}")
