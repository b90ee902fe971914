"""Tokens: who asks, what an assertion must say (RFC 7523), and what an access token says (RFC 9068)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.identity.domain.bearers import Bearer
from services.identity.domain.members import Member
from services.identity.domain.roles import RoleScopes, open_to
from services.kernel import texts
from services.kernel.errors import Kind, Params, Refusal, Violation

CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("ES256", "RS256")

SKEW = timedelta(seconds=10)
LONGEST_ASSERTION_LIFE = timedelta(minutes=5)
LONGEST_JTI = 128
ATTEMPTS_PER_MINUTE = 10
"""Wrong secrets that a client may send in one minute, on all replicas together."""

texts.register(
    {
        "GRANT_TYPE_UNSUPPORTED": ("不支持该 grant_type。", "This grant_type is not supported."),
        "REQUEST_MALFORMED": ("令牌请求格式不正确。", "The token request is malformed."),
        "CLIENT_NOT_AUTHENTICATED": (
            "成员系统身份验证失败：标识未注册，或签名、密钥不符。",
            "The client is not registered, or its signature or secret does not fit.",
        ),
        "CLIENT_ASSERTION_REFUSED": ("客户端断言不可接受。", "The client assertion is not acceptable."),
        "ASSERTION_REFUSED": ("断言不可接受。", "The assertion is not acceptable."),
        "ASSERTION_UNSIGNED": (
            "断言的签发者未注册，或签名不符。",
            "The issuer of the assertion is not registered, or the signature does not fit.",
        ),
        "SCOPE_NOT_GRANTED": (
            "所请求的权限均未授予该成员系统，或其代表的人员、企业的角色不能使用。",
            "None of the requested scopes is granted to this client and open to a role of whom it speaks for.",
        ),
        "TLS_IDENTITY_MISSING": (
            "该成员系统未登记 TLS 证书，不能请求绑定令牌。",
            "The client has registered no TLS identity to bind a token to.",
        ),
        "TOO_MANY_ATTEMPTS": ("失败次数过多，请稍后再试。", "Too many failed attempts. Try again later."),
        "oauth_missing": ("缺少 {name}", "{name} is missing"),
        "oauth_repeated": ("{name} 重复", "{name} is repeated"),
        "oauth_wrong_value": ("{name} 的取值不正确", "{name} has a wrong value"),
        "oauth_one_proof": ("只能使用一种客户端验证方式", "only one way of client authentication may be used"),
        "oauth_form": (
            "参数须以 application/x-www-form-urlencoded 放在请求正文中",
            "parameters belong into the body, as application/x-www-form-urlencoded",
        ),
        "assertion_expired": ("exp 已过期", "exp has passed"),
        "assertion_too_long": ("exp 距当前时间不得超过 {limit} 秒", "exp may lie {limit} seconds ahead at most"),
        "assertion_early": ("{name} 晚于当前时间", "{name} lies in the future"),
        "assertion_replayed": ("jti 已被使用", "jti was used before"),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What this issuer is: its URL, its token endpoint, for whom its tokens are, and how long they live."""

    issuer: str
    token_endpoint: str
    audience: str = "egov"
    life: timedelta = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class SecretProof:
    """A client shows its secret (client_secret_basic)."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedProof:
    """A client shows an assertion that it signed (private_key_jwt). `client_id` is empty when the form has none."""

    client_id: str
    assertion: str = field(repr=False)


Proof = SecretProof | SignedProof


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What was asked for. No `scopes`: all that the client has. `bound`: to the client's TLS identity.

    `department`: the one that the person acts for, empty for their own, a citizen or an enterprise.
    """

    grant_type: str
    proof: Proof | None
    scopes: frozenset[str] = frozenset()
    assertion: str = field(default="", repr=False)
    bound: bool = False
    department: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A signed access token, for how many seconds it holds, and the scopes that it holds."""

    access_token: str = field(repr=False)
    expires_in: int
    scopes: tuple[str, ...]


def malformed(*faults: Violation) -> Refusal:
    """A token request that cannot be read."""
    return Refusal("REQUEST_MALFORMED", Kind.INVALID, violations=faults)


def assertion_faults(claims: Mapping[str, Any], member: Member, terms: Terms, now: datetime) -> list[Violation]:
    """Everything that is wrong with the claims of an assertion which the member signed, apart from its reuse."""
    faults = [_fault(name, "oauth_missing") for name in ("iss", "sub", "aud", "exp", "jti") if not claims.get(name)]
    if claims.get("iss") and claims["iss"] != member.client_id:
        faults.append(_fault("iss", "oauth_wrong_value"))
    if claims.get("aud") and not _is_for_us(claims["aud"], terms):
        faults.append(_fault("aud", "oauth_wrong_value"))
    if claims.get("jti") and not _is_id(claims["jti"]):
        faults.append(_fault("jti", "oauth_wrong_value"))
    return faults + _time_faults(claims, now)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_JTI and value.isprintable()


def _is_for_us(audience: Any, terms: Terms) -> bool:
    """One audience alone: an assertion that is also for another server could be shown here by that server."""
    if isinstance(audience, list):
        audience = audience[0] if len(audience) == 1 else None
    return audience in (terms.issuer, terms.token_endpoint)


def _time_faults(claims: Mapping[str, Any], now: datetime) -> list[Violation]:
    moments = {name: claims[name] for name in ("exp", "iat", "nbf") if claims.get(name)}
    wrong = [name for name, value in moments.items() if not _is_moment(value)]
    if wrong:
        return [_fault(name, "oauth_wrong_value") for name in wrong]
    clock, skew, longest = now.timestamp(), SKEW.total_seconds(), int(LONGEST_ASSERTION_LIFE.total_seconds())
    faults = [_fault(name, "assertion_early") for name in ("iat", "nbf") if moments.get(name, clock) > clock + skew]
    expires = moments.get("exp", clock)
    if expires <= clock - skew:
        faults.append(_fault("exp", "assertion_expired"))
    if expires > clock + longest + skew:
        faults.append(_fault("exp", "assertion_too_long", {"limit": longest}))
    return faults


def _is_moment(value: Any) -> bool:
    """Seconds since 1970 before the year 10000. JSON as Python reads it also knows NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 253_402_300_800


def _fault(name: str, rule: str, params: Params | None = None) -> Violation:
    return Violation(name, rule, {"name": name, **(params or {})})


def used_until(claims: Mapping[str, Any]) -> datetime:
    """Until when an assertion must be remembered as used: afterwards it is refused as expired."""
    return datetime.fromtimestamp(claims["exp"], UTC) + SKEW


def granted_scopes(wanted: frozenset[str], member: Member, bearer: Bearer | None, known: RoleScopes) -> frozenset[str]:
    """The scopes of the token: those asked for that the member has and, but for a citizen, one of the roles may use.

    `known` has the bearer's roles. Raises Refusal SCOPE_NOT_GRANTED for none.
    """
    scopes = frozenset(member.scopes)
    if bearer and bearer.bounded:
        scopes &= open_to(bearer.roles, known)
    if wanted:
        scopes &= wanted
    if not scopes:
        raise Refusal("SCOPE_NOT_GRANTED", Kind.INVALID)
    return scopes


def access_claims(
    request: TokenRequest,
    member: Member,
    bearer: Bearer | None,
    scopes: frozenset[str],
    terms: Terms,
    now: datetime,
    jti: str,
) -> dict[str, Any]:
    """The claims of an access token. Raises Refusal TLS_IDENTITY_MISSING."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": terms.issuer,
        "aud": [terms.audience],
        "iat": issued_at,
        "exp": issued_at + int(terms.life.total_seconds()),
        "jti": jti,
        "sub": str(bearer.subject) if bearer else member.client_id,
        "client_id": member.client_id,
        "scope": " ".join(sorted(scopes)),
        "region": bearer.region if bearer else member.region,
        "roles": sorted(bearer.roles) if bearer else [],
    }
    if bearer:
        claims["acr"] = bearer.level
    if bearer and bearer.department:
        claims["department"] = bearer.department
    if bearer and bearer.enterprise:
        claims["enterprise"] = bearer.enterprise
    if request.bound:
        claims["cnf"] = {"x5t#S256": _binding(member)}
    return claims


def _binding(member: Member) -> str:
    if not member.tls_fingerprint:
        raise Refusal("TLS_IDENTITY_MISSING", Kind.INVALID)
    return member.tls_fingerprint
