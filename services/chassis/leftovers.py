"""What a kafka-python client that was given up leaves behind.

A connection that was still being made when its client was closed, or that failed, is part of a circle: its error holds
the frames that made it, and they hold the socket. So sockets, and with them memory, stay until a full collection, which
a process that has little to do may not see for a long while. A process that tries to reach Kafka for five minutes makes
some hundred clients.
"""

from __future__ import annotations

import gc


def sweep() -> None:
    """Free it now. Takes some milliseconds: what lives as long as the process is not looked at (see `run`)."""
    gc.collect()
