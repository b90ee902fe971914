"""The settings that inspection adds to those of every service: none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InspectionSettings:
    """What inspection is told from outside."""
