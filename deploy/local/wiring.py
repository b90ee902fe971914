"""What each part is told: addresses, TLS identities, passwords, as environment variables and settings.

What the environment already names as an existing server (KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL_<SERVICE>,
OTEL_EXPORTER_OTLP_ENDPOINT, SMTP_URL) is used as it is; nothing is started in its place.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from deploy.local import parts, pki
from deploy.local.errors import StackError
from deploy.local.places import ROOT, Places
from deploy.local.ports import LOOPBACK, Ports

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
KAFKA_KEYS = (
    "KAFKA_BOOTSTRAP_SERVERS",
    "KAFKA_SECURITY_PROTOCOL",
    "KAFKA_SSL_CAFILE",
    "KAFKA_SSL_CERTFILE",
    "KAFKA_SSL_KEYFILE",
)
COLLECTOR_KEY = "OTEL_EXPORTER_OTLP_ENDPOINT"
METRICS_KEY, METRICS_SECONDS = "EGOV_METRICS_SECONDS", "15"
# What the sample members may ask of the gateway, calls per second: demo and replay run through it.
SAMPLE_RATE = {"per_second": 2000, "burst": 4000}
CONSOLE_MEMBER = "rizhao-ops"
SAMPLE_MEMBERS = ("rizhao-ssp", "rizhao-office", "rizhao-ops")


class Databases(Protocol):
    """Says where a database is."""

    def url(self, role: str, database: str) -> str:
        """postgresql://role:password@host:port/database?..."""
        ...


class Wiring:
    """The settings of every part of one stack."""

    def __init__(
        self,
        places: Places,
        ports: Ports,
        identities: pki.DevelopmentPki,
        databases: Databases | None,
        *,
        host: str,
        listen: str,
        environment: Mapping[str, str],
        replicas: Collection[str] = (),
    ) -> None:
        self._places = places
        self._ports = ports
        self._identities = identities
        self._databases = databases
        self._host = host or LOOPBACK
        self._listen = listen
        self._environment = environment
        self._replicas = replicas

    @property
    def gateway_url(self) -> str:
        """Base address of the gateway, as clients write it; also the issuer of tokens."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"https://{host}:{self._ports['gateway']}"

    def base(self) -> dict[str, str]:
        """What every Python part gets: little of the caller's environment, and EGOV_* settings."""
        passed = {key: self._environment[key] for key in PASSED_ON if key in self._environment}
        own = {key: value for key, value in self._environment.items() if key.startswith("EGOV_")}
        # Two arenas instead of eight per core: many threads allocate little.
        paths = os.pathsep.join([str(ROOT), str(ROOT / "protos" / "gen" / "python")])
        return {**passed, **own, "PYTHONPATH": paths, "MALLOC_ARENA_MAX": "2"}

    def service(self, service: parts.Service, part: str) -> dict[str, str]:
        """Everything that a service's process reads, which is this part."""
        name = service.name
        return {
            **self.base(),
            **self.tls(name),
            **self.listens(part),
            **self.kafka(name),
            **{f"EGOV_ADDRESS_{peer.upper()}": self.addresses(peer, "rpc") for peer in parts.names()},
            f"DATABASE_URL_{name.upper()}": self.database(name),
            COLLECTOR_KEY: self.collector(),
            **self._metrics(),
            "EGOV_TOKEN_ISSUER": self.gateway_url,
            "EGOV_TOKEN_AUDIENCE": "egov",
            **self._extras(*service.settings, *(service.first if part == name else ())),
        }

    def owner(self, service: parts.Service) -> dict[str, str]:
        """What migrations and loaders read."""
        name = service.name
        owner_key = f"DATABASE_URL_{name.upper()}_OWNER"
        return {**self.base(), **self._extras(*service.settings), owner_key: self.database(name, owner=True)}

    def listens(self, name: str) -> dict[str, str]:
        """Where a part with the three usual doors listens."""
        return {f"EGOV_{door.upper()}_LISTEN": self._ports.address(f"{name}-{door}") for door in parts.DOORS}

    def addresses(self, service: str, door: str) -> str:
        """Where the processes of a service have this door: host:port[,host:port]."""
        processes = [service, parts.replica_of(service)] if service in self._replicas else [service]
        return ",".join(self._ports.address(f"{process}-{door}") for process in processes)

    def tls(self, name: str) -> dict[str, str]:
        """The TLS identity of a part."""
        files = self._identities.workload(name)
        return {"EGOV_TLS_CERT": str(files.cert), "EGOV_TLS_KEY": str(files.key), "EGOV_TLS_TRUST": str(files.trust)}

    def kafka(self, name: str) -> dict[str, str]:
        """Where Kafka is, and the identity of `name` towards it; of an existing cluster what the environment says."""
        if self._environment.get("KAFKA_BOOTSTRAP_SERVERS"):
            return {key: self._environment[key] for key in KAFKA_KEYS if key in self._environment}
        files = self._identities.workload(name)
        values = (self._ports.address("kafka"), "SSL", str(files.trust), str(files.cert), str(files.key))
        return dict(zip(KAFKA_KEYS, values, strict=True))

    def database(self, service: str, owner: bool = False) -> str:
        """Where the database of `service` is, for the service or for its owner."""
        key = f"DATABASE_URL_{service.upper()}"
        existing = self._environment.get(key, "")
        if existing:
            return self._environment.get(f"{key}_OWNER", existing) if owner else existing
        if self._databases is None:
            raise StackError(f"{service} has no database: PostgreSQL is not started here and {key} is not set")
        return self._databases.url(f"{service}_owner" if owner else service, service)

    def _otlp(self) -> str:
        """Where the case trace takes spans, failed calls and metrics."""
        return self._ports.address("casetrace-otlp")

    def collector(self) -> str:
        """Where spans go."""
        return self._environment.get(COLLECTOR_KEY) or f"http://{self._ports.address('collector')}"

    def _metrics(self) -> dict[str, str]:
        """How often services send metrics to our own collector, which passes them on to the case trace."""
        if self._environment.get(COLLECTOR_KEY):
            return {}
        return {METRICS_KEY: self._environment.get(METRICS_KEY) or METRICS_SECONDS}

    def collector_part(self) -> dict[str, str]:
        """What the embedded collector reads."""
        return {
            **self.base(),
            "EGOV_COLLECTOR_LISTEN": self._ports.address("collector"),
            "EGOV_ADMIN_LISTEN": self._ports.address("collector-admin"),
            "EGOV_TELEMETRY_FOLDER": str(self._places.folder("telemetry")),
            "EGOV_COLLECTOR_FORWARD": self._otlp(),
        }

    def catalogue(self) -> dict[str, str]:
        """What the catalogue reads."""
        return {**self.base(), **self.tls("catalogue"), **self.listens("catalogue")}

    def gateway(self) -> dict[str, Any]:
        """The gateway's settings, as `gateway.render` reads them."""
        outward, inward = self._identities.outward(), self._identities.workload("gateway")
        port = self._ports["gateway"]
        return {
            "listen": f"[{self._listen}]:{port}" if ":" in self._listen else f"{self._listen}:{port}",
            "admin": self._ports.address("gateway-admin"),
            "tls_cert": str(outward.cert),
            "tls_key": str(outward.key),
            "upstream_cert": str(inward.cert),
            "upstream_key": str(inward.key),
            "upstream_trust": str(inward.trust),
            "members_trust": str(self._identities.members_trust),
            "services": {name: self.addresses(name, "rpc") for name in parts.names()},
            "identity_http": self.addresses("identity", "http"),
            "casetrace_http": self.addresses("casetrace", "http"),
            "catalogue_rpc": self._ports.address("catalogue-rpc"),
            "catalogue_http": self._ports.address("catalogue-http"),
            "collector": _host_port(self.collector()),
            "issuer": self.gateway_url,
            "cors_origins": [origin for origin in self._environment.get("EGOV_CORS_ORIGINS", "").split(",") if origin],
            "trace_ratio": float(self._environment.get("EGOV_TRACE_RATIO", "1")),
            "rate_clients": dict.fromkeys(SAMPLE_MEMBERS, SAMPLE_RATE),
        }

    def _extras(self, *names: str) -> dict[str, str]:
        """Those of these settings, which only some services need."""
        given = self._environment
        known = {
            "SMTP_URL": given.get("SMTP_URL") or f"smtp://{self._ports.address('mail')}",
            "MAIL_FROM": given.get("MAIL_FROM") or "notices@egov.example",
            "IDENTITY_KEYS": given.get("IDENTITY_KEYS") or str(self._places.private("identity-keys")),
            "CASETRACE_CONSOLE_KEY": str(self._places.run / "members" / CONSOLE_MEMBER / "key.pem"),
            "CASETRACE_CONSOLE_CLIENT": CONSOLE_MEMBER,
            "CASETRACE_GATEWAY_URL": self.gateway_url,
            "CASETRACE_OTLP_LISTEN": self._otlp(),
            "CASETRACE_OTLP_TLS": "off",
        }
        return {name: known[name] for name in names}

    def stack_file(self) -> dict[str, Any]:
        """What `stack.json` says to those who talk to the running stack."""
        reader = self.kafka("collector")
        return {
            "gateway": self.gateway_url,
            "trust": str(self._identities.trust),
            "members": str(self._places.run / "members"),
            "mail": None if self._environment.get("SMTP_URL") else str(self._places.run / "mail"),
            "kafka": {
                "bootstrap": reader["KAFKA_BOOTSTRAP_SERVERS"],
                "cafile": reader.get("KAFKA_SSL_CAFILE", ""),
                "certfile": reader.get("KAFKA_SSL_CERTFILE", ""),
                "keyfile": reader.get("KAFKA_SSL_KEYFILE", ""),
            },
        }


def _host_port(url: str) -> str:
    """`host:port` of an address such as http://127.0.0.1:4317."""
    where = urlsplit(url)
    return f"{where.hostname}:{where.port or 4317}"
