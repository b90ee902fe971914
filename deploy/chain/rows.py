"""What the picture shows of the chain, line by line: a newcomer reads a case from top to bottom.

An event with a reaction of its own is a row, and so is one that opens or closes the case. What one method takes of a
service without distinction, such as notification telling people of every step, is one row with a number: the names
are in the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.chain.reading import Chain, Event, Taking

PHASES = {"opens": "The case begins.", "closes": "The case ends."}


@dataclass(frozen=True)
class Row:
    """One line: an event of `source` and whom it reaches, or, with `asks`, a method of `source` and who asks for it.

    `words` are sentences, each behind the service that it is about, or behind nothing where that is plain.
    """

    label: str
    source: str
    targets: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    asks: bool = False


@dataclass(frozen=True)
class Section:
    """Rows under a heading in two languages."""

    heading: str
    rows: tuple[Row, ...]


def sections(chain: Chain) -> list[Section]:
    """All rows, by what they are; a section without rows is left out."""
    found = [
        Section("A case goes on  办件流转", tuple(_case_rows(chain))),
        Section("People are told  告知当事人", tuple(_folded_rows(chain))),
        Section("Every service knows  各服务皆知", tuple(_shared_rows(chain))),
        Section("Asked, never changed  只读查询", tuple(_read_rows(chain))),
    ]
    return [section for section in found if section.rows]


def lanes(chain: Chain) -> list[str]:
    """The services from left to right: who is asked, then whoever moves a case, in its order, then who only listens."""
    moving = _order_of_case(chain)
    asked = [name for name in chain.services if name not in moving and any(name == read.asked for read in chain.reads)]
    return [*asked, *moving, *(name for name in chain.services if name not in (*asked, *moving))]


def _order_of_case(chain: Chain) -> list[str]:
    """Services from whoever opens a case along the reactions to its events."""
    order = list(dict.fromkeys(event.publisher for event in chain.events if event.phase == "opens"))
    for service in order:
        reacting = (
            taking.service for event in chain.events if event.publisher == service for taking in _own(chain, event)
        )
        order += [name for name in dict.fromkeys(reacting) if name not in order]
    return order


def _own(chain: Chain, event: Event) -> list[Taking]:
    """Methods that take this event and no other of its publisher."""
    folded = _folded(chain)
    return [each for each in event.takings if not each.shared and (event.publisher, each) not in folded]


def _folded(chain: Chain) -> dict[tuple[str, Taking], int]:
    """Methods that take several events of one publisher, and how many."""
    counts: dict[tuple[str, Taking], int] = {}
    for event in chain.events:
        for taking in event.takings:
            if not taking.shared:
                counts[event.publisher, taking] = counts.get((event.publisher, taking), 0) + 1
    return {key: count for key, count in counts.items() if count > 1}


def _case_rows(chain: Chain) -> Iterator[Row]:
    for service in _order_of_case(chain):
        yield from _phase_row(chain, service, "opens")
    order = _order_of_case(chain)
    for service in [*order, *(name for name in chain.services if name not in order)]:
        for event in chain.events:
            own = _own(chain, event)
            if event.publisher == service and own and not event.phase:
                yield Row(event.short, service, _services(own), _words(own))
    for service in order:
        yield from _phase_row(chain, service, "closes")


def _phase_row(chain: Chain, service: str, phase: str) -> Iterator[Row]:
    """The events of a service that open, or that close, its cases: one row for all."""
    events = [event for event in chain.events if event.publisher == service and event.phase == phase]
    if events:
        own = [taking for event in events for taking in _own(chain, event)]
        targets = _services([taking for event in events for taking in event.takings if not taking.shared])
        words = (("", PHASES[phase]), *((each.service, each.sentence) for each in own))
        yield Row(" · ".join(event.short for event in events), service, targets, words)


def _folded_rows(chain: Chain) -> Iterator[Row]:
    folded = _folded(chain)
    for lane in lanes(chain):
        for (publisher, taking), count in folded.items():
            if publisher == lane:
                yield Row(f"{count} events", publisher, (taking.service,), (("", taking.sentence),))


def _shared_rows(chain: Chain) -> Iterator[Row]:
    for publisher in chain.services:
        events = [each for each in chain.events if each.publisher == publisher and any(t.shared for t in each.takings)]
        if events:
            taking = next(taking for taking in events[0].takings if taking.shared)
            names = " · ".join(event.short for event in events)
            yield Row(names, publisher, tuple(chain.services), (("", taking.sentence),))


def _read_rows(chain: Chain) -> Iterator[Row]:
    for read in chain.reads:
        yield Row(read.method, read.asked, read.askers, (("", read.sentence),), asks=True)


def _services(takings: list[Taking]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(taking.service for taking in takings))


def _words(takings: list[Taking]) -> tuple[tuple[str, str], ...]:
    """What each does; who does it is said where there are several."""
    return tuple((taking.service if len(takings) > 1 else "", taking.sentence) for taking in takings)
