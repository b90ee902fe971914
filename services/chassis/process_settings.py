"""What every service process is told by its environment."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from services.chassis.settings import Address, Secret, addresses, number, one_of, setting, whole


def _database_url(text: str) -> Secret:
    if not text.startswith("postgresql://"):
        raise ValueError("must begin with postgresql://")
    return Secret(text)


def _servers(text: str) -> str:
    if not addresses(text):
        raise ValueError("must be host:port[,host:port]")
    return text


def _collector(text: str) -> str:
    scheme, separator, address = text.partition("://")
    if scheme not in ("http", "https") or not separator:
        raise ValueError("must be http://host:port or https://host:port")
    Address.parse(address.rstrip("/"))
    return text


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChassisSettings:
    """What every service process needs."""

    database_url: Secret = setting(
        "DATABASE_URL_{SERVICE}",
        "PostgreSQL of this service, postgresql://role:password@host:port/database?sslmode=...",
        parse=_database_url,
    )
    kafka_servers: str = setting("KAFKA_BOOTSTRAP_SERVERS", "Kafka brokers, host:port, comma separated", parse=_servers)
    kafka_protocol: str = setting(
        "KAFKA_SECURITY_PROTOCOL",
        "SSL, or PLAINTEXT on a closed test network",
        default="SSL",
        parse=one_of("SSL", "PLAINTEXT"),
    )
    kafka_ca: Path | None = setting(
        "KAFKA_SSL_CAFILE", "PEM bundle of the roots that brokers are trusted by", default=None
    )
    kafka_cert: Path | None = setting(
        "KAFKA_SSL_CERTFILE", "PEM certificate of this service towards Kafka", default=None
    )
    kafka_key: Path | None = setting("KAFKA_SSL_KEYFILE", "PEM key of this service towards Kafka", default=None)
    tls_cert: Path = setting("EGOV_TLS_CERT", "PEM certificate chain of this service's TLS identity")
    tls_key: Path = setting("EGOV_TLS_KEY", "PEM key of this service's TLS identity")
    tls_trust: Path = setting("EGOV_TLS_TRUST", "PEM bundle of the roots that peers are trusted by")
    rpc_listen: Address = setting("EGOV_RPC_LISTEN", "host:port of the gRPC server")
    http_listen: Address | None = setting(
        "EGOV_HTTP_LISTEN", "host:port of the HTTP door, if the service has one", default=None
    )
    admin_listen: Address = setting("EGOV_ADMIN_LISTEN", "host:port of health, metrics and status")
    token_issuer: str = setting("EGOV_TOKEN_ISSUER", "issuer that access tokens must name")
    token_audience: str = setting("EGOV_TOKEN_AUDIENCE", "audience that access tokens must name", default="egov")
    collector: str = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTLP/gRPC endpoint for spans and failed calls; empty: none are sent",
        default="",
        parse=_collector,
    )
    trace_ratio: float = setting(
        "EGOV_TRACE_RATIO", "share of traces begun here that are recorded, 0 to 1", default=1.0, parse=number(0, 1)
    )
    metrics_seconds: float = setting(
        "EGOV_METRICS_SECONDS",
        "seconds between two exports of metrics to OTEL_EXPORTER_OTLP_ENDPOINT; 0: none are sent",
        default=0.0,
        parse=number(0, 3600),
    )
    threads: int = setting(
        "EGOV_THREADS",
        "threads that serve calls; more than cores x 3 costs throughput",
        default=6,
        parse=whole(1, 64),
    )
    calls_waiting: int = setting(
        "EGOV_CALLS_WAITING",
        "calls that may wait for a thread before others are refused",
        default=24,
        parse=whole(0, 10_000),
    )
    handler_seconds: float = setting(
        "EGOV_HANDLER_SECONDS",
        "seconds that the handler of one event may take; past them its process ends",
        default=30.0,
        parse=number(1, 100),
    )
    log_level: str = setting(
        "EGOV_LOG_LEVEL",
        "DEBUG, INFO, WARNING or ERROR",
        default="INFO",
        parse=one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    )
    drain_seconds: float = setting(
        "EGOV_DRAIN_SECONDS", "seconds that work in flight has to end at a stop", default=10.0, parse=number(0, 300)
    )

    def problems(self) -> list[str]:
        """What does not fit together, key by key."""
        if self.kafka_protocol != "SSL":
            return []
        needed = {"KAFKA_SSL_CAFILE": self.kafka_ca, "KAFKA_SSL_CERTFILE": self.kafka_cert}
        needed["KAFKA_SSL_KEYFILE"] = self.kafka_key
        return [f"{key} is missing (KAFKA_SECURITY_PROTOCOL is SSL)" for key, path in needed.items() if path is None]
