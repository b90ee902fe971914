"""The settings that certificates adds to those of every service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CertificatesSettings:
    """What certificates is told from outside: nothing yet beyond what every service is told."""
