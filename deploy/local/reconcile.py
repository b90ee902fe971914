"""`make reconcile SERVICE=<name>`: say what reconciling a service's database will do; with YES=1 do it.

    python -m deploy.local.reconcile grid [--yes]

Runs `services.chassis.reconcile` in the environment of the running service, as the owner of its database: that of the
stack, or the one that DATABASE_URL_<SERVICE>_OWNER names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from deploy.local.errors import StackError
from deploy.local.stackfile import run_folder
from deploy.local.status import running_stack
from deploy.postgres import roles


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code, or 1 when the stack or the service does not run."""
    if not arguments:
        print("make reconcile SERVICE=grid", file=sys.stderr)
        return 1
    service, *options = arguments
    try:
        environment = environment_of(service, run_folder())
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "services.chassis.reconcile", service, *options]
    return subprocess.run(command, env=environment).returncode


def environment_of(service: str, run: Path) -> dict[str, str]:
    """What the running service reads, and its database for the owner. Raises StackError when it does not run."""
    process: Mapping[str, Any] = running_stack(run)["processes"].get(service, {})
    try:
        said = Path(f"/proc/{process['pid']}/environ").read_bytes().decode()
    except (KeyError, OSError):
        raise StackError(f"{service} does not run here; it must, to be asked where its database is") from None
    environment = dict(line.partition("=")[::2] for line in said.split("\0") if line)
    key = f"DATABASE_URL_{service.upper()}_OWNER"
    return environment | {key: os.environ.get(key) or owner_url(environment[key.removesuffix("_OWNER")], service, run)}


def owner_url(url: str, service: str, run: Path) -> str:
    """The same database for its owner, where the stack made both; elsewhere the service's own, as for migrations."""
    where = urlsplit(url)
    passwords = {role: run / "secrets" / f"postgres-{role}" for role in (service, roles.owner(service))}
    made_here = all(file.exists() for file in passwords.values())
    if not made_here or passwords[service].read_text("ascii") != where.password:
        return url
    owner = roles.owner(service)
    host = where.netloc.rpartition("@")[2]
    return urlunsplit(where._replace(netloc=f"{owner}:{passwords[owner].read_text('ascii')}@{host}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
