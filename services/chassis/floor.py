"""From which position on the relay looks at the outbox.

While some session holds an old snapshot (a dump, a forgotten transaction), PostgreSQL keeps what was deleted, and a
look from the beginning passes over all of it: 30,000 events deleted since make it eight times as long. Below the lowest
position that a look found, nothing can come any more but what was being committed just then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

SETTLED_S = 2.0
"""By then a commit is over that had its position before a look: it is the next thing after the position was taken."""
WHOLE_EVERY_S = 5.0
"""How often a look begins at the beginning all the same: a process may have been frozen in the middle of a commit."""
STEP_S = 0.1


class Floor:
    """What looks have found, on the clock of `time.monotonic`."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing is known: the next look begins at the beginning."""
        self._seen: deque[tuple[float, int]] = deque()
        self._settled = 0
        self._highest = 0
        self._whole_at = 0.0

    def at(self, now: float) -> int:
        """The position at which the look at this moment begins; 0 when it is to see everything."""
        if now >= self._whole_at:
            self._whole_at = now + WHOLE_EVERY_S
            return 0
        while self._seen and self._seen[0][0] <= now - SETTLED_S:
            self._settled = self._seen.popleft()[1]
        return min([self._settled, *(lowest for _, lowest in self._seen)])

    def found(self, there: Collection[int], now: float) -> None:
        """`there`: the positions that a look found, and those that are on their way. Below them there was nothing."""
        self._highest = max([self._highest, *there])
        lowest = min(there, default=self._highest + 1)
        if self._seen and now - self._seen[-1][0] < STEP_S:
            at, before = self._seen.pop()
            self._seen.append((at, min(before, lowest)))
        else:
            self._seen.append((now, lowest))
