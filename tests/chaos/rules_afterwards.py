"""Rules about what is there when it is quiet again: cases, queues, processes. Each yields what breaks it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.records import Books, Published

# Pools are filled when all of it is first needed together: 16 connections at most, six threads that serve calls. Beside
# them the producer's thread comes with the first event, and one of gRPC's own.
MORE_FILES, MORE_THREADS = 16, 8
MORE_MEMORY, MEMORY_FACTOR = 64 * 1024 * 1024, 1.5


def every_case_is_held(books: Books) -> Iterator[str]:
    """What goes on has a holder and a clock that has not run out; the last event says the same holder."""
    last: dict[str, Published] = {}
    for record in sorted(books.published, key=lambda record: record.version):
        last[record.aggregate] = record
    for row in books.rows:
        if row.open and (row.holder not in books.holders or row.deadline is None or row.deadline < books.ended):
            yield f"{row.service} {row.id}: held by {row.holder or 'nobody'} until {row.deadline}"
        elif row.open and row.id in last and last[row.id].holder not in ("", f"department/{row.holder}"):
            yield f"{row.service} {row.id}: held by {row.holder}, but {last[row.id].holder} was told"


def nothing_left(books: Books) -> Iterator[str]:
    """Once it is quiet nothing waits: no outbox, no deferred or parked event, no held key, no job."""
    yield from (f"{what}: {count}" for what, count in books.left.items() if count)


def nothing_died_by_itself(books: Books) -> Iterator[str]:
    """Whatever ended was ended by a fault."""
    yield from books.died


def nothing_leaks(books: Books) -> Iterator[str]:
    """Files and threads are what they were, memory is bounded."""
    for part, before in books.before.items():
        after = books.after.get(part)
        if after is None:
            continue
        if after.files > before.files + MORE_FILES:
            yield f"{part}: {before.files} open files, then {after.files}"
        if after.threads > before.threads + MORE_THREADS:
            yield f"{part}: {before.threads} threads, then {after.threads}"
        if after.memory > before.memory * MEMORY_FACTOR + MORE_MEMORY:
            yield f"{part}: {before.memory >> 20} MB, then {after.memory >> 20} MB"
