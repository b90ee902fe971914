"""What the console keeps in a process: its sessions, its way out, and what codes are called."""

from __future__ import annotations

import time
from datetime import timedelta

from joserfc.jwk import ECKey

from observability.casetrace.console.outside import Member
from observability.casetrace.console.sessions import Sessions
from observability.casetrace.domain.names import Directory
from observability.casetrace.store.names import NameStore
from services.chassis.runtime import Runtime

NAMES_FRESH_S = 30.0


class Console:
    """Made with the process. `member`: the way out; `sessions`: who is signed in."""

    def __init__(self, runtime: Runtime, member: Member) -> None:
        life = timedelta(hours=runtime.service_settings.console_hours)
        self.member = member
        self.sessions = Sessions(runtime.engine, runtime.clock, member, life)
        self._engine = runtime.looking
        self._directory, self._read_at = Directory({}), float("-inf")

    @property
    def directory(self) -> Directory:
        """What codes are called, read again after half a minute, and as long as nothing is known."""
        if not self._directory.names or time.monotonic() - self._read_at > NAMES_FRESH_S:
            with self._engine.connect() as connection:
                self._directory = NameStore(connection).directory()
            self._read_at = time.monotonic()
        return self._directory

    def start(self) -> None:
        """Nothing runs by itself."""

    def stop(self) -> None:
        """Nothing runs by itself."""


def open_console(runtime: Runtime) -> Console | None:
    """The console by its settings; None where there is to be none. Raises ValueError for a key that is none."""
    settings = runtime.service_settings
    if settings.console_key is None:
        return None
    key = ECKey.import_key(settings.console_key.read_bytes())
    issuer, trust = runtime.settings.token_issuer, runtime.tls.trust
    member = Member(settings.gateway_url, trust, settings.console_client, key, issuer, runtime.clock)
    return Console(runtime, member)
