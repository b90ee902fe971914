"""The catalogue's process: `python -m gateway.catalogue`, settings from the environment."""

from __future__ import annotations

import os
import signal
import sys
import threading

from gateway import contract as contracts
from gateway.catalogue.config import CatalogueSettings
from gateway.catalogue.model import Book
from gateway.catalogue.server import Catalogue
from services.chassis import logs
from services.chassis.settings import ConfigurationError, read


def main() -> int:
    """Serve until SIGTERM or SIGINT. Exit status 2 with one line for each bad key."""
    try:
        settings = read(CatalogueSettings, os.environ)
    except ConfigurationError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    logs.setup("catalogue", settings.log_level)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    catalogue = Catalogue(settings, Book.of(contracts.load()))
    catalogue.start()
    ended.wait()
    catalogue.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
