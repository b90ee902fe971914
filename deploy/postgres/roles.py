"""Roles and privileges of a service's database: two roles, one database, nobody else.

The owner `<service>_owner` runs migrations. The service itself reads and writes rows, may not change tables, and opens
no database but its own. Every role is bounded in time, so that a hanging process cannot hold locks.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

SERVICE_LIMITS: Mapping[str, str] = {
    "statement_timeout": "5s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "5s",
    # A peer that is gone is noticed within 10 s: 4 s of silence, then three questions 2 s apart.
    "tcp_keepalives_idle": "4s",
    "tcp_keepalives_interval": "2s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
# A migration may rewrite a table; it still waits no longer for a lock than others do.
OWNER_LIMITS: Mapping[str, str] = {**SERVICE_LIMITS, "statement_timeout": "10min"}


def owner(service: str) -> str:
    """The role that owns the service's database and runs its migrations."""
    return f"{service}_owner"


def ensure_roles(connection: psycopg.Connection, service: str, password: str, owner_password: str) -> None:
    """Make the two roles of `service`, or give them these passwords and limits again."""
    _ensure_role(connection, service, password, SERVICE_LIMITS)
    _ensure_role(connection, owner(service), owner_password, OWNER_LIMITS)


def ensure_database(connection: psycopg.Connection, service: str) -> None:
    """Make the database `service`, closed to everybody but its two roles."""
    if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", service):
        _do(connection, "CREATE DATABASE {service} OWNER {owner}", service)
    _do(connection, "REVOKE ALL ON DATABASE {service} FROM PUBLIC", service)
    _do(connection, "GRANT CONNECT ON DATABASE {service} TO {service}", service)
    for shared in ("postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(shared)))


def ensure_privileges(connection: psycopg.Connection, service: str) -> None:
    """In the service's own database: what the owner makes, the service may read and write."""
    defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT "
    _do(connection, defaults + "USAGE ON SCHEMAS TO {service}", service)
    _do(connection, defaults + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service}", service)
    _do(connection, defaults + "USAGE, SELECT ON SEQUENCES TO {service}", service)


def _ensure_role(connection: psycopg.Connection, role: str, password: str, limits: Mapping[str, str]) -> None:
    # Hashed here: the server, its statistics and its logs never see the password itself.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    exists = _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
    statement = sql.SQL(
        "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {verifier}"
    )
    verb = sql.SQL("ALTER" if exists else "CREATE")
    connection.execute(statement.format(verb=verb, role=sql.Identifier(role), verifier=verifier))
    for name, value in limits.items():
        setting = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(setting.format(sql.Identifier(role), sql.Identifier(name), value))


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None


def _do(connection: psycopg.Connection, template: str, service: str) -> None:
    names = {"service": sql.Identifier(service), "owner": sql.Identifier(owner(service))}
    connection.execute(sql.SQL(template).format(**names))
