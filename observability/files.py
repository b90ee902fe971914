"""Spans in rotated files: one JSON line each, `spans-00000001.jsonl` upward, the oldest file dropped first.

Written by one process at a time, read by any number, also while it writes. What `append` returned from survives the
end of the process, not a loss of power: it is in the system's hands, not yet on the disk.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from observability.records import SpanRecord

_NAME = "spans-{:08d}.jsonl"
_PATTERN = "spans-*.jsonl"


class SpanStore(Protocol):
    """Where spans are kept. One thread calls it."""

    def append(self, spans: Sequence[SpanRecord]) -> None:
        """Keep the spans. Raises OSError if none of them could be kept."""

    def close(self) -> None:
        """No further spans come."""


class FolderInUse(Exception):
    """Another process writes into the folder."""


class RotatedFiles:
    """A `SpanStore` of at most `most_files` files of about `file_bytes` each. Raises FolderInUse, OSError."""

    def __init__(self, folder: Path, file_bytes: int, most_files: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._file_bytes, self._most_files = folder, file_bytes, most_files
        self._lock = _locked(folder)
        existing = files(folder)
        self._number = _number(existing[-1]) if existing else 1
        self._file, self._size = self._opened()

    def append(self, spans: Sequence[SpanRecord]) -> None:
        """Keep the spans, all or none, in the current file or a new one."""
        block = b"".join(span.line() for span in spans)
        if self._size and self._size + len(block) > self._file_bytes:
            self._rotate()
        try:
            _write_whole(self._file, block)
        except OSError:
            # A torn line would swallow the first line of the next block.
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(block)

    def close(self) -> None:
        """Close the file and let another process write."""
        os.close(self._file)
        os.close(self._lock)

    def _rotate(self) -> None:
        os.close(self._file)
        self._number += 1
        self._file, self._size = self._opened()
        for path in files(self._folder)[: -self._most_files]:
            path.unlink(missing_ok=True)

    def _opened(self) -> tuple[int, int]:
        """The current file and its size; a line that a kill left torn is cut off, since it was never acknowledged."""
        path = self._folder / _NAME.format(self._number)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        size = _whole_lines(file)
        os.ftruncate(file, size)
        return file, size


def files(folder: Path) -> list[Path]:
    """The files of the folder, oldest first."""
    return sorted(folder.glob(_PATTERN), key=_number)


def lines(folder: Path) -> Iterator[bytes]:
    """All whole lines of the folder, oldest first. Files that are dropped meanwhile are passed over."""
    for path in files(folder):
        try:
            with path.open("rb") as file:
                yield from (line for line in file if line.endswith(b"\n"))
        except FileNotFoundError:
            continue


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("spans-")
    return int(digits) if digits.isdigit() else 0


def _locked(folder: Path) -> int:
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderInUse(f"another collector writes into {folder}") from None
    return lock


def _write_whole(file: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(file, view) :]


def _whole_lines(file: int, step: int = 65536) -> int:
    """Size of the file up to the end of its last whole line."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - step)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
