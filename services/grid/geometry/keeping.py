"""The net that a process works with: read when the first position comes, and anew when another net is in force."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from services.kernel.coordinates import Point

if TYPE_CHECKING:
    from services.grid.geometry.index import NetIndex


class NetSource(Protocol):
    """Where the net in force is kept."""

    def version(self) -> str:
        """What tells one net from another; empty when there is none."""

    def boundaries(self) -> Mapping[str, bytes]:
        """The polygon of every grid in force by its code: WKB in degrees, longitude first."""


class NetKeeper:
    """The net in force, as it was read last. For many threads."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._kept: tuple[str, NetIndex] | None = None

    def current(self, source: NetSource) -> NetIndex:
        """The net in force; one look at its version, and all of it only when that is new."""
        version, kept = source.version(), self._kept
        return kept[1] if kept and kept[0] == version else self._read(source, version)

    def _read(self, source: NetSource, version: str) -> NetIndex:
        # Shapely and numpy take 20 MB: not before a position is asked for.
        from services.grid.geometry.index import NetIndex

        with self._reading:
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, NetIndex(source.boundaries()))
            return self._kept[1]


class KeptNet:
    """The net as a use case asks it: looked up when it is needed. Is a `domain.places.Net`."""

    def __init__(self, keeper: NetKeeper, source: NetSource) -> None:
        self._keeper, self._source = keeper, source

    def nearest(self, point: Point, within_m: float, below: str = "") -> str | None:
        """As `domain.places.Net` says."""
        return self._keeper.current(self._source).nearest(point, within_m, below)
