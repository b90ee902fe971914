from collections.abc import Iterator

import psycopg
import pytest

from deploy.local import parts
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack
from deploy.postgres import roles


@pytest.fixture
def server(stack: Stack) -> Postgres:
    assert stack.postgres is not None
    return stack.postgres


@pytest.fixture
def table(stack: Stack) -> Iterator[str]:
    """A table that grid's owner makes in a schema of its own, as a migration does."""
    with stack.database("grid", owner=True) as owner:
        owner.execute("CREATE SCHEMA probe")
        owner.execute("CREATE TABLE probe.things (id bigint GENERATED ALWAYS AS IDENTITY, name text UNIQUE)")
    yield "probe.things"
    with stack.database("grid", owner=True) as owner:
        owner.execute("DROP SCHEMA probe CASCADE")


def test_a_role_opens_only_its_own_database(server: Postgres) -> None:
    databases = [*parts.names(), "postgres", "template1"]
    for own in parts.names():
        for role in (own, roles.owner(own)):
            opened = [database for database in databases if opens(server, role, database)]
            assert opened == [own], role


def opens(server: Postgres, role: str, database: str) -> bool:
    try:
        psycopg.connect(server.url(role, database)).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_databases_are_closed_by_privilege_too(server: Postgres) -> None:
    query = """
        SELECT r.rolname, array_agg(d.datname::text ORDER BY d.datname)
        FROM pg_roles r JOIN pg_database d ON d.datallowconn AND has_database_privilege(r.oid, d.oid, 'CONNECT')
        WHERE r.rolcanlogin AND NOT r.rolsuper GROUP BY r.rolname
    """
    with server.connect() as admin:
        may_open: dict[str, list[str]] = dict(admin.execute(query).fetchall())
    assert may_open == {role: [name] for name in parts.names() for role in (name, roles.owner(name))}


def test_nobody_comes_in_without_tls(server: Postgres) -> None:
    plain = server.url("grid", "grid").replace("sslmode=verify-full", "sslmode=disable")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(plain)


def test_a_wrong_password_is_refused(server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("grid", "grid"), password="guess")


def test_a_service_reads_and_writes_what_its_owner_made(stack: Stack, table: str) -> None:
    with stack.database("grid") as service:
        service.execute("INSERT INTO probe.things (name) VALUES ('one')")
        service.execute("UPDATE probe.things SET name = 'two'")
        assert service.execute("SELECT id, name FROM probe.things").fetchall() == [(1, "two")]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.own (id int)",
        "CREATE SCHEMA own",
        "CREATE TEMPORARY TABLE own (id int)",
        "ALTER TABLE probe.things ADD more int",
        "DROP TABLE probe.things",
        "TRUNCATE probe.things",
    ],
)
def test_a_service_changes_no_table(stack: Stack, table: str, statement: str) -> None:
    with stack.database("grid") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement.encode())


@pytest.mark.parametrize("role", ["grid", "grid_owner"])
def test_every_role_is_bounded_in_time(server: Postgres, role: str) -> None:
    names = ["lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout", "tcp_user_timeout"]
    with psycopg.connect(server.url(role, "grid")) as connection:
        found = [connection.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    statements = "5s" if role == "grid" else "10min"
    assert found == [("1s",), ("5s",), (statements,), ("10000",)]


def test_the_log_holds_no_values(stack: Stack, table: str) -> None:
    with stack.database("grid") as service:
        service.execute("INSERT INTO probe.things (name) VALUES ('371102199001011234')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            service.execute("INSERT INTO probe.things (name) VALUES (%s)", ("371102199001011234",))
        with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="371102199001011234"):
            service.execute("SELECT CAST(%s AS uuid)", ("371102199001011234",))
    log = (stack.places.run / "logs" / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "371102199001011234" not in log


def test_what_was_committed_is_there_after_a_kill(stack: Stack, table: str) -> None:
    with stack.database("grid") as service:
        service.execute("INSERT INTO probe.things (name) VALUES ('kept')")
    stack.kill_part("postgres")
    stack.start_part("postgres")
    with stack.database("grid") as service:
        assert service.execute("SELECT name FROM probe.things").fetchall() == [("kept",)]


def test_provisioning_again_changes_nothing(server: Postgres, stack: Stack) -> None:
    server.provision()
    with stack.database("grid") as service:
        assert service.execute("SELECT current_user").fetchone() == ("grid",)
