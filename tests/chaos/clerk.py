"""A client that notes what it was told: each command under a key of its own, sent again until there is an answer."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from deploy.local.client import Answer, ApiError, TokenSource, Unreachable, pause
from tests.chaos.records import Command, Told

Json = dict[str, Any]


class Journal:
    """What clients were told, from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commands: list[Command] = []

    def note(self, command: Command) -> None:
        """Keep what became of a command."""
        with self._lock:
            self._commands.append(command)

    def all(self) -> tuple[Command, ...]:
        """Everything so far."""
        with self._lock:
            return tuple(self._commands)

    def count(self, told: Told) -> int:
        """How many commands were told so."""
        return sum(command.told is told for command in self.all())


class Door(Protocol):
    """What a clerk needs of the gateway's client, which is to have no patience of its own: each try is noted here."""

    def get(self, path: str, query: Mapping[str, str] | None = None, *, door: TokenSource | None = None) -> Answer:
        """Read."""
        ...

    def post(self, path: str, body: Mapping[str, Any], *, door: TokenSource, key: str | None = None) -> Answer:
        """Change."""
        ...


class Clerk:
    """Sends commands through the gateway.

    `until` is the moment (monotonic) after which what has no answer stays unknown; it may be moved.
    """

    def __init__(self, gateway: Door, journal: Journal, *, until: float) -> None:
        self._gateway = gateway
        self.until = until
        self._journal = journal

    def send(
        self, path: str, body: Mapping[str, Any], door: TokenSource, command: Command, *, noun: str
    ) -> Json | None:
        """Send a command until it is acknowledged or refused; what the answer has under `noun`, None without one.

        `command` says what is asked; how it ended is noted.
        """
        command = replace(command, key=str(uuid.uuid4()))
        while True:
            try:
                answer = self._gateway.post(path, body, door=door, key=command.key).body[noun]
            except (ApiError, Unreachable) as error:
                if isinstance(error, ApiError) and not error.passing and error.http_status < 500:
                    self._journal.note(replace(command, told=Told.REFUSED, reason=error.reason))
                    return None
                if not self._wait(error, command.tries):
                    self._journal.note(replace(command, told=Told.UNKNOWN, reason=_named(error)))
                    return None
                command = replace(command, tries=command.tries + 1)
            else:
                self._journal.note(_acknowledged(command, answer, noun))
                return dict(answer)

    def read(self, path: str, query: Mapping[str, str] | None, door: TokenSource) -> Json | None:
        """Read until there is an answer; None when there is none in time."""
        tries = 1
        while True:
            try:
                return self._gateway.get(path, query, door=door).body
            except (ApiError, Unreachable) as error:
                if not self._wait(error, tries):
                    return None
                tries += 1

    def _wait(self, error: ApiError | Unreachable, tries: int) -> bool:
        """Wait as long as the answer asks for, or a little; False when the time is over."""
        asked = error.retry_after_s if isinstance(error, ApiError) else None
        wait = asked if asked is not None else pause(tries)
        if time.monotonic() + wait > self.until:
            return False
        time.sleep(wait)
        return True


def _acknowledged(command: Command, answer: Json, noun: str) -> Command:
    """The command with the id and the version that the answer says."""
    aggregate, version = answer[f"{noun}Id"], int(answer["version"])
    return replace(command, told=Told.ACKNOWLEDGED, aggregate=aggregate, version=version)


def _named(error: ApiError | Unreachable) -> str:
    return error.reason if isinstance(error, ApiError) else "UNREACHABLE"
