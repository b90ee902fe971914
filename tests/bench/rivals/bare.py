"""The same two methods by hand: bare grpcio, psycopg and nothing else. It asks nobody who they are."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import psycopg

from tests.bench.rivals import statements
from tests.bench.rivals.statements import SERVICE, Row, pb

OPTIONS = (("grpc.so_reuseport", 0),)


class Database(threading.local):
    """Two connections of each thread: one that commits every statement, one that waits to be told."""

    def __init__(self, url: str) -> None:
        self.reading = psycopg.connect(url, autocommit=True, prepare_threshold=2)
        self.writing = psycopg.connect(url, prepare_threshold=2)


class Permits:
    """The methods."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def get(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read one."""
        connection = self._database.reading
        return statements.read(lambda query, values: connection.execute(query.encode(), values).fetchone(), request)

    def grant(self, request: Any, context: grpc.ServicerContext) -> bytes:
        """Grant one."""
        key = next(str(value) for name, value in context.invocation_metadata() or () if name == "idempotency-key")
        connection = self._database.writing

        def run(query: str, values: Any) -> Row:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchone() if cursor.description else None

        try:
            answer = statements.grant(run, request, key)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        return answer


def handlers(permits: Permits) -> grpc.GenericRpcHandler:
    """The methods by name."""
    get, grant = pb.GetPermitRequest, pb.GrantPermitRequest
    methods = {
        "GetPermit": grpc.unary_unary_rpc_method_handler(
            permits.get, get.FromString, pb.GetPermitResponse.SerializeToString
        ),
        "GrantPermit": grpc.unary_unary_rpc_method_handler(permits.grant, grant.FromString),
    }
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def main() -> None:
    """Serve until ended."""
    settings = os.environ
    cert, key, trust = (Path(settings[f"BENCH_TLS_{name}"]).read_bytes() for name in ("CERT", "KEY", "TRUST"))
    credentials = grpc.ssl_server_credentials([(key, cert)], trust, require_client_auth=True)
    server = grpc.server(ThreadPoolExecutor(int(settings["BENCH_THREADS"])), options=OPTIONS)
    server.add_generic_rpc_handlers((handlers(Permits(settings["BENCH_DATABASE"])),))
    server.add_secure_port(settings["BENCH_LISTEN"], credentials)
    server.start()
    # As the chassis does: what was loaded by now lives as long as the process.
    gc.collect()
    gc.freeze()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
