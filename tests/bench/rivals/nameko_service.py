"""The same two methods behind nameko's own gRPC server, on green threads; the statements by hand over psycopg2."""

from __future__ import annotations

# Before anything else is imported, as nameko's own command does it.
import eventlet

eventlet.monkey_patch()

import os  # noqa: E402

import psycopg2  # noqa: E402
import psycopg2.extras  # noqa: E402
from egov.permits.v1.permits_service_pb2_grpc import PermitsServiceStub  # noqa: E402
from eventlet.queue import LightQueue  # noqa: E402
from google.protobuf import message_factory  # noqa: E402
from nameko import config  # noqa: E402
from nameko.extensions import DependencyProvider  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko_grpc.entrypoint import Grpc  # noqa: E402
from nameko_grpc.inspection import Inspector  # noqa: E402

from tests.bench.rivals import statements  # noqa: E402
from tests.bench.rivals.statements import pb  # noqa: E402

grpc = Grpc.implementing(PermitsServiceStub)


class Pool(DependencyProvider):
    """A connection of its own for each worker, out of a few."""

    def setup(self):
        self._idle = LightQueue()
        for _ in range(int(os.environ["BENCH_THREADS"])):
            self._idle.put(psycopg2.connect(os.environ["BENCH_DATABASE"]))

    def get_dependency(self, worker_ctx):
        worker_ctx.data_of_pool = self._idle.get()
        return worker_ctx.data_of_pool

    def worker_teardown(self, worker_ctx):
        self._idle.put(worker_ctx.data_of_pool)


class PermitsService:
    """The methods."""

    name = "permits"
    connection = Pool()

    @grpc
    def GetPermit(self, request, context):
        """Read one."""
        self.connection.autocommit = True
        return statements.read(self._run, request)

    @grpc
    def GrantPermit(self, request, context):
        """Grant one."""
        self.connection.autocommit = False
        key = next(value for name, value in context.invocation_metadata() if name == "idempotency-key")
        with self.connection:
            return pb.GrantPermitResponse.FromString(statements.grant(self._run, request, key))

    def _run(self, query, values):
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchone() if cursor.description else None


def symbol(inspector, name):
    """The class of a message; the inspector's own way of asking is gone from protobuf."""
    found = inspector.service_descriptor.file.pool.FindMessageTypeByName(name)
    return message_factory.GetMessageClass(found)


def main() -> None:
    """Serve until ended."""
    settings = os.environ
    Inspector.get_symbol = symbol
    psycopg2.extras.register_uuid()
    host, _, port = settings["BENCH_LISTEN"].rpartition(":")
    identity = {"certfile": settings["BENCH_TLS_CERT"], "keyfile": settings["BENCH_TLS_KEY"]}
    config.setup(
        {
            "GRPC_BIND_HOST": host,
            "GRPC_BIND_PORT": int(port),
            "GRPC_SSL": {"cert_chain": identity},
            "max_workers": int(settings["BENCH_THREADS"]),
        }
    )
    runner = ServiceRunner()
    runner.add_service(PermitsService)
    runner.start()
    runner.wait()


if __name__ == "__main__":
    main()
