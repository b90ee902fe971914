"""Member systems (成员系统): their region, departments, scopes and keys, and who is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.identity.domain.regions import Region
from services.kernel import regions, texts
from services.kernel.errors import Violation, invalid

CLIENT_ID = re.compile(r"[a-z][a-z0-9-]{2,39}")

texts.register(
    {
        "CLIENT_EXISTS": ("该成员系统标识已被使用。", "This client id is taken."),
        "SCOPE_UNKNOWN": ("没有这个权限。", "There is no such scope."),
        "KEY_UNFIT": (
            "公钥不可用：应为 ES256（P-256）或 RS256（至少 2048 位）的 JWK 公钥，且不含私钥部分。",
            "Not a fit key: it must be a public JWK for ES256 (P-256) or RS256 (2048 bits or more), no private part.",
        ),
        "DEPARTMENT_OUTSIDE": (
            "该部门不在成员系统所属行政区划内。",
            "The department lies outside the region of the member system.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member system. `public_keys` are JSON Web Keys, one text each; `tls_fingerprint` is empty without TLS identity.

    `owner` is the client that registered it, empty for reference data. `secret_hash` is empty without a client secret.
    `vouches_for_citizens`: also for persons who are no staff; `vouches_for_enterprises`: also for enterprises. Only
    reference data gives either.
    """

    client_id: str
    display_name: str
    region: str
    departments: tuple[str, ...]
    scopes: tuple[str, ...]
    public_keys: tuple[str, ...]
    tls_fingerprint: str = ""
    secret_hash: str = field(default="", repr=False)
    owner: str = ""
    vouches_for_citizens: bool = False
    vouches_for_enterprises: bool = False
    disabled: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Registration:
    """A member system as it was asked for; `public_keys` as sent."""

    client_id: str
    display_name: str
    region: str
    departments: tuple[str, ...]
    scopes: tuple[str, ...]
    public_keys: tuple[str, ...]
    tls_fingerprint: str = ""


def accept(
    wanted: Registration,
    *,
    region: Region | None,
    departments: Collection[str],
    scopes: Collection[str],
    keys: Sequence[str | None],
    owner: str,
    now: datetime,
) -> Member:
    """The member system that a registration makes, or everything that is wrong with it at once.

    `region` and `departments` are those of the wanted that the registering caller may speak of, `scopes` all there are;
    `keys` are the wanted keys in canonical form, None for one that is not fit. Raises Refusal (INVALID_ARGUMENT).
    """
    violations = [
        *_region_violations(region, now),
        *_department_violations(wanted, departments),
        *(Violation(f"scopes[{n}]", "SCOPE_UNKNOWN") for n, scope in enumerate(wanted.scopes) if scope not in scopes),
        *(Violation(f"public_keys[{n}]", "KEY_UNFIT") for n, key in enumerate(keys) if key is None),
    ]
    if violations:
        raise invalid(*violations)
    return Member(
        client_id=wanted.client_id,
        display_name=wanted.display_name,
        region=wanted.region,
        departments=tuple(sorted(set(wanted.departments))),
        scopes=tuple(sorted(set(wanted.scopes))),
        public_keys=tuple(dict.fromkeys(key for key in keys if key is not None)),
        tls_fingerprint=wanted.tls_fingerprint,
        owner=owner,
    )


def _region_violations(region: Region | None, now: datetime) -> list[Violation]:
    if region is None:
        return [Violation("region", "REGION_UNKNOWN")]
    return [] if region.in_force(now) else [Violation("region", "REGION_CLOSED")]


def _department_violations(wanted: Registration, known: Collection[str]) -> list[Violation]:
    """A member vouches for staff of its own region only: else it could act in regions that it was not given."""
    violations = []
    for n, code in enumerate(wanted.departments):
        if code not in known:
            violations.append(Violation(f"departments[{n}]", "DEPARTMENT_UNKNOWN"))
        elif not regions.within(code.partition("-")[0], wanted.region):
            violations.append(Violation(f"departments[{n}]", "DEPARTMENT_OUTSIDE"))
    return violations
