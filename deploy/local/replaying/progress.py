"""A progress bar on standard error: redrawn in place on a terminal, a line per tenth elsewhere."""

from __future__ import annotations

import sys
import time

WIDTH = 30


class Bar:
    """Shows how far a long work got. Not safe for several threads: one draws."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._drawn_at = 0.0
        self._tenth = -1
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Draw, unless little changed. The call with `done == total` ends the line."""
        ended = done >= total
        if self._terminal:
            if ended or time.monotonic() - self._drawn_at > 0.1:
                self._drawn_at = time.monotonic()
                sys.stderr.write(f"\r\x1b[K{self._text(done, total)}{chr(10) if ended else ''}")
                sys.stderr.flush()
            return
        tenth = 10 * done // max(total, 1)
        if tenth > self._tenth:
            self._tenth = tenth
            print(self._text(done, total), file=sys.stderr, flush=True)

    def _text(self, done: int, total: int) -> str:
        seconds = time.monotonic() - self._began
        filled = WIDTH * done // max(total, 1)
        speed = done / seconds if seconds > 0 else 0.0
        return f"{self._what} [{'#' * filled}{'.' * (WIDTH - filled)}] {done:,} of {total:,}, {speed:,.0f}/s"
