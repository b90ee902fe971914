"""Load routing rules, from a moment on: `python -m services.grid.load_routing <folder> [--from MOMENT] [--dry-run]`.

The folder has `routing_rules.csv` and, if there, `capacities.csv`. Working days, shifts and departments are those that
are loaded. The same sheets again change nothing.
"""

from __future__ import annotations

import sys

from services.grid import load_versions
from services.grid.store.routing import RoutingStore
from services.grid.wire.routing_sheets import read_routing

ROUTING = load_versions.Loaded(
    "load_routing", read_routing, RoutingStore, counted=lambda said: f"{len(said.rules)} routing rules "
)


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets or the moment are not right, 2 when no database is named."""
    return load_versions.main(ROUTING, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
