"""The services of this stack and the ports of its parts: the one place that lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One service. `port` is its gRPC port in `make run`; its HTTP door and its admin port are the next two.

    `load`: arguments of its loader behind the folder of the sample city, None when it has no reference data.
    `settings`: what it needs beyond every service's settings, `first`: what its first process alone needs.
    `observes`: it only looks at what the others do.
    """

    name: str
    port: int
    load: tuple[str, ...] | None = None
    settings: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    observes: bool = False


# The collector speaks to one process, without TLS on this machine.
OTLP = ("CASETRACE_OTLP_LISTEN", "CASETRACE_OTLP_TLS")
CONSOLE = ("CASETRACE_CONSOLE_KEY", "CASETRACE_CONSOLE_CLIENT", "CASETRACE_GATEWAY_URL")

SERVICES = (
    Service("identity", 7110, load=("--member-keys", "{members}"), settings=("IDENTITY_KEYS",)),
    Service("grid", 7120, load=()),
    Service("certificates", 7140, load=()),
    Service("inspection", 7150, load=()),
    Service("notification", 7130, settings=("SMTP_URL", "MAIL_FROM")),
    Service("casetrace", 7160, settings=CONSOLE, first=OTLP, observes=True),
)

REPLICA = "-2"
DOORS = ("rpc", "http", "admin")

DEFAULT_PORTS = {
    "gateway": 8443,
    "gateway-admin": 7220,
    "catalogue-rpc": 7210,
    "catalogue-http": 7211,
    "catalogue-admin": 7212,
    "casetrace-otlp": 7163,
    "collector": 4317,
    "collector-admin": 7202,
    "kafka": 9092,
    "kafka-controller": 9093,
    "postgres": 5432,
    "mail": 8025,
} | {f"{service.name}-{door}": service.port + offset for service in SERVICES for offset, door in enumerate(DOORS)}


def names() -> list[str]:
    """Names of the services."""
    return [service.name for service in SERVICES]


def acting() -> list[str]:
    """Names of the services that take part in cases."""
    return [service.name for service in SERVICES if not service.observes]


def replica_of(service: str) -> str:
    """Name of the part that is a service's second process."""
    return service + REPLICA


def ports_of(part: str) -> list[str]:
    """Names of the ports that a part listens on."""
    if part.endswith(REPLICA):
        return [f"{part}-{door}" for door in DOORS]
    return [name for name in DEFAULT_PORTS if name == part or name.rpartition("-")[0] == part]
