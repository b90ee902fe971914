"""The settings that the case trace adds to those of every service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.chassis.settings import Address, number, one_of, setting, whole


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("must begin with https://")
    return text.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class CaseTraceSettings:
    """What the case trace is told from outside."""

    event_months: int = setting(
        "CASETRACE_EVENT_MONTHS",
        "months that events, what became of them, and their cases are kept",
        default=120,
        parse=whole(1, 600),
    )
    span_days: int = setting(
        "CASETRACE_SPAN_DAYS", "days that spans and failed calls are kept", default=7, parse=whole(1, 90)
    )
    metric_days: int = setting("CASETRACE_METRIC_DAYS", "days that metrics are kept", default=3, parse=whole(1, 90))
    otlp_listen: Address | None = setting(
        "CASETRACE_OTLP_LISTEN", "host:port for OTLP over gRPC; empty: none is taken", default=None
    )
    otlp_tls: str = setting(
        "CASETRACE_OTLP_TLS", "on: mutual TLS; off: none, on this machine only", default="on", parse=one_of("on", "off")
    )
    otlp_queue: int = setting(
        "CASETRACE_OTLP_QUEUE",
        "spans, failed calls or reports of metrics that may wait to be written before senders are told to wait",
        default=8192,
        parse=whole(1, 1_000_000),
    )
    ask_seconds: float = setting(
        "CASETRACE_ASK_SECONDS",
        "seconds between two questions to one service what became of events there",
        default=2.0,
        parse=number(0.1, 3600),
    )
    console_key: Path | None = setting(
        "CASETRACE_CONSOLE_KEY",
        "PEM file with the ES256 private key of the member system that the console is; empty: no console",
        default=None,
    )
    console_client: str = setting("CASETRACE_CONSOLE_CLIENT", "client id of that member system", default="")
    gateway_url: str = setting(
        "CASETRACE_GATEWAY_URL", "https://host:port of the gateway, for the console", default="", parse=_https
    )
    console_hours: float = setting(
        "CASETRACE_CONSOLE_HOURS", "hours that an operator stays signed in", default=10.0, parse=number(0.1, 24)
    )

    def problems(self) -> list[str]:
        """What does not fit together, key by key."""
        open_to_all = self.otlp_tls == "off" and self.otlp_listen and not self.otlp_listen.on_this_machine
        problems = (
            ["CASETRACE_OTLP_TLS must be on unless CASETRACE_OTLP_LISTEN is on this machine"] if open_to_all else []
        )
        if self.console_key is None:
            return problems
        needed = {"CASETRACE_CONSOLE_CLIENT": self.console_client, "CASETRACE_GATEWAY_URL": self.gateway_url}
        return problems + [
            f"{key} is missing (CASETRACE_CONSOLE_KEY is set)" for key, value in needed.items() if not value
        ]
