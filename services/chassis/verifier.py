"""Where a service takes the key set from that it checks tokens with: from identity, or, in identity, from itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from egov.identity.v1 import identity_service_pb2

from services.chassis.call import Call
from services.chassis.client import Channel
from services.chassis.runtime import Runtime
from services.chassis.tokens import TokenVerifier

IDENTITY = identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"]
KEY_SET = "key-set"


class DatabaseKeeper:
    """Keeps the last key set in the service's own database, so that a restart while identity is down can go on."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def load(self) -> str | None:
        """The JSON Web Key Set that was saved last, None if there is none or the database is away."""
        try:
            with self._engine.connect() as connection:
                statement = sa.text("SELECT value FROM chassis.kept WHERE name = :name")
                return connection.execute(statement, {"name": KEY_SET}).scalar()
        except sa.exc.SQLAlchemyError as error:
            raise OSError("database") from error

    def save(self, jwks_json: str) -> None:
        """Keep this one instead. Raises OSError while the database is away."""
        statement = sa.text(
            "INSERT INTO chassis.kept (name, value) VALUES (:name, :value) ON CONFLICT (name)"
            " DO UPDATE SET value = excluded.value, updated_at = clock_timestamp() WHERE kept.value <> excluded.value"
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(statement, {"name": KEY_SET, "value": jwks_json})
        except sa.exc.SQLAlchemyError as error:
            raise OSError("database") from error


def verifier_for(runtime: Runtime, service_cls: Any) -> TokenVerifier:
    """The verifier of this process. A class that signs tokens itself names its own `key_source`."""
    own: Callable[[Runtime], Callable[[], str]] | None = getattr(service_cls, "key_source", None)
    fetch = own(runtime) if own else _ask_identity(runtime)
    settings = runtime.settings
    return TokenVerifier(
        settings.token_issuer, settings.token_audience, fetch, runtime.clock, DatabaseKeeper(runtime.engine)
    )


def _ask_identity(runtime: Runtime) -> Callable[[], str]:
    channel = Channel(runtime, IDENTITY, "identity")
    channel.open()

    def fetch() -> str:
        # A call of its own: renewing keys is nobody's request, and no business transaction waits for it.
        call = Call(kind="keys", name="GetKeySet")
        answer: Any = channel.call("GetKeySet", identity_service_pb2.GetKeySetRequest(), call)
        return str(answer.jwks_json)

    return fetch
