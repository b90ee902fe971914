"""What the case trace does: takes events, and keeps what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from observability.casetrace.domain.cases import Case, case_of, moved_on
from observability.casetrace.domain.effects import Effect, Page, Source
from observability.casetrace.domain.facts import Fact
from observability.casetrace.domain.health import LATELY, Standing, standing_of
from observability.casetrace.domain.names import CodeName
from observability.casetrace.domain.reports import Report, by_service
from observability.casetrace.domain.series import Series, Window, series_of
from services.kernel.errors import Refusal
from services.kernel.ports import UnitOfWork

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Events(Protocol):
    """Where events are kept."""

    def add(self, facts: Sequence[Fact]) -> list[Fact]:
        """Keep events; those that were not known before."""
        ...

    def of_cases(self, numbers: Sequence[str]) -> dict[str, list[Fact]]:
        """All events of these cases."""
        ...


class Cases(Protocol):
    """Where cases are kept."""

    def lock(self, numbers: Sequence[str]) -> dict[str, Case]:
        """Those of the cases that have events."""
        ...

    def save(self, cases: Sequence[Case]) -> None:
        """Keep how they stand."""
        ...


def take_events(events: Events, cases: Cases, facts: Sequence[Fact]) -> None:
    """Keep events, and move their cases on. Locked first: events of one case may come by two processes at once."""
    if not facts:
        return
    known = cases.lock(sorted({fact.case_number for fact in facts}))
    fresh: dict[str, list[Fact]] = {}
    for fact in events.add(facts):
        fresh.setdefault(fact.case_number, []).append(fact)
    moved = {
        number: moved_on(known[number], more) if number in known else case_of(more) for number, more in fresh.items()
    }
    late = [number for number, case in moved.items() if case is None]
    anew = events.of_cases(late) if late else {}
    standing = [case or case_of(anew[number]) for number, case in moved.items()]
    if standing:
        cases.save(standing)


class Effects(Protocol):
    """Where effects are kept."""

    def keep(self, effects: Sequence[Effect]) -> None:
        """Keep effects in the place of what was known."""
        ...

    def void(self, service: str, since: date) -> None:
        """Forget what a service said of events recorded from that day on."""
        ...


class Opens(Protocol):
    """Where it is kept which events are not done with."""

    def keep(self, effects: Sequence[Effect]) -> None:
        """Keep those that are open, and forget those that are not any more."""
        ...

    def void(self, service: str) -> None:
        """Forget what a service said."""
        ...


class Sources(Protocol):
    """Where it is kept how far services were read."""

    def move(self, source: Source, next: str, asked_at: datetime, known_at: datetime | None) -> None:
        """Note that a service was read on from where it was."""
        ...


Ask = Callable[[str, str], Page]
"""Asks a service, by name, for the effects behind a cursor. Raises Refusal."""


def ask(source: Source, asking: Ask) -> Page | None:
    """What the service answers; None when it does not."""
    try:
        return asking(source.service, source.cursor)
    except Refusal:
        return None


def keep_effects(
    uow: UnitOfWork, effects: Effects, opens: Opens, sources: Sources, source: Source, page: Page | None
) -> None:
    """Keep what a service answered together with how far it was read. One that did not answer is asked again later."""
    now = uow.now()
    if page is None:
        sources.move(source, source.cursor, now, None)
        return
    if page.void_since is not None:
        effects.void(source.service, page.void_since)
        opens.void(source.service)
    # One that changed twice stands twice on the page: the later one holds.
    latest = list({(each.event_id, each.consumer): each for each in page.effects}.values())
    of_cases = [each for each in latest if each.case_number]
    if of_cases:
        effects.keep(of_cases)
    if latest:
        opens.keep(latest)
    # Where there is more, it is its turn again at once.
    sources.move(source, page.next, AT_ONCE if page.more else now, None if page.more else now)


def ask_names(asking: Callable[[], Iterable[CodeName]]) -> list[CodeName]:
    """What all codes are called; none when identity does not answer, and what is known stays."""
    try:
        return list(asking())
    except Refusal:
        return []


class Metrics(Protocol):
    """Where it is kept what processes told of themselves."""

    def lately(self, since: datetime) -> list[Report]:
        """All reports of moments behind `since`."""
        ...

    def heard(self, services: Sequence[str]) -> dict[str, datetime | None]:
        """The moment of the last report of each of these services."""
        ...


def health(
    metrics: Metrics,
    over: Sequence[Report],
    names: Sequence[str],
    sources: Sequence[Source],
    window: Window,
    now: datetime,
    bounds: Sequence[float],
) -> list[tuple[Standing, Series]]:
    """How these services, and others that told of themselves lately, stand and went; by name.

    `over`: reports of the window and of a while before it, thinned.
    """
    lately = by_service(metrics.lately(now - 2 * LATELY))
    lines = by_service(over)
    answered = {source.service: source.known_at for source in sources}
    heard = metrics.heard(sorted({*names, *lately}))
    return [
        (
            standing_of(name, lately.get(name, ()), heard[name], answered.get(name), now, bounds),
            series_of([*lines.get(name, ()), *lately.get(name, ())], window, bounds),
        )
        for name in heard
    ]
