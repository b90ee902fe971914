"""What identity adds to the settings of every service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.chassis.settings import setting


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """Settings of identity."""

    keys: Path = setting(
        "IDENTITY_KEYS", "folder of the private keys that tokens are signed with; filled at first use", parse=Path
    )
    issuer: str = setting("EGOV_TOKEN_ISSUER", "issuer that access tokens name: the gateway's URL as members see it")
    audience: str = setting("EGOV_TOKEN_AUDIENCE", "audience that access tokens name", default="egov")
