"""The one main: `python -m services.chassis.run grid [--only rpc,events,jobs,timers,http]`.

Reads the settings, makes the runtime, starts the container and the admin port, and waits for SIGTERM. Then: not ready,
calls in flight to their end, the event in hand finished, closed. What is in the outbox is safe.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import inspect
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from google.protobuf.json_format import MessageToJson
from sqlalchemy.pool import QueuePool

from services.chassis import failures, logs, metrics, telemetry
from services.chassis.admin import AdminServer
from services.chassis.client import GrpcClientProvider, target_of
from services.chassis.consumers import Consumers
from services.chassis.container import Container
from services.chassis.contract import ContractError
from services.chassis.database import create_engine
from services.chassis.entrypoints import Http
from services.chassis.metrics_export import MetricsExport
from services.chassis.operations import queues_of, status_of
from services.chassis.packages import package_of
from services.chassis.process_settings import ChassisSettings
from services.chassis.runtime import PARTS, Runtime
from services.chassis.settings import ConfigurationError, read_all
from services.chassis.tls import TlsIdentity
from services.kernel.clock import SystemClock

log = logging.getLogger(__name__)

# Beside the threads that serve calls: consumers, resumer, relay, jobs, timers, audit, admin.
BACKGROUND_CONNECTIONS = 10
STATUS_EVERY_S = 5.0


def service_class(name: str) -> Any:
    """The class of that name in its package's `service`. Raises ContractError when there is none."""
    module = importlib.import_module(f"{package_of(name)}.service")
    for found in vars(module).values():
        if isinstance(found, type) and getattr(found, "name", None) == name:
            return found
    raise ContractError(f"{module.__name__} has no class with name = {name!r}")


def make_runtime(name: str, parts: frozenset[str], environment: Mapping[str, str]) -> tuple[Any, Runtime]:
    """Service class and runtime from the environment. Raises ConfigurationError with every bad key."""
    service_cls = service_class(name)
    own = getattr(service_cls, "settings", None)
    kinds = (ChassisSettings, own) if own else (ChassisSettings,)
    settings, *more = read_all(
        kinds, environment, service=name, known_problems=_door_problems(service_cls, environment)
    )
    engine = create_engine(
        settings.database_url.reveal(), application=name, pool_size=settings.threads + BACKGROUND_CONNECTIONS
    )
    runtime = Runtime(
        service=name,
        settings=settings,
        service_settings=more[0] if more else None,
        environment=dict(environment),
        engine=engine,
        clock=SystemClock(),
        tls=TlsIdentity(settings.tls_cert, settings.tls_key, settings.tls_trust),
        parts=parts,
    )
    return service_cls, runtime


def _door_problems(service_cls: Any, environment: Mapping[str, str]) -> list[str]:
    """What is missing of the addresses that this class needs: of the services it reads from, and of its HTTP door."""
    members = [member for _, member in inspect.getmembers(service_cls)]
    peers = {member.service for member in members if isinstance(member, GrpcClientProvider)}
    if not hasattr(service_cls, "key_source"):
        peers.add("identity")
    problems: list[str] = []
    for peer in sorted(peers):
        try:
            target_of(peer, environment)
        except ConfigurationError as error:
            problems += error.problems
    entrypoints = [each for member in members for each in getattr(member, "nameko_entrypoints", ())]
    if any(isinstance(each, Http) for each in entrypoints) and not environment.get("EGOV_HTTP_LISTEN"):
        problems.append("EGOV_HTTP_LISTEN is missing (this service has an HTTP door)")
    return problems


class Process:
    """One running service: container and admin port."""

    def __init__(self, service_cls: Any, runtime: Runtime) -> None:
        self._runtime = runtime
        self._container = Container(service_cls, runtime)
        self._admin = AdminServer(str(runtime.settings.admin_listen), lambda: True, self._readiness, self._status)
        self._observer = threading.Thread(target=self._observe, name="observer", daemon=True)

    def start(self) -> None:
        """Start everything; ready when it returns."""
        self._admin.start()
        self._tell()
        self._container.start()
        self._observer.start()
        # What was loaded by now lives as long as the process: no need to look at it in every collection.
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Stop in order."""
        self._runtime.stopping.set()
        self._container.stop()
        self._admin.stop()
        self._runtime.engine.dispose()

    def _readiness(self) -> tuple[bool, dict[str, Any]]:
        """Started, not stopping, own database answers. Broker and lag are metrics: the outbox rides them out."""
        if not self._serves():
            return False, {"reason": "STOPPING" if self._runtime.stopping.is_set() else "STARTING"}
        with self._runtime.looking.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        return True, {}

    def _serves(self) -> bool:
        return self._container.started and not self._runtime.stopping.is_set()

    def _status(self) -> str:
        consumers: Consumers | None = self._container.shared_extensions.get(Consumers)
        with self._runtime.looking.connect() as connection:
            status = status_of(connection, consumers.lags() if consumers else {})
        return MessageToJson(status, always_print_fields_with_no_presence=True)

    def _tell(self) -> None:
        """What metrics ask for themselves, whenever somebody looks."""
        pool = cast(QueuePool, self._runtime.engine.pool)
        metrics.pool(pool.checkedout, pool.size())
        metrics.restored(self._runtime.restored.is_set)
        metrics.tls_expiry(self._runtime.tls.expires_at())
        metrics.ready(False)

    def _observe(self) -> None:
        self.measure()
        while not self._runtime.stopping.wait(STATUS_EVERY_S):
            self.measure()

    def measure(self) -> None:
        """Put readiness and the depth of the queues into metrics; of these what it was, while the database is away."""
        try:
            with self._runtime.looking.connect() as connection:
                queues, parked = queues_of(connection)
        except sa.exc.SQLAlchemyError:
            metrics.ready(False)
            return
        metrics.ready(self._serves())
        metrics.outbox(queues["outbox_depth"], queues["outbox_age_ms"] / 1000)
        metrics.jobs("PENDING", queues["jobs_pending"])
        metrics.jobs("FAILED", queues["jobs_failed"])
        for consumer, events in parked.items():
            metrics.parked(consumer, events)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until asked to stop. 2 when the configuration or the contract is wrong, with every problem named."""
    parser = argparse.ArgumentParser(prog="services.chassis.run", description=__doc__.splitlines()[0])
    parser.add_argument("service")
    parser.add_argument("--only", default="", help=f"comma separated, of {', '.join(sorted(PARTS))}")
    given = parser.parse_args(arguments)
    parts = frozenset(filter(None, given.only.split(","))) or PARTS
    if not parts <= PARTS:
        parser.error(f"--only takes {', '.join(sorted(PARTS))}")
    try:
        service_cls, runtime = make_runtime(given.service, parts, os.environ)
    except (ConfigurationError, ContractError, ModuleNotFoundError) as error:
        print(f"{given.service}: {error}", file=sys.stderr)
        return 2
    return serve(service_cls, runtime)


def serve(service_cls: Any, runtime: Runtime) -> int:
    """Start, wait for SIGTERM or SIGINT, stop."""
    settings = runtime.settings
    logs.setup(runtime.service, settings.log_level)
    telemetry.setup(runtime.service, "1", settings.trace_ratio, settings.collector or None)
    failures.setup(runtime.service, "1", settings.collector or None)
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    process: Process | None = None
    exporting = _exporting(runtime)
    try:
        process = Process(service_cls, runtime)
        process.start()
        logs.event(log, logging.INFO, "ready", address=str(settings.rpc_listen))
        asked_to_stop.wait()
        return 0
    except (ContractError, ConfigurationError, RuntimeError, OSError) as error:
        logs.event(log, logging.ERROR, "did not start", exc_info=True, reason=telemetry.failure(error))
        print(f"{runtime.service}: {error}", file=sys.stderr)
        return 2
    finally:
        if process is not None:
            process.stop()
        if exporting is not None:
            exporting.stop()
        logs.event(log, logging.INFO, "stopped")
        telemetry.shutdown()
        failures.shutdown()


def _exporting(runtime: Runtime) -> MetricsExport | None:
    """The export of metrics, begun; None when it is not asked for."""
    settings = runtime.settings
    if not settings.collector or not settings.metrics_seconds:
        return None
    exporting = MetricsExport(runtime.service, settings.collector, settings.metrics_seconds)
    exporting.start()
    return exporting


if __name__ == "__main__":
    sys.exit(main())
