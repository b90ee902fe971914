"""TLS identities are renewed under load, with two roots trusted in between: a retry saves every call."""

from __future__ import annotations

import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from deploy.local.client import Gateway
from deploy.local.people import People
from deploy.local.renew import renew
from deploy.local.stack import Stack
from tests.conftest import RUN, environment
from tests.e2e.city import report
from tests.waiting import wait_for

PARTS = ("postgres", "kafka", "collector", "identity", "grid", "gateway")
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def small() -> Iterator[Stack]:
    """What reports need, and nothing that other tests hold connections to: the shared stack keeps its root."""
    folder = Path(tempfile.mkdtemp(prefix="egov-renewal-"))
    folder.chmod(0o755)
    running = Stack(folder / "run", cache=RUN / "cache", only=PARTS, environment=environment())
    try:
        with running:
            yield running
    finally:
        running.forget()
        shutil.rmtree(folder, ignore_errors=True)


class Load:
    """Citizens who report, one after the other, each with a new connection and the bundle as it is by then."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._over = stack, threading.Event()
        self.case_numbers: list[str] = []
        self.faults: list[Exception] = []
        self._caller = threading.Thread(target=self._call)

    def __enter__(self) -> Load:
        self._caller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._caller.join()

    def _call(self) -> None:
        where = self._stack.where()
        while not self._over.is_set():
            gateway = Gateway(where.gateway, where.trust, patience_s=PATIENCE_S)
            try:
                citizens = People(gateway, where).citizens
                filed = gateway.post("/v1/incidents", {"report": report()}, door=citizens)
                self.case_numbers.append(filed.case_number)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the test shows it
                self.faults.append(fault)
            finally:
                gateway.close()


def shown(stack: Stack, address: str) -> x509.Certificate:
    """The certificate that is shown at an address now."""
    where = urlsplit(f"//{address}")
    pem = ssl.get_server_certificate((where.hostname or "", where.port or 0), timeout=10)
    return x509.load_pem_x509_certificate(pem.encode())


@pytest.mark.timeout(600)
def test_identities_are_renewed_while_calls_go_on(small: Stack) -> None:
    (old,) = x509.load_pem_x509_certificates(small.identities.trust.read_bytes())
    doors = [urlsplit(small.addresses()["gateway"]).netloc, small.addresses()["kafka"]]
    for door in doors:
        shown(small, door).verify_directly_issued_by(old)
    with Load(small) as load:
        wait_for("the load", lambda: len(load.case_numbers) >= 3)
        renew(small, lambda text: None)
        so_far = len(load.case_numbers)
        wait_for("reports afterwards", lambda: len(load.case_numbers) >= so_far + 3, within_s=PATIENCE_S)
    assert load.faults == []
    (new,) = x509.load_pem_x509_certificates(small.identities.trust.read_bytes())
    assert new != old
    for door in doors:
        shown(small, door).verify_directly_issued_by(new)
    # What was acknowledged is there once, and its event left for Kafka over the new connections.
    with small.database("grid") as grid:
        filed = grid.execute("SELECT case_number FROM incident").fetchall()
        assert sorted(row[0] for row in filed) == sorted(load.case_numbers)
        wait_for("an empty outbox", lambda: grid.execute("SELECT count(*) FROM chassis.outbox").fetchone() == (0,))
