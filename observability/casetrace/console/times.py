"""Moments and durations in words. What ages is marked: a script lets it age, and a page's tag leaves it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from markupsafe import Markup

from observability.casetrace.console.words import Words

ZONE = timezone(timedelta(hours=8))
UNITS = ((86400, ("天", "d")), (3600, ("小时", "h")), (60, ("分", "min")), (1, ("秒", "s")))
"""Seconds and name of each unit, the largest first. `console.js` has the same."""


def span(time: timedelta, language: str) -> str:
    """A duration in its two largest units; a short one to the millisecond or the tenth of a second."""
    seconds = abs(time.total_seconds())
    if seconds < 1:
        return _with_unit(round(seconds * 1000), ("毫秒", "ms"), language)
    if seconds < 10 and seconds % 1 >= 0.05:
        return _with_unit(round(seconds, 1), UNITS[-1][1], language)
    left = int(seconds)
    parts: list[tuple[int, tuple[str, str]]] = []
    for size, names in UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, names))
    return " ".join(_with_unit(count, names, language) for count, names in parts[:2] if count)


def moment(at: datetime, now: datetime) -> str:
    """A moment in UTC+8; the date is left out today, the year this year."""
    local, today = at.astimezone(ZONE), now.astimezone(ZONE)
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def whole_moment(at: datetime) -> str:
    """A moment in UTC+8, in full."""
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


class Times:
    """Times on one page: at this moment, in this language."""

    def __init__(self, now: datetime, words: Words) -> None:
        self.now = now
        self._words = words

    def at(self, moment_: datetime) -> Markup:
        """A moment."""
        return _tag("at", moment_, moment(moment_, self.now))

    def short(self, moment_: datetime) -> str:
        """A moment as plain text, where there are many."""
        return moment(moment_, self.now)

    def age(self, since: datetime) -> Markup:
        """How long ago."""
        return _tag("age", since, self.span(timedelta(seconds=max(0, int((self.now - since).total_seconds())))))

    def due(self, deadline: datetime) -> Markup:
        """How long until a deadline, or how long over it."""
        time, words = self.span(deadline - self.now), self._words
        said = words("age.left", span=time) if deadline > self.now else words("age.over", span=time)
        return _tag("due", deadline, said)

    def grown(self, time: timedelta) -> Markup:
        """A duration that grows with now."""
        return _tag("age", self.now - time, self.span(time))

    def full(self, moment_: datetime) -> str:
        """A moment in full, for a hint."""
        return whole_moment(moment_)

    def span(self, time: timedelta) -> str:
        """A duration, which does not age."""
        return span(time, self._words.language)


def _tag(kind: str, at: datetime, text: str) -> Markup:
    return Markup('<time data-{} datetime="{:%Y-%m-%dT%H:%M:%SZ}" title="{}">{}</time>').format(
        Markup(kind), at.astimezone(UTC), whole_moment(at), text
    )


def _with_unit(count: float, names: tuple[str, str], language: str) -> str:
    return f"{count} {names[1] if language == 'en' else names[0]}"
