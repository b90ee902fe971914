"""The catalogue's servers: reflection over gRPC, the site over HTTPS, health on the admin port."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from gateway.catalogue.config import CatalogueSettings
from gateway.catalogue.model import Book
from gateway.catalogue.reflection import Reflection
from gateway.catalogue.web import CatalogueSite
from services.chassis import metrics
from services.chassis.admin import AdminServer
from services.chassis.tls import TlsIdentity

# Each stream of reflection holds a thread; what does not fit is refused, never queued.
_STREAMS, _HTTP_THREADS = 8, 4


class Catalogue:
    """Everything that the process serves."""

    def __init__(self, settings: CatalogueSettings, book: Book) -> None:
        identity = self._identity = TlsIdentity(settings.tls_cert, settings.tls_key, settings.tls_trust)
        self._rpc = grpc.server(ThreadPoolExecutor(_STREAMS, "reflection"), maximum_concurrent_rpcs=_STREAMS)
        self._rpc.add_generic_rpc_handlers((Reflection(book),))
        if self._rpc.add_secure_port(str(settings.rpc_listen), identity.server_credentials()) == 0:
            raise OSError(f"EGOV_RPC_LISTEN {settings.rpc_listen} is taken")
        self._http = wsgi.Server(
            (settings.http_listen.host, settings.http_listen.port),
            CatalogueSite(book),
            numthreads=_HTTP_THREADS,
            max=_HTTP_THREADS,
            timeout=60,
        )
        adapter = BuiltinSSLAdapter(str(identity.cert), str(identity.key))
        adapter.context = identity.http_server_context()
        self._http.ssl_adapter = adapter
        self._ready = False
        self._admin = AdminServer(
            str(settings.admin_listen), lambda: True, lambda: (self._ready, {}), lambda: '{"service":"catalogue"}'
        )

    def start(self) -> None:
        """Listen on all three. Raises OSError for a taken port."""
        metrics.tls_expiry(self._identity.expires_at())
        self._admin.start()
        self._http.prepare()
        threading.Thread(target=self._http.serve, name="site", daemon=True).start()
        self._rpc.start()
        self._ready = True

    def stop(self) -> None:
        """Not ready, then let answers in flight end."""
        self._ready = False
        self._rpc.stop(2).wait()
        self._http.stop()
        self._admin.stop()
