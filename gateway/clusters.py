"""Upstreams: services by mutual TLS with their expected identity, the catalogue and the collector."""

from __future__ import annotations

from typing import Any, TypeAlias

from gateway.routes import CASETRACE_HTTP, CATALOGUE_HTTP, CATALOGUE_RPC, IDENTITY_HTTP
from gateway.settings import Address, GatewaySettings

Cluster: TypeAlias = dict[str, Any]

COLLECTOR = "collector"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_HTTP2 = {
    "max_concurrent_streams": 1_000,
    # Asked when a call comes after a quiet second: a peer that hangs or has gone is given up, not waited for.
    "connection_keepalive": {"connection_idle_interval": "1s", "timeout": "3s"},
}


def all_clusters(settings: GatewaySettings) -> list[Cluster]:
    """One cluster per service, one per plain HTTP door, the collector."""
    services = [_peer(name, name, places, settings) for name, places in sorted(settings.services.items())]
    doors = {
        IDENTITY_HTTP: ("identity", settings.identity_http),
        CASETRACE_HTTP: ("casetrace", settings.casetrace_http),
    }
    return [
        *services,
        *(_peer(name, owner, places, settings, http2=False) for name, (owner, places) in doors.items() if places),
        _peer(CATALOGUE_RPC, "catalogue", (settings.catalogue_rpc,), settings),
        _peer(CATALOGUE_HTTP, "catalogue", (settings.catalogue_http,), settings, http2=False),
        {**_cluster(COLLECTOR, (settings.collector,), http2=True), "connect_timeout": "1s"},
    ]


def _peer(
    name: str, identity: str, places: tuple[Address, ...], settings: GatewaySettings, http2: bool = True
) -> Cluster:
    cluster = _cluster(name, places, http2)
    cluster["transport_socket"] = {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {"@type": _TLS, "sni": identity, "common_tls_context": _tls(identity, settings, http2)},
    }
    return cluster


def _tls(identity: str, settings: GatewaySettings, http2: bool) -> dict[str, Any]:
    return {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "alpn_protocols": ["h2" if http2 else "http/1.1"],
        "tls_certificates": [
            {
                "certificate_chain": {"filename": str(settings.upstream_cert)},
                "private_key": {"filename": str(settings.upstream_key)},
            }
        ],
        "validation_context": {
            "trusted_ca": {"filename": str(settings.upstream_trust)},
            "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": f"spiffe://egov/{identity}"}}],
        },
    }


def _cluster(name: str, places: tuple[Address, ...], http2: bool) -> Cluster:
    protocol: dict[str, Any] = {"http2_protocol_options": _HTTP2} if http2 else {"http_protocol_options": {}}
    return {
        "name": name,
        "type": "STATIC" if all(place.is_ip for place in places) else "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(place) for place in places]}],
        },
        "typed_extension_protocol_options": {
            _PROTOCOL: {
                "@type": f"type.googleapis.com/{_PROTOCOL}",
                "common_http_protocol_options": {"idle_timeout": "300s"},
                "explicit_http_config": protocol,
            }
        },
        "circuit_breakers": {"thresholds": [_thresholds()]},
        "outlier_detection": _outliers(),
        # With every replica cast out, all are tried again: a refusal at once is better than none.
        "common_lb_config": {"healthy_panic_threshold": {"value": 50}},
    }


def _endpoint(place: Address) -> dict[str, Any]:
    return {"endpoint": {"address": {"socket_address": {"address": place.host, "port_value": place.port}}}}


def _thresholds() -> dict[str, Any]:
    return {
        "max_connections": 128,
        "max_pending_requests": 256,
        "max_requests": 512,
        "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 3},
    }


def _outliers() -> dict[str, Any]:
    """A replica that cannot be reached three times is left alone for 2 s, as long as another one is there."""
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 3,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": "2s",
        "max_ejection_time": "10s",
        "max_ejection_percent": 50,
    }
