"""Two changes to one certificate at once: the second waits, and goes on from what the first made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import Holder, HolderKind
from services.certificates.domain.states import Reason, Status
from services.certificates.store.certificates import CertificateStore
from services.kernel.ids import uuid7
from tests.integration.conftest import Engine
from tests.unit.certificates.samples import FOOD, case_number, certificate
from tests.unit.fakes import NOW

WITHIN_S = 10.0
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)

Reading = Callable[[CertificateStore], Certificate]


def issued(engine: sa.Engine) -> Certificate:
    made = certificate(holder=Holder(HolderKind.ENTERPRISE, str(uuid7())))
    with engine.begin() as connection:
        CertificateStore(connection).add(made)
    return made


def used_after(engine: sa.Engine, read: Reading) -> Certificate:
    """Read with a lock and use it, in a transaction of its own."""
    with engine.begin() as connection:
        store = CertificateStore(connection)
        after = read(store).use(now=NOW)
        store.save(after)
        return after


def until_one_waits(engine: sa.Engine) -> None:
    end = time.monotonic() + WITHIN_S
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(WAITING).scalar_one():
            assert time.monotonic() < end, "nobody waits for the lock"


def after_a_renewal(engine: sa.Engine, read: Reading, made: Certificate) -> Certificate:
    """What a use becomes that began while a renewal was not committed yet."""
    with ThreadPoolExecutor(1) as thread, engine.begin() as first:
        store = CertificateStore(first)
        store.save(store.load_to_change(made.id, "3711").renew(FOOD, None, now=NOW))
        second = thread.submit(used_after, engine, read)
        until_one_waits(engine)
        first.commit()
        return second.result(WITHIN_S)


def test_a_use_waits_for_a_renewal_and_uses_the_new_version(engine_of: Engine) -> None:
    engine = engine_of("certificates")
    made = issued(engine)
    after = after_a_renewal(engine, lambda store: store.load_to_change(made.id, "3711"), made)
    assert (after.version, len(after.editions), len(after.history)) == (3, 2, 2)
    with engine.connect() as connection:
        assert CertificateStore(connection).load(made.id, "3711") == after


def test_what_a_holder_has_is_read_after_the_lock(engine_of: Engine) -> None:
    engine = engine_of("certificates")
    made = issued(engine)
    after = after_a_renewal(engine, lambda store: store.held_to_change(made.holder, FOOD.code, "3711")[0], made)
    assert (after.version, len(after.editions)) == (3, 2)


def test_what_was_lifted_while_it_waited_is_no_longer_found(engine_of: Engine) -> None:
    engine, case = engine_of("certificates"), case_number()
    made = issued(engine)
    with engine.begin() as connection:
        CertificateStore(connection).save(made.suspend(case, Reason.GRAVE_FINDING, now=NOW))

    def found() -> list[Certificate]:
        with engine.begin() as connection:
            return CertificateStore(connection).suspended_to_change(case)

    with ThreadPoolExecutor(1) as thread, engine.begin() as first:
        store = CertificateStore(first)
        [held] = store.suspended_to_change(case)
        store.save(held.lift(case, Reason.RECTIFIED, now=NOW))
        second = thread.submit(found)
        until_one_waits(engine)
        first.commit()
        assert second.result(WITHIN_S) == []
    with engine.connect() as connection:
        assert CertificateStore(connection).load(made.id, "3711").status(NOW) is Status.VALID
