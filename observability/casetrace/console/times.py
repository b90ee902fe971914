"""Moments and durations in words. What ages is marked: a script lets it age, and a page's tag leaves it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from markupsafe import Markup

from observability.casetrace.console.words import Words

ZONE = timezone(timedelta(hours=8))
UNITS = ((86400, ("天", "d")), (3600, ("小时", "h")), (60, ("分", "min")), (1, ("秒", "s")))
"""Seconds and name of each unit, the largest first. `console.js` has the same."""


def span(time: timedelta, language: str) -> str:
    """A duration in its two largest units; below a second in milliseconds."""
    seconds = abs(time.total_seconds())
    if seconds < 1:
        return _with_unit(round(seconds * 1000), ("毫秒", "ms"), language)
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

    def age(self, since: datetime) -> Markup:
        """How long ago."""
        return _tag("age", since, self.span(max(timedelta(), self.now - since)))

    def due(self, deadline: datetime) -> Markup:
        """How long until a deadline, or how long over it."""
        key = "age.left" if deadline > self.now else "age.over"
        return _tag("due", deadline, self._words(key, span=self.span(deadline - self.now)))

    def span(self, time: timedelta) -> str:
        """A duration, which does not age."""
        return span(time, self._words.language)


def _tag(kind: str, at: datetime, text: str) -> Markup:
    return Markup('<time data-{} datetime="{:%Y-%m-%dT%H:%M:%SZ}" title="{}">{}</time>').format(
        Markup(kind), at.astimezone(UTC), whole_moment(at), text
    )


def _with_unit(count: int, names: tuple[str, str], language: str) -> str:
    return f"{count} {names[1] if language == 'en' else names[0]}"
