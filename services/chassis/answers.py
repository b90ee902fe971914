"""Answers of other services, kept for a while."""

from __future__ import annotations

import copy
import threading
import time
from collections import OrderedDict

from google.protobuf.message import Message

KEPT_ANSWERS = 20_000


class Answers:
    """Answers kept for a while, the longest unused given up first. Safe for use from many threads."""

    def __init__(self, most: int = KEPT_ANSWERS) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, bytes], tuple[float, Message]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, bytes], within_s: float) -> Message | None:
        """The answer, if one not older than `within_s` seconds is kept; a copy, so that it stays as it was given."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] > within_s:
                return None
            self._kept.move_to_end(key)
            return copy.deepcopy(kept[1])

    def put(self, key: tuple[str, bytes], answer: Message) -> None:
        """Keep an answer."""
        with self._lock:
            self._kept[key] = (time.monotonic(), copy.deepcopy(answer))
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
