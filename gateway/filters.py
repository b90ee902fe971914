"""The chain of HTTP filters, outermost first, and what single routes change in it."""

from __future__ import annotations

import base64
from typing import Any, TypeAlias

from gateway import errors, json_step
from gateway.contract import Contract, Method, without_comments
from gateway.settings import GatewaySettings, Rate

Config: TypeAlias = dict[str, Any]

CORS = "envoy.filters.http.cors"
JSON_STEP = "envoy.filters.http.lua"
STRIP = "envoy.filters.http.header_mutation"
TOKENS = "envoy.filters.http.jwt_authn"
RATES = "envoy.filters.http.local_ratelimit"
BODIES = "envoy.filters.http.buffer"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
ROUTER = "envoy.filters.http.router"

TOKEN_CLAIMS = "token"  # key of the checked claims in the token filter's dynamic metadata
_V3 = "type.googleapis.com/envoy.extensions.filters.http"


def chain(contract: Contract, settings: GatewaySettings) -> list[Config]:
    """The filters. Bodies and transcoding begin only on routes that ask for them, after token and rate were checked."""
    return [
        _filter(CORS, f"{_V3}.cors.v3.Cors"),
        _filter(STRIP, f"{_V3}.header_mutation.v3.HeaderMutation", **_strip_routed()),
        _filter(TOKENS, f"{_V3}.jwt_authn.v3.JwtAuthentication", **_tokens(settings)),
        _filter(RATES, f"{_V3}.local_ratelimit.v3.LocalRateLimit", **_rates(settings)),
        {**_filter(BODIES, f"{_V3}.buffer.v3.Buffer", max_request_bytes=settings.body_bytes), "disabled": True},
        {**_filter(JSON_STEP, f"{_V3}.lua.v3.Lua",
                   default_source_code={"inline_string": _script(contract)}), "disabled": True},
        {**_filter(TRANSCODER, f"{_V3}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
                   **_transcoder(contract, settings)), "disabled": True},
        _filter(ROUTER, f"{_V3}.router.v3.Router", suppress_envoy_headers=True),
    ]  # fmt: skip


def guarded(method: Method) -> Config:
    """Per route: which token the method needs, and that its body is collected within the limit."""
    need = "optional" if method.anonymous else "required"
    per_route = {"@type": f"{_V3}.jwt_authn.v3.PerRouteConfig", "requirement_name": need}
    return {TOKENS: per_route, **collected()}


def collected(most: int | None = None) -> Config:
    """Per route: the body is collected within the limit, or within `most` bytes, before it goes on."""
    if most is None:
        return {BODIES: _enabled()}
    return {BODIES: {"@type": f"{_V3}.buffer.v3.BufferPerRoute", "buffer": {"max_request_bytes": most}}}


def transcoded() -> Config:
    """Per route: JSON is held against the contract and becomes gRPC, and the answer JSON."""
    return {JSON_STEP: _enabled(), TRANSCODER: _enabled()}


def _script(contract: Contract) -> str:
    methods = (method for method in contract.outward if method.bindings)
    return json_step.script(contract, {f"{errors.JSON_ROUTE}{method.full_name}": method for method in methods})


def cors_policy(settings: GatewaySettings) -> Config:
    """Web pages of the named origins may call, with a token in a header; cookies play no part."""
    return {
        "@type": f"{_V3}.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in settings.cors_origins],
        "allow_methods": "GET, POST, PUT, PATCH, DELETE",
        "allow_headers": "authorization, content-type, idempotency-key, accept-language, traceparent, tracestate",
        "expose_headers": "egov-case-number, egov-trace-id, retry-after",
        "max_age": "600",
        "allow_credentials": False,
        "forward_not_matching_preflights": False,
    }


def _filter(name: str, kind: str, **config: Any) -> Config:
    return {"name": name, "typed_config": {"@type": kind, **config}}


def _enabled() -> Config:
    return {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}


def _strip_routed() -> Config:
    """`egov-service` has done its work when the route is chosen; nothing else of that prefix comes from outside."""
    return {"mutations": {"request_mutations": [{"remove_on_match": {"key_matcher": {"prefix": "egov-"}}}]}}


def _tokens(settings: GatewaySettings) -> Config:
    """Tokens are checked here so that the services see few bad ones; they check each again, with its scopes."""
    jwks = {
        "http_uri": {"uri": "https://identity/.well-known/jwks.json", "cluster": "identity-http", "timeout": "2s"},
        "cache_duration": f"{settings.jwks_seconds}s",
        # Fetched ahead and kept while identity is down; the listener does not wait for it.
        "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
    }
    provider = {
        "issuer": settings.issuer,
        "audiences": [settings.audience],
        "remote_jwks": jwks,
        "forward": True,
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": TOKEN_CLAIMS,
        "require_expiration": True,
        "clock_skew_seconds": 5,
    }
    required = {"provider_name": "identity"}
    return {
        "providers": {"identity": provider},
        "requirement_map": {
            "required": required,
            "optional": {"requires_any": {"requirements": [required, {"allow_missing": {}}]}},
        },
    }


def _rates(settings: GatewaySettings) -> Config:
    """One bucket per client id, per TLS identity where no token is needed, per address where nothing is shown."""
    client = {
        "metadata": {
            "descriptor_key": "client",
            "metadata_key": {"key": TOKENS, "path": [{"key": TOKEN_CLAIMS}, {"key": "client_id"}]},
            "source": "DYNAMIC",
        }
    }
    no_token = _header_absent("authorization")
    peer = {"request_headers": {"header_name": "x-forwarded-client-cert", "descriptor_key": "peer"}}
    no_peer = _header_absent("x-forwarded-client-cert")
    sign_in = {
        "header_value_match": {
            "descriptor_key": "door",
            "descriptor_value": "sign-in",
            "headers": [{"name": ":path", "string_match": {"prefix": "/oauth2/"}}],
        }
    }
    address: Config = {"remote_address": {}}
    buckets = [_bucket([("client", name)], rate) for name, rate in sorted(settings.rate_clients.items())]
    buckets += [
        _bucket([("client", "")], settings.rate_default),
        _bucket([("authorization", "absent"), ("peer", "")], settings.rate_default),
        _bucket(
            [("authorization", "absent"), ("x-forwarded-client-cert", "absent"), ("remote_address", "")],
            settings.rate_anonymous,
        ),
        _bucket([("door", "sign-in"), ("authorization", "present"), ("remote_address", "")], settings.rate_anonymous),
    ]
    with_token = _header_present("authorization")
    return {
        "stat_prefix": "rates",
        # The filter demands a bucket for all together; the ones below are meant to decide.
        "token_bucket": {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"},
        "filter_enabled": _always(),
        "filter_enforced": _always(),
        "rate_limits": [
            {"actions": [client]},
            {"actions": [no_token, peer]},
            {"actions": [no_token, no_peer, address]},
            {"actions": [sign_in, with_token, address]},
        ],
        "descriptors": buckets,
        "max_dynamic_descriptors": 10_000,
        "rate_limited_as_resource_exhausted": True,
    }


def _bucket(entries: list[tuple[str, str]], rate: Rate) -> Config:
    """A bucket for the entries; an empty value stands for every value, each with a bucket of its own."""
    # Filled ten times a second where that comes out even, so that a client need not wait a whole second.
    parts = 10 if rate.per_second % 10 == 0 else 1
    return {
        "entries": [{"key": key, "value": value} if value else {"key": key} for key, value in entries],
        "token_bucket": {
            "max_tokens": rate.burst,
            "tokens_per_fill": rate.per_second // parts,
            "fill_interval": f"{1 / parts}s",
        },
    }


def _header_absent(name: str) -> Config:
    header = {"name": name, "present_match": True, "invert_match": True}
    return {"header_value_match": {"descriptor_key": name, "descriptor_value": "absent", "headers": [header]}}


def _header_present(name: str) -> Config:
    header = {"name": name, "present_match": True}
    return {"header_value_match": {"descriptor_key": name, "descriptor_value": "present", "headers": [header]}}


def _always() -> Config:
    return {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def _transcoder(contract: Contract, settings: GatewaySettings) -> Config:
    services = sorted({f"{method.package}.{method.service}" for method in contract.outward if method.bindings})
    return {
        "proto_descriptor_bin": base64.b64encode(without_comments(contract.files)).decode(),
        "services": services,
        "match_incoming_request_route": True,
        "convert_grpc_status": True,
        "print_options": {"always_print_primitive_fields": True},
        "request_validation_options": {
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        "max_request_body_size": settings.body_bytes,
        "max_response_body_size": 4 * settings.body_bytes,
    }
