"""What the parts of one service process share: settings, database, clock, identity, and the bells that wake threads."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from services.chassis.database import standalone
from services.chassis.process_settings import ChassisSettings
from services.chassis.tls import TlsIdentity, client_context
from services.kernel.clock import Clock

PARTS = frozenset({"rpc", "events", "jobs", "timers", "http"})
# The oldest brokers that are spoken to. Said here, so that a client can be made while Kafka is away; what a broker can
# really do is found out when it is connected.
BROKERS = (3, 0)


@dataclass
class Runtime:
    """Made once by `run`, before the container; handed to extensions as `container.runtime`.

    `parts` names what this process does (`--only`). `stopping` is set when the process was asked to end. `relay_wake`,
    `jobs_wake` and `dues_wake` are set after a commit that left events, jobs or dues. `compared` is set while the log
    is known to hold all that the own topic does, so that the relay may publish; `restored` while it is known to have
    been set back, so that nothing may be changed (see `restored`).
    """

    service: str
    settings: ChassisSettings
    service_settings: Any
    environment: dict[str, str]
    engine: sa.Engine
    clock: Clock
    tls: TlsIdentity
    parts: frozenset[str] = PARTS
    stopping: threading.Event = field(default_factory=threading.Event)
    relay_wake: threading.Event = field(default_factory=threading.Event)
    jobs_wake: threading.Event = field(default_factory=threading.Event)
    dues_wake: threading.Event = field(default_factory=threading.Event)
    compared: threading.Event = field(default_factory=threading.Event)
    restored: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def looking(self) -> sa.Engine:
        """The same pool, for statements that each stand alone."""
        return standalone(self.engine)

    def kafka_config(self) -> dict[str, Any]:
        """How kafka-python reaches the brokers, for producers and consumers alike."""
        settings = self.settings
        config: dict[str, Any] = {
            "bootstrap_servers": settings.kafka_servers.split(","),
            "client_id": self.service,
            "api_version": BROKERS,
            "security_protocol": settings.kafka_protocol,
            "metrics_enabled": False,
        }
        if settings.kafka_protocol == "SSL":
            config["ssl_context"] = self._kafka_tls
        return config

    @cached_property
    def _kafka_tls(self) -> ssl.SSLContext:
        """Read once: left to itself, kafka-python reads the files and makes a context for each connection."""
        settings = self.settings
        assert settings.kafka_ca is not None and settings.kafka_cert is not None
        return client_context(settings.kafka_ca, settings.kafka_cert, settings.kafka_key)
