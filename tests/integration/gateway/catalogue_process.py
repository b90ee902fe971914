"""The catalogue as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .stack import Stack, admin_page, environment, wait_until


@contextmanager
def catalogue(stack: Stack, ports: dict[str, int]) -> Iterator[None]:
    """Starts it on the ports, waits until it is ready, ends it."""
    identity = stack.identities["catalogue"]
    files = {"CERT": identity.cert, "KEY": identity.key, "TRUST": stack.root.file}
    listens = {f"EGOV_{name.upper()}_LISTEN": f"127.0.0.1:{port}" for name, port in ports.items()}
    extra = {f"EGOV_TLS_{name}": str(path) for name, path in files.items()} | listens
    errors = stack.folder / "catalogue.err"
    with errors.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.catalogue"], env={**environment(), **extra}, stderr=log
        )
        try:
            wait_until(lambda: process.poll() is not None or bool(admin_page(ports["admin"], "/readyz")))
            assert process.poll() is None, errors.read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
