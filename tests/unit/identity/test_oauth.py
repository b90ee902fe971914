"""The HTTP door: what a token request may look like, and how answers look."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from services.identity import oauth
from services.identity.domain.tokens import CLIENT_ASSERTION_TYPE, Grant, SecretProof, SignedProof, TokenRequest
from services.kernel import texts
from services.kernel.errors import Kind, Refusal, Violation, exhausted, unauthenticated

FORM = "application/x-www-form-urlencoded"


def request(fields: Any, *, content_type: str = FORM, basic: str = "", url: str = "/oauth2/token") -> Request:
    headers = [("Authorization", basic)] if basic else []
    body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
    builder = EnvironBuilder(url, method="POST", data=body, content_type=content_type, headers=headers)
    return Request(builder.get_environ())


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def faults(*arguments: Any, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        oauth.token_request(request(*arguments, **options))
    assert refused.value.reason == "REQUEST_MALFORMED"
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def answer(response: Response) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(response.get_data())
    return read


def test_a_signed_request_is_read() -> None:
    fields = {
        "grant_type": "client_credentials",
        "client_id": "rizhao-ssp",
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
        "client_assertion": "a.b.c",
        "scope": "grid.incidents.file  grid.incidents.read",
        "bind": "tls",
        "unknown": "ignored",
    }
    assert oauth.token_request(request(fields)) == TokenRequest(
        grant_type="client_credentials",
        proof=SignedProof("rizhao-ssp", "a.b.c"),
        scopes=frozenset({"grid.incidents.file", "grid.incidents.read"}),
        bound=True,
    )


def test_a_request_with_a_secret_is_read() -> None:
    read = oauth.token_request(request({"grant_type": "x"}, basic=basic("rizhao-ssp", "a%2Bb%3A+c")))
    assert read.proof == SecretProof("rizhao-ssp", "a+b: c")


def test_a_vouching_needs_no_other_proof() -> None:
    read = oauth.token_request(request({"grant_type": "x", "assertion": "a.b.c"}))
    assert (read.proof, read.assertion, read.scopes, read.bound) == (None, "a.b.c", frozenset(), False)


def test_a_vouching_names_the_department_that_the_person_acts_for() -> None:
    fields = {"grant_type": "x", "assertion": "a.b.c", "department": "371102-SCJG"}
    assert oauth.token_request(request(fields)).department == "371102-SCJG"
    assert faults({**fields, "department": ["a", "b"]}) == [("department", "oauth_repeated")]


def test_everything_that_is_wrong_with_the_form_is_said_at_once() -> None:
    fields = {"scope": ["a", "b"], "bind": "dpop", "client_assertion": "a.b.c", "client_secret": "x"}
    assert faults(fields, basic=basic("rizhao-ssp", "x")) == [
        ("scope", "oauth_repeated"),
        ("grant_type", "oauth_missing"),
        ("bind", "oauth_wrong_value"),
        ("client_assertion_type", "oauth_wrong_value"),
        ("client_secret", "oauth_one_proof"),
    ]
    assert faults({"grant_type": "x", "client_id": "else"}, basic=basic("rizhao-ssp", "x")) == [
        ("client_id", "oauth_wrong_value")
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "application/json"},
        {"content_type": ""},
        {"content_type": "multipart/form-data; boundary=x"},
        {"url": "/oauth2/token?grant_type=client_credentials"},
        {"url": "/oauth2/token?client_assertion=a.b.c"},
    ],
    ids=str,
)
def test_parameters_belong_into_the_form(options: dict[str, str]) -> None:
    assert faults({"grant_type": "client_credentials"}, **options) == [("body", "oauth_form")]


def test_a_body_is_not_endless() -> None:
    assert faults({"grant_type": "x", "assertion": "a" * oauth.LONGEST_BODY}) == [("body", "oauth_form")]
    environ = request({"grant_type": "x", "assertion": "a" * oauth.LONGEST_BODY}).environ
    del environ["CONTENT_LENGTH"]
    with pytest.raises(Refusal):
        oauth.token_request(Request({**environ, "wsgi.input_terminated": True}))


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic !", "Basic eA==", "Basic /////w=="])
def test_a_broken_authorization_is_no_proof(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        oauth.token_request(request({"grant_type": "x"}, basic=header))
    assert refused.value.reason == "CLIENT_NOT_AUTHENTICATED"


def test_a_granted_token_is_not_kept_on_the_way() -> None:
    response = oauth.granted(Grant("a.b.c", 300, ("grid.incidents.file", "grid.incidents.read")))
    assert answer(response) == {
        "access_token": "a.b.c",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "grid.incidents.file grid.incidents.read",
    }
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")


def test_a_refusal_names_the_code_of_the_standard_and_speaks_both_languages() -> None:
    refusal = Refusal(
        "ASSERTION_REFUSED",
        Kind.INVALID,
        violations=[Violation("jti", "oauth_missing", {"name": "jti"}), Violation("exp", "assertion_expired")],
    )
    response = oauth.refused(refusal)
    assert response.status_code == 400
    assert answer(response) == {
        "error": "invalid_grant",
        "error_description": "The assertion is not acceptable. jti is missing; exp has passed.",
        "error_description_zh": "断言不可接受。缺少 jti；exp 已过期。",
        "reason": "ASSERTION_REFUSED",
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize(
    ("refusal", "status", "code", "header"),
    [
        (unauthenticated("CLIENT_NOT_AUTHENTICATED"), 401, "invalid_client", "WWW-Authenticate"),
        (unauthenticated("CLIENT_ASSERTION_REFUSED"), 401, "invalid_client", "WWW-Authenticate"),
        (exhausted("TOO_MANY_ATTEMPTS", retry_after_s=59.2), 429, "temporarily_unavailable", "Retry-After"),
        (Refusal("SCOPE_NOT_GRANTED", Kind.INVALID), 400, "invalid_scope", "Pragma"),
        (Refusal("PERSON_INACTIVE", Kind.INVALID), 400, "invalid_grant", "Pragma"),
        (Refusal("PERSON_NOT_AT_DEPARTMENT", Kind.INVALID), 400, "invalid_grant", "Pragma"),
        (Refusal("SUBJECT_DISABLED", Kind.INVALID), 400, "invalid_grant", "Pragma"),
        (unauthenticated("CLIENT_DISABLED"), 401, "invalid_client", "WWW-Authenticate"),
        (Refusal("GRANT_TYPE_UNSUPPORTED", Kind.INVALID), 400, "unsupported_grant_type", "Pragma"),
        (Refusal("TLS_IDENTITY_MISSING", Kind.INVALID), 400, "invalid_request", "Pragma"),
    ],
    ids=repr,
)
def test_each_refusal_has_its_status(refusal: Refusal, status: int, code: str, header: str) -> None:
    response = oauth.refused(refusal)
    assert (response.status_code, answer(response)["error"]) == (status, code)
    assert header in response.headers


def test_descriptions_keep_to_the_characters_of_the_standard() -> None:
    allowed = {chr(n) for n in range(0x20, 0x7F)} - {'"', "\\"}
    for reason in oauth.CODES:
        assert set(texts.text(reason, "en")) <= allowed


def test_the_metadata_say_what_there_is() -> None:
    response = oauth.metadata(oauth.terms("https://gateway.example/", "egov"), frozenset({"b.c", "a.b"}))
    content = answer(response)
    assert content["token_endpoint"] == "https://gateway.example/oauth2/token"
    assert content["jwks_uri"] == "https://gateway.example/.well-known/jwks.json"
    assert content["scopes_supported"] == ["a.b", "b.c"]
    assert content["grant_types_supported"] == ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert oauth.key_set("{}").headers["Cache-Control"] == "public, max-age=300"
