"""Work at a rate."""

from __future__ import annotations

import time


class Pace:
    """The moments of `count` pieces of work, `rate` each second, the first at the first wait."""

    def __init__(self, count: int, rate: float) -> None:
        self._count = count
        self._every_s = 1 / rate
        self._done = 0
        self._begun: float | None = None

    def wait(self) -> int:
        """Wait for the next moment, not at all when it is over already; how many there were, this one included."""
        self._begun = self._begun or time.monotonic()
        time.sleep(max(0.0, self._begun + self._done * self._every_s - time.monotonic()))
        self._done += 1
        return self._done

    @property
    def more(self) -> bool:
        """Whether there are moments left."""
        return self._done < self._count
