"""The HTTP door after RFC 6749 and RFC 8414: token requests and answers, metadata and key set.

Use cases and domain know nothing of HTTP; this file is to them what `wire` is to the RPCs.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any
from urllib.parse import unquote_plus

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from services.identity.domain import tokens
from services.identity.domain.tokens import Grant, Proof, SecretProof, SignedProof, Terms, TokenRequest, malformed
from services.identity.usecases.tokens import GRANTS
from services.kernel.errors import Kind, Refusal, Violation
from services.kernel.texts import text

TOKEN_PATH = "/oauth2/token"
KEYS_PATH = "/.well-known/jwks.json"
KEYS_CACHED_S = 300
LONGEST_BODY = 32 * 1024
FORM = "application/x-www-form-urlencoded"
CLIENT_PARAMETERS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
PARAMETERS = CLIENT_PARAMETERS | {"grant_type", "scope", "bind", "assertion", "department"}

# Refusal reason to the error codes of RFC 6749, section 5.2; what is not here is an invalid_request.
CODES = {
    "GRANT_TYPE_UNSUPPORTED": "unsupported_grant_type",
    "CLIENT_NOT_AUTHENTICATED": "invalid_client",
    "CLIENT_ASSERTION_REFUSED": "invalid_client",
    "ASSERTION_REFUSED": "invalid_grant",
    "ASSERTION_UNSIGNED": "invalid_grant",
    "PERSON_NOT_VOUCHED": "invalid_grant",
    "PERSON_INACTIVE": "invalid_grant",
    "PERSON_NOT_AT_DEPARTMENT": "invalid_grant",
    "SUBJECT_DISABLED": "invalid_grant",
    "CLIENT_DISABLED": "invalid_client",
    "SCOPE_NOT_GRANTED": "invalid_scope",
    "TOO_MANY_ATTEMPTS": "temporarily_unavailable",
}
STATUS = {Kind.UNAUTHENTICATED: 401, Kind.EXHAUSTED: 429}


def terms(issuer: str, audience: str) -> Terms:
    """What this issuer is, from its settings."""
    return Terms(issuer, issuer.rstrip("/") + TOKEN_PATH, audience)


def token_request(request: Request) -> TokenRequest:
    """What is asked at the token endpoint. Raises Refusal REQUEST_MALFORMED with all that is wrong with the form."""
    form = _form(request)
    faults = [_fault(name, "oauth_repeated") for name in form if name in PARAMETERS and len(form[name]) > 1]
    fields = {name: values[0] for name, values in form.items() if name in PARAMETERS}
    if not fields.get("grant_type"):
        faults.append(_fault("grant_type", "oauth_missing"))
    if fields.get("bind", "tls") != "tls":
        faults.append(_fault("bind", "oauth_wrong_value"))
    proofs, proof_faults = _proofs(request, fields)
    if len(proofs) > 1 or "client_secret" in fields:
        proof_faults.append(_fault("client_secret", "oauth_one_proof"))
    if faults or proof_faults:
        raise malformed(*faults, *proof_faults)
    return TokenRequest(
        grant_type=fields["grant_type"],
        proof=proofs[0] if proofs else None,
        scopes=frozenset(fields.get("scope", "").split()),
        assertion=fields.get("assertion", ""),
        bound="bind" in fields,
        department=fields.get("department", ""),
    )


def _form(request: Request) -> dict[str, list[str]]:
    """The form's fields. Parameters in the URL are refused: URLs end up in logs."""
    request.max_content_length = LONGEST_BODY
    try:
        # A body that says no length is cut off at the limit rather than refused, so its length is looked at.
        whole = len(request.get_data()) < LONGEST_BODY
    except HTTPException:
        whole = False
    if not whole or request.mimetype != FORM or PARAMETERS & request.args.keys():
        raise malformed(_fault("body", "oauth_form"))
    return dict(request.form.lists())


def _proofs(request: Request, fields: dict[str, str]) -> tuple[list[Proof], list[Violation]]:
    """The ways in which the client proves who it is, and what is wrong with them."""
    proofs: list[Proof] = []
    faults: list[Violation] = []
    client_id = fields.get("client_id", "")
    if "authorization" in request.headers:
        proof = _basic(request.headers["authorization"])
        if client_id not in ("", proof.client_id):
            faults.append(_fault("client_id", "oauth_wrong_value"))
        proofs.append(proof)
    if "client_assertion" in fields:
        if fields.get("client_assertion_type") != tokens.CLIENT_ASSERTION_TYPE:
            faults.append(_fault("client_assertion_type", "oauth_wrong_value"))
        proofs.append(SignedProof(client_id, fields["client_assertion"]))
    return proofs, faults


def _basic(header: str) -> SecretProof:
    """Client id and secret of a Basic header, each form-encoded (RFC 6749, section 2.3.1)."""
    scheme, _, value = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        client_id, separator, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        if not separator:
            raise ValueError("no colon")
    except (ValueError, binascii.Error):
        raise Refusal("CLIENT_NOT_AUTHENTICATED", Kind.UNAUTHENTICATED) from None
    return SecretProof(unquote_plus(client_id), unquote_plus(secret))


def _fault(name: str, rule: str) -> Violation:
    return Violation(name, rule, {"name": name})


def granted(grant: Grant) -> Response:
    """The answer with an access token (RFC 6749, section 5.1)."""
    return _json(
        {
            "access_token": grant.access_token,
            "token_type": "Bearer",
            "expires_in": grant.expires_in,
            "scope": " ".join(grant.scopes),
        }
    )


def refused(refusal: Refusal) -> Response:
    """The answer without one (RFC 6749, section 5.2), its description also in Chinese."""
    response = _json(
        {
            "error": CODES.get(refusal.reason, "invalid_request"),
            "error_description": _description(refusal, "en"),
            "error_description_zh": _description(refusal, "zh-CN"),
            "reason": refusal.reason,
        },
        STATUS.get(refusal.kind, 400),
    )
    if refusal.kind is Kind.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = 'Basic realm="egov", charset="UTF-8"'
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    return response


def _description(refusal: Refusal, language: str) -> str:
    """The reason's text and that of everything at fault; never a value, which may be a person's data."""
    sentence, separator, end = (" ", "; ", ".") if language == "en" else ("", "；", "。")
    faults = separator.join(text(fault.rule, language, fault.params) for fault in refusal.violations)
    return text(refusal.reason, language, refusal.params) + (f"{sentence}{faults}{end}" if faults else "")


def metadata(known: Terms, scopes: frozenset[str]) -> Response:
    """What a client can find out about this issuer (RFC 8414, also at OpenID Connect's address)."""
    content = {
        "issuer": known.issuer,
        "token_endpoint": known.token_endpoint,
        "jwks_uri": known.issuer.rstrip("/") + KEYS_PATH,
        "grant_types_supported": list(GRANTS),
        "response_types_supported": [],
        "scopes_supported": sorted(scopes),
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": list(tokens.ASSERTION_ALGORITHMS),
        "ui_locales_supported": ["zh-CN", "en"],
    }
    return _cached(json.dumps(content))


def key_set(jwks_json: str) -> Response:
    """The public keys that tokens are signed with (RFC 7517)."""
    return _cached(jwks_json)


def _cached(content: str) -> Response:
    response = Response(content, content_type="application/json")
    response.headers["Cache-Control"] = f"public, max-age={KEYS_CACHED_S}"
    return response


def _json(content: dict[str, Any], status: int = 200) -> Response:
    response = Response(json.dumps(content, ensure_ascii=False), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
