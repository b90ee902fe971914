"""Load a catalogue, from a moment on: `python -m services.grid.load_catalogue <folder> [--from MOMENT] [--dry-run]`.

The folder has the sheets that `services.grid.load` reads, too: `incident_types.csv`, `dispatch_rules.csv` and, if
there, `stages.csv` and `code_mappings.csv`. Working days, shifts and departments are those that are loaded. The same
sheets again change nothing.
"""

from __future__ import annotations

import sys

from services.grid import load_versions
from services.grid.store.catalogue import CatalogueStore
from services.grid.wire.catalogue_sheets import read_catalogue

CATALOGUE = load_versions.Loaded("load_catalogue", read_catalogue, CatalogueStore, counted=lambda _: "")


def main(arguments: list[str]) -> int:
    """Load the folder named; 1 when its sheets or the moment are not right, 2 when no database is named."""
    return load_versions.main(CATALOGUE, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
