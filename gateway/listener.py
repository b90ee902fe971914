"""The listener: TLS with an optional client certificate, HTTP limits, tracing, access log, the chain and the routes."""

from __future__ import annotations

from typing import Any, TypeAlias

from gateway import errors, filters, replies, routes
from gateway.clusters import COLLECTOR
from gateway.contract import Contract
from gateway.settings import Address, GatewaySettings

Config: TypeAlias = dict[str, Any]

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"

# What Envoy would note of every request although a person may be behind it; overwritten, since it cannot be left out.
_UNTOLD_TAGS = (
    "http.url",
    "user_agent",
    "peer.address",
    "guid:x-request-id",
    "downstream_cluster",
    "grpc.authority",
    "grpc.content_type",
    "grpc.timeout",
)
# Never believed from outside. `x-forwarded-client-cert` is Envoy's own to clean.
_INTERNAL_PREFIXES = ("x-egov-", "x-envoy-", "x-b3-")
_INTERNAL_NAMES = (
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "forwarded", "x-real-ip",
    "x-request-id", "x-client-trace-id", "baggage", "b3", "grpc-status", "grpc-message", "grpc-previous-rpc-attempts",
)  # fmt: skip

# What gRPC takes no metadata of: names with other characters, and octets whose base64 would be the caller's to spoil.
# A service's library answers them with INTERNAL before the service sees them.
_NO_METADATA: tuple[Config, ...] = ({"safe_regex": {"regex": ".*[^a-z0-9_.:-].*"}}, {"suffix": "-bin"})


def listener(contract: Contract, settings: GatewaySettings) -> Config:
    """The one listener, for JSON and gRPC alike."""
    tls = {"@type": _TLS, "require_client_certificate": False, "common_tls_context": _tls(settings)}
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": _manager(contract, settings)}
    return {
        "name": "outside",
        "address": socket_address(settings.listen),
        "per_connection_buffer_limit_bytes": max(65_536, settings.body_bytes),
        "listener_filters": [_tls_inspector()],
        "filter_chains": [
            {
                "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                "transport_socket_connect_timeout": "5s",
                "filters": [manager],
            }
        ],
    }


def socket_address(place: Address) -> Config:
    """Envoy's form of an address."""
    return {"socket_address": {"address": place.host, "port_value": place.port}}


def _tls_inspector() -> Config:
    kind = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
    return {"name": "envoy.filters.listener.tls_inspector", "typed_config": {"@type": kind}}


def _tls(settings: GatewaySettings) -> Config:
    tls: Config = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificates": [
            {
                "certificate_chain": {"filename": str(settings.tls_cert)},
                "private_key": {"filename": str(settings.tls_key)},
            }
        ],
    }
    if settings.members_trust is not None:
        tls["validation_context"] = {"trusted_ca": {"filename": str(settings.members_trust)}}
    return tls


def _manager(contract: Contract, settings: GatewaySettings) -> Config:
    return {
        "@type": _NETWORK,
        "stat_prefix": "outside",
        "codec_type": "AUTO",
        **_identity(),
        **_limits(settings),
        "early_header_mutation_extensions": [_strip_outside()],
        "tracing": _tracing(settings),
        "access_log": [_access_log()],
        "local_reply_config": replies.local_replies(),
        "route_config": {"name": "routes", "virtual_hosts": [routes.virtual_host(contract, settings)]},
        "http_filters": filters.chain(contract, settings),
    }


def _identity() -> Config:
    """Who is at the other end: the true address, the client certificate as Envoy saw it, nothing that was told."""
    return {
        "use_remote_address": True,
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": {"uri": True},
        "server_header_transformation": "OVERWRITE",
        "server_name": "egov",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "strip_trailing_host_dot": True,
    }


def _limits(settings: GatewaySettings) -> Config:
    """Nothing that a caller leaves unfinished holds anything for long."""
    call = settings.call_seconds
    return {
        "max_request_headers_kb": settings.header_kb,
        "request_headers_timeout": "5s",
        "request_timeout": f"{call + 20}s",
        "stream_idle_timeout": f"{call + 30}s",
        "drain_timeout": "5s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "max_headers_count": 64,
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http_protocol_options": {"accept_http_10": False},
        "http2_protocol_options": {
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": 1_048_576,
            "override_stream_error_on_invalid_http_message": True,
        },
    }


def _strip_outside() -> Config:
    kind = "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
    matchers = (*({"prefix": prefix} for prefix in _INTERNAL_PREFIXES), *_NO_METADATA)
    matched = [{"remove_on_match": {"key_matcher": matcher}} for matcher in matchers]
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {"@type": kind, "mutations": [*matched, *({"remove": name} for name in _INTERNAL_NAMES)]},
    }


def _tracing(settings: GatewaySettings) -> Config:
    tracer = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"
    sampler = "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig"
    share = {"numerator": round(settings.trace_ratio * 1_000_000), "denominator": "MILLION"}
    untold = [{"tag": tag, "literal": {"value": "-"}} for tag in _UNTOLD_TAGS]
    return {
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": tracer,
                "service_name": "gateway",
                "grpc_service": {"envoy_grpc": {"cluster_name": COLLECTOR}, "timeout": "2s"},
                "sampler": {"name": "ratio", "typed_config": {"@type": sampler, "sampling_percentage": share}},
            },
        },
        "custom_tags": [*untold, {"tag": "egov.case.number", "value": "%RESP(EGOV-CASE-NUMBER)%"}],
    }


def _access_log() -> Config:
    kind = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
    claim = f"%DYNAMIC_METADATA({filters.TOKENS}:{filters.TOKEN_CLAIMS}:client_id)%"
    line = {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "service": "gateway",
        "route": "%ROUTE_NAME%",
        "status": "%RESPONSE_CODE%",
        "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
        "flags": "%RESPONSE_FLAGS%",
        "reason": "%RESPONSE_CODE_DETAILS%",
        "duration_ms": "%DURATION%",
        "request_bytes": "%BYTES_RECEIVED%",
        "response_bytes": "%BYTES_SENT%",
        "protocol": "%PROTOCOL%",
        "client": claim,
        "peer": "%DOWNSTREAM_PEER_URI_SAN%",
        "trace_id": errors.TRACE_ID,
        "case_number": "%RESP(EGOV-CASE-NUMBER)%",
    }
    log_format = {"json_format": line, "omit_empty_values": True}
    return {"name": "envoy.access_loggers.stdout", "typed_config": {"@type": kind, "log_format": log_format}}
