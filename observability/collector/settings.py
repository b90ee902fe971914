"""Settings of the collector, read from the environment; every bad or missing key is reported at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.chassis.settings import Address, ConfigurationError, read, setting
from services.chassis.tls import TlsIdentity


def _between(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


@dataclass(frozen=True, kw_only=True)
class CollectorSettings:
    """What the collector needs; every key has a default that fits one machine."""

    listen: Address = setting(
        "EGOV_COLLECTOR_LISTEN", "host:port for OTLP over gRPC", default=Address("127.0.0.1", 4317)
    )
    admin_listen: Address = setting(
        "EGOV_ADMIN_LISTEN", "host:port of health, metrics and status", default=Address("127.0.0.1", 13133)
    )
    folder: Path = setting("EGOV_TELEMETRY_FOLDER", "folder of the files", default=Path(".run/telemetry"), parse=Path)
    file_mb: int = setting("EGOV_TELEMETRY_FILE_MB", "size of one file, MB", default=16, parse=_between(1, 1024))
    most_files: int = setting(
        "EGOV_TELEMETRY_FILES", "files kept; the oldest is dropped", default=16, parse=_between(2, 10000)
    )
    queue_spans: int = setting(
        "EGOV_COLLECTOR_QUEUE", "spans that may wait to be written", default=8192, parse=_between(1, 1000000)
    )
    forward: str = setting(
        "EGOV_COLLECTOR_FORWARD", "host:port on this machine that everything is passed on to; empty: nobody", default=""
    )
    tls_cert: Path | None = setting("EGOV_TLS_CERT", "PEM certificate chain of the TLS identity", default=None)
    tls_key: Path | None = setting("EGOV_TLS_KEY", "PEM key of the TLS identity", default=None)
    tls_trust: Path | None = setting("EGOV_TLS_TRUST", "PEM bundle of roots that senders are trusted by", default=None)
    log_level: str = setting("EGOV_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", default="INFO")

    @property
    def tls(self) -> TlsIdentity | None:
        """The TLS identity, or None: then senders speak without TLS, from this machine."""
        if self.tls_cert and self.tls_key and self.tls_trust:
            return TlsIdentity(self.tls_cert, self.tls_key, self.tls_trust)
        return None


def from_environment(environment: Mapping[str, str]) -> CollectorSettings:
    """The settings. Raises ConfigurationError with every problem."""
    settings = read(CollectorSettings, environment)
    given = [part is not None for part in (settings.tls_cert, settings.tls_key, settings.tls_trust)]
    problems = []
    if any(given) and not all(given):
        problems.append("EGOV_TLS_CERT, EGOV_TLS_KEY and EGOV_TLS_TRUST must be set together")
    if not any(given) and not settings.listen.on_this_machine:
        problems.append("EGOV_COLLECTOR_LISTEN must be on this machine unless EGOV_TLS_* are set")
    if settings.log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        problems.append("EGOV_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    if problems:
        raise ConfigurationError(problems)
    return settings
