"""Where the stack keeps its things, and who may enter there.

PostgreSQL refuses to run as root. Started by root, it runs as another account, which must be able to enter the folders
of its binaries and its data. Where it cannot (a checkout under a private home), those two folders live under
`/var/lib/egov/` instead, one subfolder for each folder they stand in for.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = Path("/var/lib/egov")
ORIGIN = "stands-in-for"


@dataclass(frozen=True)
class Places:
    """Folders of one stack. `run` holds all state; `cache` holds what was fetched and can be shared by stacks."""

    run: Path
    cache: Path

    @classmethod
    def of(cls, run: Path, cache: Path | None = None) -> Places:
        """Folders under `run`; the cache is `cache`, else EGOV_CACHE, else the checkout's own."""
        chosen = cache or Path(os.environ.get("EGOV_CACHE") or ROOT / ".run" / "cache")
        return cls(run.resolve(), chosen.resolve())

    def folder(self, name: str) -> Path:
        """The subfolder `name` of the run folder, made if it is not there."""
        path = self.run / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def private(self, name: str) -> Path:
        """The subfolder `name`, readable by its owner only."""
        path = self.folder(name)
        path.chmod(0o700)
        return path


@dataclass(frozen=True)
class Account:
    """A user of the machine that a part runs as."""

    name: str
    uid: int
    gid: int


def unprivileged() -> Account | None:
    """The account that PostgreSQL runs as when root starts it (EGOV_POSTGRES_USER, else `nobody`); None: our own."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("EGOV_POSTGRES_USER", "nobody")
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise StackError(f"there is no user {name} to run PostgreSQL as: set EGOV_POSTGRES_USER to another") from None
    return Account(name, entry.pw_uid, entry.pw_gid)


def can_enter(folder: Path, account: Account) -> bool:
    """Whether `account` can pass through every folder above `folder`."""
    return all(_passes(parent, account) for parent in folder.resolve().parents if parent.exists())


def _passes(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def home_for(folder: Path, account: Account | None) -> Path:
    """A folder that `account` can enter: `folder` itself, or the one outside that stands in for it. It exists after."""
    if account is None or can_enter(folder, account):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    _sweep()
    home = stand_in(folder)
    home.mkdir(parents=True, exist_ok=True)
    (home / ORIGIN).write_text(f"{folder.resolve()}\n")
    folder.mkdir(parents=True, exist_ok=True)
    return home


def stand_in(folder: Path) -> Path:
    """The name of the folder outside that stands in for `folder`; it need not exist."""
    return OUTSIDE / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def forget(folder: Path) -> None:
    """Delete a file, or a folder and what stands in for it."""
    for path in (folder, stand_in(folder)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    _sweep()


def _sweep() -> None:
    """Delete stand-ins whose origin is gone (a deleted checkout, a test's temporary folder)."""
    for note in OUTSIDE.glob(f"*/{ORIGIN}"):
        if not Path(note.read_text().strip()).exists():
            shutil.rmtree(note.parent, ignore_errors=True)
