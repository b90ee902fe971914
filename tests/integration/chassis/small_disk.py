"""A PostgreSQL whose data lie on a disk of their own that can be filled: a tmpfs that only its namespaces see."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import fetch
from deploy.local.children import Child
from deploy.local.postgres import ADMIN, INITDB, INITDB_TIMEOUT_S, Passwords, Postgres
from tests.integration.chassis.servers import CACHE, SERVICE, Servers
from tests.waiting import wait_for

# Root of its own user namespace may mount; PostgreSQL, which refuses root, is told another number for the same account.
AS_SOMEBODY = ("unshare", "-U", "--map-user=1000", "--map-group=1000", "--")
MOUNT = (
    f'{" ".join(AS_SOMEBODY)} true && mount -t tmpfs -o size="$2",mode=700 tmpfs "$1" && echo mounted'
    " && exec sleep infinity"
)
SMALL = ("-c", "max_wal_size=2MB", "-c", "min_wal_size=2MB", "-c", "shared_buffers=16MB")


class Disk:
    """A tmpfs that lives as long as the process that holds its namespaces."""

    def __init__(self, folder: Path, holder: Child) -> None:
        self._inside = str(folder)
        # The same folder, as it is seen from outside.
        self.folder = Path(f"/proc/{holder.pid}/root{folder}")
        self._enter = ("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials", *AS_SOMEBODY)

    def command(self, command: Sequence[str]) -> list[str]:
        """The command that runs this one where the disk is."""
        return [*self._enter, *(part.replace(str(self.folder), self._inside) for part in command)]

    def free(self) -> int:
        """Octets that are left."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def fill(self, leave: int) -> None:
        """Leave so many octets."""
        (self.folder / "ballast").write_bytes(bytes(self.free() - leave))

    def make_room(self) -> None:
        """Take away what filled it."""
        (self.folder / "ballast").unlink()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Disk]:
    """A disk of that size. Skips the test, and says why, where this machine forbids one."""
    said = folder / "disk.log"
    place = folder / "disk"
    place.mkdir()
    holder = Child(["unshare", "-Urm", "sh", "-c", MOUNT, "sh", str(place), size], env=dict(os.environ), log=said)
    holder.start()
    try:
        wait_for("the disk is there, or is forbidden", lambda: "mounted" in holder.last_lines() or not holder.alive())
        if not holder.alive():
            pytest.skip(f"not run: no disk of its own on this machine: {' '.join(holder.last_lines()[-1:])}")
        yield Disk(place, holder)
    finally:
        holder.kill()


class SmallPostgres(Postgres):
    """Another PostgreSQL of these servers, empty, on that disk."""

    def __init__(self, servers: Servers, disk: Disk) -> None:
        self._disk = disk
        super().__init__(
            fetch.postgres_binaries(CACHE, CACHE / "postgres", fetch.quiet),
            disk.folder,
            servers.identities.workload("postgres"),
            Passwords(servers.folder / "secrets"),
            [SERVICE],
            port=servers.ports["small-postgres"],
            log=servers.folder / "small-postgres.log",
        )
        self.child.command = disk.command([*self.child.command, *SMALL])

    def _run_initdb(self, data: Path, secret: Path) -> None:
        command = [str(self._binaries / "bin" / "initdb"), "-D", str(data), "-U", ADMIN, f"--pwfile={secret}", *INITDB]
        command = self._disk.command([*command, "--wal-segsize=1"])
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=INITDB_TIMEOUT_S)
        assert result.returncode == 0, result.stderr
