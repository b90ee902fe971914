"""Passing on what was taken, as it came: to the case trace, which keeps it where it can be searched.

Nothing waits for it: what cannot be handed over at once, or is not taken, is lost there, and stays in the files.
"""

import threading
from collections.abc import Callable
from typing import Any

import grpc

_TOGETHER = 32
_WITHIN_S = 5.0


class Forwarder:
    """Sends requests to an OTLP receiver on this machine, `host:port`, up to 32 at a time."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target, [("grpc.max_reconnect_backoff_ms", 2000)])
        self._room = threading.BoundedSemaphore(_TOGETHER)
        self._exports: dict[str, Callable[..., Any]] = {}

    def __call__(self, service: str, raw: bytes) -> None:
        """Hand a request of that OTLP service over, if there is room."""
        if not self._room.acquire(blocking=False):
            return
        export = self._exports.get(service) or self._exports.setdefault(
            service, self._channel.unary_unary(f"/{service}/Export").future
        )
        export(raw, timeout=_WITHIN_S).add_done_callback(lambda _: self._room.release())

    def close(self) -> None:
        """Give the connection up."""
        self._channel.close()
