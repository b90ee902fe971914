"""Bring a service's database to the newest schema: `python -m services.chassis.migrate grid`.

The chassis's tables come first, in schema `chassis` with a history of their own, then the service's in `public`. Both
histories only go forward, and each step is safe for the release before it. Runs as the owner role,
DATABASE_URL_<SERVICE>_OWNER, since services have no DDL. Two runs at once wait for one another.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from services.chassis.database import create_engine
from services.chassis.packages import package_of

LOCK = 7_701_001


def migrate(service: str, url: str) -> None:
    """Run what is missing of both histories against the database at `url`, as its owner."""
    engine = create_engine(url, application=f"migrate-{service}", pool_size=1, patience_s=None)
    try:
        with engine.connect() as connection:
            _migrate(connection, service)
    finally:
        # Ends the session, and with it the lock.
        engine.dispose()


def _migrate(connection: sa.Connection, service: str) -> None:
    connection.execute(sa.text("SET statement_timeout = 0"))
    # Another run may take its time; only the locks of tables are not waited for.
    connection.execute(sa.text("SET lock_timeout = 0"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.execute(sa.text("RESET lock_timeout"))
    connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS chassis"))
    connection.commit()
    _upgrade(connection, versions_of("chassis"), "chassis")
    _upgrade(connection, versions_of(service), "public")


def versions_of(service: str) -> Path:
    """The folder of a service's migrations. Raises ModuleNotFoundError when there is no such service."""
    return Path(importlib.import_module(package_of(service)).__path__[0]) / "migrations" / "versions"


def _upgrade(connection: sa.Connection, versions: Path, schema: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(versions_of("chassis").parent))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, "head")
    connection.commit()


def main(arguments: list[str]) -> int:
    """Migrate the services named on the command line; 2 when a name or an address is missing."""
    for service in arguments:
        key = f"DATABASE_URL_{service.upper()}_OWNER"
        url = os.environ.get(key) or os.environ.get(f"DATABASE_URL_{service.upper()}")
        if not url:
            print(f"migrate: {key} is missing", file=sys.stderr)
            return 2
        try:
            migrate(service, url)
        except ModuleNotFoundError as error:
            print(f"migrate: {error}", file=sys.stderr)
            return 2
    return 0 if arguments else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
