"""PostgreSQL of one stack: its folder, its rules of entry, its process.

Everybody comes over TLS from the loopback address with a SCRAM password; a service and its owner are let into their own
database only. Passwords are made at the first run.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

from deploy.local import pki
from deploy.local.children import Child
from deploy.local.errors import StackError
from deploy.local.places import ROOT, Account, home_for
from deploy.postgres import roles

ADMIN = "egov_admin"
CONFIG = ROOT / "deploy" / "postgres" / "postgresql.conf"
INITDB = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=scram-sha-256")
INITDB_TIMEOUT_S = 120


class Passwords:
    """Passwords by role, each in a file of its own under `folder`, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, role: str) -> str:
        path = self._folder / f"postgres-{role}"
        if not path.exists():
            pki.write_private(path, secrets.token_urlsafe(24).encode())
        return path.read_text(encoding="ascii")


class Postgres:
    """One PostgreSQL with a database for each of `services`.

    `binaries` holds `bin/postgres`; `folder` is where its data live, or where a stand-in is noted when `account`, which
    it runs as, cannot enter there. `front`: the port that clients are told, when somebody there passes on to `port`.
    """

    def __init__(
        self,
        binaries: Path,
        folder: Path,
        identity: pki.Identity,
        passwords: Passwords,
        services: Sequence[str],
        *,
        port: int,
        log: Path,
        account: Account | None = None,
        front: int | None = None,
    ) -> None:
        self._binaries = binaries
        self._data = home_for(folder, account) / "data"
        self._identity = identity
        self._passwords = passwords
        self._services = services
        self._front = front or port
        self._account = account
        # Whether the data folder was made at this start.
        self.fresh = False
        data = ["-D", str(self._data), "-p", str(port)]
        # SIGINT is the fast stop: sessions are ended, nothing committed is lost.
        self.child = Child(
            [str(binaries / "bin" / "postgres"), *data],
            env={"LC_ALL": "C", "TZ": "UTC"},
            log=log,
            stop_signal=signal.SIGINT,
            account=account,
        )

    def prepare(self) -> None:
        """Make the data folder at the first run; renew configuration, rules of entry and TLS identity at every run."""
        if not self._data.exists():
            self.fresh = True
            self._initialise()
        self._put("postgresql.conf", CONFIG.read_bytes())
        self._put("pg_hba.conf", self._rules_of_entry().encode())
        self._put("server.crt", self._identity.cert.read_bytes())
        self._put("server.key", self._identity.key.read_bytes())

    def ready(self) -> bool:
        """Whether it takes connections."""
        try:
            with self.connect(timeout_s=2):
                return True
        except psycopg.OperationalError:
            return False

    @property
    def data(self) -> Path:
        """The folder that holds all of it: what a backup copies while the server is stopped."""
        return self._data

    def provision(self) -> None:
        """Give each service its database and its two roles. May be done again at any time."""
        for service in self._services:
            with self.connect() as connection:
                roles.ensure_roles(connection, service, self._passwords[service], self._passwords[roles.owner(service)])
                roles.ensure_database(connection, service)
            with self.connect(service) as connection:
                roles.ensure_privileges(connection, service)
        with self.connect() as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def connect(self, database: str = "postgres", timeout_s: int = 10) -> psycopg.Connection:
        """A connection of the administrator, each statement its own transaction."""
        return psycopg.connect(self.url(ADMIN, database), autocommit=True, connect_timeout=timeout_s)

    def url(self, role: str, database: str) -> str:
        """postgresql://role:password@host:port/database, with TLS verified."""
        trust = quote(str(self._identity.trust), safe="/")
        return (
            f"postgresql://{role}:{self._passwords[role]}@127.0.0.1:{self._front}/{database}"
            f"?sslmode=verify-full&sslrootcert={trust}"
        )

    def _initialise(self) -> None:
        """Run initdb beside the final place, so that an interrupted one is never taken for a database."""
        draft = self._data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give(draft)
        secret = draft.with_name("password")
        pki.write_private(secret, self._passwords[ADMIN].encode())
        self._give(secret)
        self._run_initdb(draft, secret)
        secret.unlink()
        os.replace(draft, self._data)

    def _run_initdb(self, data: Path, secret: Path) -> None:
        command = [str(self._binaries / "bin" / "initdb"), "-D", str(data), "-U", ADMIN, f"--pwfile={secret}", *INITDB]
        result = subprocess.run(
            command,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
            env={"LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
        )
        if result.returncode != 0:
            raise StackError(f"PostgreSQL's data folder could not be made: {result.stderr.strip()[-300:]}")

    def _rules_of_entry(self) -> str:
        own = (f"hostssl {name} {name},{roles.owner(name)} 127.0.0.1/32 scram-sha-256" for name in self._services)
        return "\n".join([*own, f"hostssl all {ADMIN} 127.0.0.1/32 scram-sha-256", ""])

    def _put(self, name: str, content: bytes) -> None:
        pki.write_private(self._data / name, content)
        self._give(self._data / name)

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)
