"""Rivals as processes, and the collector that all spans go to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import grpc
from grpc_tools import protoc

from deploy.local.children import Child, listens, wait_until
from protos.build import include_folders
from tests.bench.measure import TRACED
from tests.bench.rivals.environments import NotRun, python_of
from tests.integration.chassis.harness import World
from tests.integration.chassis.permits import python_path
from tests.integration.chassis.servers import SERVICE

THREADS = 6
"""Threads of the chassis's server and of the bare one; connections to PostgreSQL of every rival."""
READY_S = 60.0
EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService"


class Server(NamedTuple):
    """A server that runs: where it listens, and its process."""

    address: str
    pid: int


@contextmanager
def collector(world: World) -> Iterator[str]:
    """A collector that takes spans and keeps none, in this process; its address."""
    take: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda request, context: b"")
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(EXPORT, {"Export": take}),))
    address = world.servers.ports.address("collector")
    server.add_insecure_port(address)
    server.start()
    yield f"http://{address}"
    server.stop(None).wait()


@contextmanager
def chassis(world: World, spans_to: str, ratio: float = TRACED) -> Iterator[Server]:
    """The service of the chassis's README, with everything that it has, in a process of its own."""
    own = World(world.servers, world.permits)
    own.rpc = world.servers.ports.address(f"permits-rpc-{ratio}")
    own.admin = world.servers.ports.address(f"permits-admin-{ratio}")
    started = own.process(
        "rpc",
        EGOV_THREADS=str(THREADS),
        EGOV_TRACE_RATIO=str(ratio),
        OTEL_EXPORTER_OTLP_ENDPOINT=spans_to,
        # A check that tests want, and production does not.
        EGOV_STRICT_TELEMETRY="",
    )
    with started as child:
        assert child.pid is not None
        yield Server(own.rpc, child.pid)
    own.close()


@contextmanager
def bare(world: World) -> Iterator[Server]:
    """Bare grpcio and psycopg."""
    with _rival(world, "bare", Path(sys.executable)) as server:
        yield server


@contextmanager
def fastapi(world: World, spans_to: str) -> Iterator[Server]:
    """FastAPI, SQLAlchemy's asynchronous ORM and OpenTelemetry."""
    more = {"BENCH_TRACE_RATIO": str(TRACED), "BENCH_COLLECTOR": spans_to}
    with _rival(world, "fastapi_app", python_of("bench", "venv"), **more) as server:
        yield server


@contextmanager
def nameko_grpc(world: World) -> Iterator[Server]:
    """nameko's own gRPC server."""
    folder = world.permits.folder
    includes = [f"-I{path}" for path in (folder / "protos", *include_folders())]
    file = "egov/permits/v1/permits_service.proto"
    assert protoc.main(["protoc", *includes, f"--grpc_python_out={folder}", file]) == 0
    with _rival(world, "nameko_service", python_of("bench-nameko", "venv-nameko")) as server:
        yield server


@contextmanager
def _rival(world: World, module: str, python: Path, **more: str) -> Iterator[Server]:
    """Raises NotRun, with its last words, when it does not begin to listen."""
    servers = world.servers
    address, files = servers.ports.address(module), servers.identities.workload(SERVICE)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": python_path(world.permits.folder),
        "BENCH_LISTEN": address,
        "BENCH_THREADS": str(THREADS),
        "BENCH_DATABASE": servers.postgres.url(SERVICE, SERVICE),
        "BENCH_TLS_CERT": str(files.cert),
        "BENCH_TLS_KEY": str(files.key),
        "BENCH_TLS_TRUST": str(files.trust),
        **more,
    }
    command = [str(python), "-m", f"tests.bench.rivals.{module}"]
    child = Child(command, env=environment, log=servers.folder / f"{module}.log", cwd=world.permits.folder)
    child.start()
    try:
        if not wait_until(lambda: listens(address) or not child.alive(), READY_S) or child.pid is None:
            raise NotRun(f"it does not start: {' '.join(child.last_lines()[-1:])}")
        yield Server(address, child.pid)
    finally:
        child.stop(5)
