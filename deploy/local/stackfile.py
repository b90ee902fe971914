"""Where the running stack is: `.run/stack.json`, written by `make run`, read by everything that talks to it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.errors import StackError
from deploy.local.places import ROOT

TLS_FILES = ("cafile", "certfile", "keyfile")


@dataclass(frozen=True, slots=True)
class KafkaDoor:
    """Where Kafka is, and the TLS identity of a principal that may read every topic; empty paths: no TLS."""

    bootstrap: str
    cafile: str = ""
    certfile: str = ""
    keyfile: str = ""

    def options(self) -> dict[str, Any]:
        """As kafka-python takes it."""
        servers: dict[str, Any] = {"bootstrap_servers": self.bootstrap.split(",")}
        if not self.certfile:
            return servers
        files = {"ssl_cafile": self.cafile, "ssl_certfile": self.certfile, "ssl_keyfile": self.keyfile}
        return {**servers, "security_protocol": "SSL", **files}


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses of a running stack.

    `gateway`: base URL. `trust`: PEM bundle that vouches for it. `members`: folder with one folder per member client,
    its key in `key.pem`. `mail`: folder of the mails that were written, None with a mail server of one's own.
    """

    gateway: str
    trust: Path
    members: Path
    kafka: KafkaDoor
    mail: Path | None
    run: Path

    @property
    def telemetry(self) -> Path:
        """Where the embedded collector writes."""
        return self.run / "telemetry"

    def key_of(self, client_id: str) -> Path:
        """Where a member client's private key is kept."""
        return self.members / client_id / "key.pem"


def run_folder() -> Path:
    """The folder of the stack's state: `.run`, or what EGOV_RUN says."""
    return Path(os.environ.get("EGOV_RUN") or ROOT / ".run")


def stack(folder: Path | None = None) -> Stack:
    """The stack of a run folder. Raises StackError when none was started there."""
    where = folder or run_folder()
    path = where / "stack.json"
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")), where)
    except FileNotFoundError:
        raise StackError("No stack was started here yet: `make run` starts it.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{path} cannot be read ({error!r}): `make run` writes it anew.") from None


def from_json(said: Mapping[str, Any], run: Path) -> Stack:
    """The stack that a stack.json describes; relative paths are below `run`."""
    kafka = said["kafka"]
    return Stack(
        gateway=said["gateway"].rstrip("/"),
        trust=run / said["trust"],
        members=run / said["members"],
        kafka=KafkaDoor(kafka["bootstrap"], *(_path(run, kafka.get(name)) for name in TLS_FILES)),
        mail=run / said["mail"] if said.get("mail") else None,
        run=run,
    )


def _path(run: Path, text: str | None) -> str:
    return str(run / text) if text else ""
