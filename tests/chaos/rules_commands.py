"""Rules about commands: what clients were told against what the databases hold. Each yields what breaks it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.records import Books, Command, Told
from tests.chaos.rules import twice


def acknowledged_has_its_state(books: Books) -> Iterator[str]:
    """What was acknowledged is there, as the answer said."""
    rows = {row.id: row for row in books.rows}
    changes = {(event.aggregate, event.version): event.type for event in books.logged}
    for command in _told(books, Told.ACKNOWLEDGED):
        row = rows.get(command.aggregate)
        if row is None or row.version < command.version or row.reference != (command.reference or row.reference):
            yield f"{command.event} of {command.aggregate or command.reference}: no such state"
        elif changes.get((command.aggregate, command.version)) != command.event:
            yield f"{command.event} of {command.aggregate}: version {command.version} is no such event"


def acknowledged_once(books: Books) -> Iterator[str]:
    """No change was acknowledged to two commands, and none that was asked of an older version."""
    commands = list(_told(books, Told.ACKNOWLEDGED))
    yield from twice((command.aggregate, command.version) for command in commands)
    for command in commands:
        if command.version != command.seen + 1:
            yield f"{command.event} of {command.aggregate}: asked of version {command.seen}, became {command.version}"


def at_most_once(books: Books) -> Iterator[str]:
    """What was made is there once, however often it was sent."""
    yield from twice(row.reference for row in books.rows if row.reference)


def refused_has_no_effect(books: Books) -> Iterator[str]:
    """Nothing is there of a command that was refused."""
    references = {row.reference for row in books.rows}
    for command in _told(books, Told.REFUSED):
        if command.reference and command.reference in references:
            yield f"{command.event} of {command.reference} ({command.reason})"


def refused_when_late(books: Books) -> Iterator[str]:
    """Exactly those commands were refused that had to be."""
    for command in books.commands:
        if command.told is (Told.ACKNOWLEDGED if command.late else Told.REFUSED):
            yield f"{command.event} of {command.aggregate or command.reference}: {command.told} ({command.reason})"


def nothing_unasked(books: Books) -> Iterator[str]:
    """Of what only commands cause, nothing happened that no client asked for, or that was told to have been refused."""
    asked = {(command.aggregate, command.seen + 1, command.event)
             for command in books.commands if command.told is not Told.REFUSED}  # fmt: skip
    made = {command.reference: command.event for command in books.commands if command.told is not Told.REFUSED}
    caused = {command.event for command in books.commands}
    rows = {row.id: row for row in books.rows}
    for event in books.logged:
        row = rows.get(event.aggregate)
        if event.type not in caused or row is None or row.by_event:
            continue
        wanted = made.get(row.reference) == event.type if event.version == 1 else False
        if not wanted and (event.aggregate, event.version, event.type) not in asked:
            yield f"{event.type} of {event.aggregate}, version {event.version}"


def _told(books: Books, told: Told) -> Iterator[Command]:
    return (command for command in books.commands if command.told is told)
