"""Settings of the catalogue, read from the environment."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from services.chassis.settings import Address, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class CatalogueSettings:
    """Where it listens and who it is to the gateway."""

    tls_cert: Path = setting("EGOV_TLS_CERT", "PEM certificate chain of the catalogue's TLS identity")
    tls_key: Path = setting("EGOV_TLS_KEY", "PEM key of the catalogue's TLS identity")
    tls_trust: Path = setting("EGOV_TLS_TRUST", "PEM bundle of the roots that the gateway is trusted by")
    rpc_listen: Address = setting("EGOV_RPC_LISTEN", "host:port of gRPC reflection")
    http_listen: Address = setting("EGOV_HTTP_LISTEN", "host:port of the pages and of openapi.json")
    admin_listen: Address = setting("EGOV_ADMIN_LISTEN", "host:port of health and metrics")
    log_level: str = setting("EGOV_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", default="INFO")
