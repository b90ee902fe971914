"""Remembers for which code and data a database was prepared, so that a warm start need not do it again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

LEFT_OUT = ("__pycache__", ".pyc", ".pem", ".key", ".new")


def fingerprint(sources: Iterable[Path]) -> str:
    """SHA-256 over names and contents of all files under `sources`, private keys left out."""
    total = hashlib.sha256()
    for path in sorted(path for source in sources for path in _files(source)):
        total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


def _files(source: Path) -> Iterable[Path]:
    found = source.rglob("*") if source.is_dir() else [source]
    return (path for path in found if path.is_file() and not any(part in str(path) for part in LEFT_OUT))


class Stamp:
    """A file that holds the fingerprint of what was done last."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def says(self, text: str) -> bool:
        """Whether exactly this was done last."""
        return self._path.exists() and self._path.read_text(encoding="ascii") == text

    def put(self, text: str) -> None:
        """Remember that this was done."""
        self._path.write_text(text, encoding="ascii")

    def clear(self) -> None:
        """Forget it, before it is done again."""
        self._path.unlink(missing_ok=True)
