"""Routes, one virtual host: what the contract declares outward, what identity and the catalogue serve, and refusals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from gateway import errors, filters
from gateway.contract import EVERY_SERVICE, Binding, Contract, Method
from gateway.settings import GatewaySettings

Route: TypeAlias = dict[str, Any]

CATALOGUE_RPC = "catalogue-rpc"
CATALOGUE_HTTP = "catalogue-http"
IDENTITY_HTTP = "identity-http"
CASETRACE_HTTP = "casetrace-http"
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
_FORM_BYTES = 65_536  # the doors of services take no more
_JSON_TYPE = {"regex": r"(?i)(application/json\s*(;.*)?)?"}


def virtual_host(contract: Contract, settings: GatewaySettings) -> Route:
    """The virtual host: routes in the order in which they are tried."""
    host: Route = {
        "name": "egov",
        "domains": ["*"],
        "routes": list(_routes(contract, settings)),
        "response_headers_to_add": [_set("egov-trace-id", errors.TRACE_ID)],
    }
    if settings.cors_origins:
        host["typed_per_filter_config"] = {filters.CORS: filters.cors_policy(settings)}
    return host


def _routes(contract: Contract, settings: GatewaySettings) -> Iterator[Route]:
    if settings.cors_origins:
        yield _preflight_route()
    for method in contract.outward:
        yield from _grpc_routes(method, settings)
    for service in REFLECTION:
        yield _reflection_route(service)
    yield from _json_routes(contract.outward, settings)
    yield from _http_routes(settings)
    yield _refusal({"prefix": "/"}, errors.NO_SUCH_ROUTE)


def _owners(method: Method, settings: GatewaySettings) -> list[str]:
    """Names of the services that answer the method, which are its clusters' names."""
    return sorted(settings.services) if method.owner == EVERY_SERVICE else [method.owner]


def _grpc_routes(method: Method, settings: GatewaySettings) -> Iterator[Route]:
    path: Route = {"path": f"/{method.full_name}", "grpc": {}}
    if method.owner != EVERY_SERVICE:
        yield _call(method, method.owner, path, settings)
        return
    for owner in _owners(method, settings):
        named = {"name": "egov-service", "string_match": {"exact": owner}}
        yield _call(method, owner, {**path, "headers": [named]}, settings)
    yield _refusal(path, errors.SERVICE_NOT_NAMED)


def _json_routes(methods: Iterable[Method], settings: GatewaySettings) -> Iterator[Route]:
    verbs: dict[str, set[str]] = defaultdict(set)
    for method in methods:
        for binding in method.bindings:
            for owner in _owners(method, settings):
                literals = {"service": owner} if method.owner == EVERY_SERVICE else {}
                regex = binding.regex(**literals)
                verbs[regex].add(binding.verb)
                yield from _json_pair(method, binding, owner, regex, settings)
    for regex, allowed in verbs.items():
        yield _refusal(_regex(regex), errors.METHOD_NOT_ALLOWED, allow=sorted(allowed))


def _json_pair(method: Method, binding: Binding, owner: str, regex: str, settings: GatewaySettings) -> Iterator[Route]:
    """The binding's route and, where it takes a body, the refusal of a body that is not JSON."""
    verb = {"name": ":method", "string_match": {"exact": binding.verb}}
    json_type = {
        "name": "content-type",
        "string_match": {"safe_regex": _JSON_TYPE},
        "treat_missing_header_as_empty": True,
    }
    headers = [verb, json_type] if binding.body else [verb]
    route = _call(method, owner, {**_regex(regex), "headers": headers}, settings)
    route["name"] = f"{errors.JSON_ROUTE}{method.full_name}"
    route["typed_per_filter_config"].update(filters.transcoded())
    # The frames and the deadline are the gateway's own: what a caller says about them would spoil them.
    route["request_headers_to_add"][0]["append_action"] = "OVERWRITE_IF_EXISTS_OR_ADD"
    route["request_headers_to_remove"] = [
        "grpc-encoding",
        "grpc-accept-encoding",
        "content-encoding",
        "x-envoy-original-path",
        "x-envoy-original-method",
    ]
    route["response_headers_to_add"] = [_set("cache-control", "no-store"), _set("x-content-type-options", "nosniff")]
    yield route
    if binding.body:
        yield _refusal({**_regex(regex), "headers": [verb]}, errors.CONTENT_TYPE_UNSUPPORTED)


def _call(method: Method, owner: str, match: Route, settings: GatewaySettings) -> Route:
    """A route to a service of the backbone."""
    action: Route = {
        "cluster": owner,
        "timeout": f"{settings.call_seconds}s",
        # A refused call is worth one more try at once, on another replica where there is one.
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,unavailable",
            "num_retries": 1,
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.1s"},
            "retry_host_predicate": [_previous_hosts()],
            "host_selection_retry_max_attempts": 3,
        },
    }
    if not method.read_only:
        del action["retry_policy"]
    # The service gives up a little earlier than Envoy, so that its own answer says why.
    limit = {"key": "grpc-timeout", "value": f"{math.ceil(settings.call_seconds * 900)}m"}
    return {
        "name": method.full_name,
        "match": match,
        "route": action,
        "decorator": {"operation": method.full_name, "propagate": False},
        "request_headers_to_add": [{"header": limit, "append_action": "ADD_IF_ABSENT"}],
        "typed_per_filter_config": filters.guarded(method),
    }


def _preflight_route() -> Route:
    """A browser's question beforehand. The filter answers it, but only on a route that leads somewhere."""
    present = ("origin", "access-control-request-method")
    headers: list[Route] = [{"name": name, "present_match": True} for name in present]
    verb = {"name": ":method", "string_match": {"exact": "OPTIONS"}}
    return {
        "name": "preflight",
        "match": {"prefix": "/", "headers": [verb, *headers]},
        "route": {"cluster": CATALOGUE_HTTP},
        "decorator": {"operation": "preflight", "propagate": False},
    }


def _reflection_route(service: str) -> Route:
    """Reflection is a stream of questions and answers: no body is collected, and it may idle for a minute."""
    return {
        "name": service,
        "match": {"path": f"/{service}/ServerReflectionInfo", "grpc": {}},
        "route": {"cluster": CATALOGUE_RPC, "timeout": "0s", "idle_timeout": "60s"},
        "decorator": {"operation": f"{service}/ServerReflectionInfo", "propagate": False},
    }


def _http_routes(settings: GatewaySettings) -> Iterator[Route]:
    """Plain HTTP: identity's door, the catalogue's pages, the console's. Who signs in has no token yet."""
    for verbs, path, cluster in _doors(settings):
        name = f"{cluster} {next(iter(path.values()))}"
        only = [{"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(verbs)}}}]
        yield {
            "name": name,
            "match": {**path, "headers": only},
            "route": {"cluster": cluster, "timeout": f"{settings.call_seconds}s"},
            "decorator": {"operation": name, "propagate": False},
            # Cookies are for the console alone.
            "request_headers_to_remove": ["authorization"] if cluster == CASETRACE_HTTP else ["cookie"],
            "typed_per_filter_config": filters.collected(_FORM_BYTES),
        }
        yield _refusal(path, errors.METHOD_NOT_ALLOWED, allow=verbs)


def _doors(settings: GatewaySettings) -> Iterator[tuple[tuple[str, ...], Route, str]]:
    """Verbs, path and cluster of each."""
    yield ("POST",), {"path": "/oauth2/token"}, IDENTITY_HTTP
    yield ("GET",), {"prefix": "/.well-known/"}, IDENTITY_HTTP
    yield ("GET",), {"path": "/openapi.json"}, CATALOGUE_HTTP
    yield ("GET",), {"path": "/docs"}, CATALOGUE_HTTP
    yield ("GET",), {"prefix": "/docs/"}, CATALOGUE_HTTP
    if settings.casetrace_http:
        yield ("GET",), {"path": "/console"}, CASETRACE_HTTP
        yield ("GET", "POST"), {"prefix": "/console/"}, CASETRACE_HTTP


def _refusal(match: Route, error: errors.GatewayError, allow: Iterable[str] = ()) -> Route:
    """A route that answers with the error and goes nowhere."""
    name = errors.route_name(error.reason)
    route: Route = {
        "name": name,
        "match": match,
        "direct_response": {"status": error.http},
        "decorator": {"operation": name, "propagate": False},
    }
    if allow:
        route["response_headers_to_add"] = [_set("allow", ", ".join(allow))]
    return route


def _regex(regex: str) -> Route:
    return {"safe_regex": {"regex": regex}}


def _set(key: str, value: str) -> Route:
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _previous_hosts() -> Route:
    kind = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    return {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": kind}}
