"""The public keys that access tokens are signed with, kept at hand.

They are renewed behind the calls; while identity is down the last key set goes on serving, also after a restart.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.kernel.clock import Clock
from services.kernel.errors import unavailable

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=300)
BETWEEN_TRIES = timedelta(seconds=10)

Fetch = Callable[[], str]


class KeySetKeeper(Protocol):
    """Keeps the last key set where a restart finds it."""

    def load(self) -> str | None:
        """The JSON Web Key Set that was saved last, None if there is none."""
        ...

    def save(self, jwks_json: str) -> None:
        """Keep this one instead."""
        ...


class FileKeeper:
    """Keeps the key set in a file. Public keys only, so it needs no protection but against being changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """The file's text, None if it is not there."""
        return self._path.read_text(encoding="utf-8") if self._path.is_file() else None

    def save(self, jwks_json: str) -> None:
        """Replace the file in one step, so that a reader never sees half of it."""
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(jwks_json, encoding="utf-8")
        fresh.replace(self._path)


class KeySet:
    """The issuer's public keys by key id: renewed behind the calls when old, and at once for a key id not seen before.

    `fetch` asks the issuer and may raise anything; it must end within a few seconds.
    """

    def __init__(self, fetch: Fetch, clock: Clock, keep: KeySetKeeper) -> None:
        self._fetch, self._clock, self._keep = fetch, clock, keep
        self._keys: Mapping[str, ECKey] = {}
        self._fetching = threading.Lock()
        self._fetched_at = self._tried_at = datetime.min.replace(tzinfo=UTC)
        self._take_kept()

    def key(self, kid: str) -> ECKey | None:
        """The key with this id, None if the issuer has none. Raises Refusal UNAVAILABLE while no key set is known."""
        key = self._keys.get(kid)
        if key is None:
            self._renew()
            key = self._keys.get(kid)
        elif self._is_worth_renewing():
            threading.Thread(target=self._renew, name="key-set", daemon=True).start()
        if key is None and not self._keys:
            raise unavailable(retry_after_s=BETWEEN_TRIES.total_seconds())
        return key

    def holds(self, kid: str) -> bool:
        """The issuer still publishes this key, as far as is known here."""
        return kid in self._keys

    def _is_due(self, since: datetime, every: timedelta) -> bool:
        """Also when the clock was set back since then, so that a wrong clock does not stop the renewal."""
        return abs(self._clock.now() - since) >= every

    def _is_worth_renewing(self) -> bool:
        """Old, not asked for a moment ago, and nobody is asking now."""
        old = self._is_due(self._fetched_at, FRESH) and self._is_due(self._tried_at, BETWEEN_TRIES)
        return old and not self._fetching.locked()

    def _renew(self) -> None:
        """Ask the issuer; whoever comes while another asks waits for that answer instead of asking again."""
        with self._fetching:
            if not self._is_due(self._tried_at, BETWEEN_TRIES):
                return
            self._tried_at = self._clock.now()
            try:
                jwks_json = self._fetch()
                self._keys = read_key_set(jwks_json)
            except Exception as error:  # noqa: BLE001  # whatever went wrong, the last key set goes on serving
                log.warning("key set not renewed: %s", type(error).__name__)
                return
            self._fetched_at = self._tried_at
            self._save(jwks_json)

    def _take_kept(self) -> None:
        try:
            self._keys = read_key_set(self._keep.load() or '{"keys": []}')
        except (OSError, ValueError, JoseError) as error:
            log.warning("kept key set not usable: %s", type(error).__name__)

    def _save(self, jwks_json: str) -> None:
        try:
            self._keep.save(jwks_json)
        except OSError as error:
            log.warning("key set not kept: %s", type(error).__name__)


def read_key_set(jwks_json: str) -> Mapping[str, ECKey]:
    """The signing keys of a JSON Web Key Set (RFC 7517) by key id; keys of other kinds are left out.

    Raises ValueError or JoseError when it is none.
    """
    key_set = json.loads(jwks_json)
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list):
        raise ValueError("not a JSON Web Key Set")
    return {str(key["kid"]): ECKey.import_key(key) for key in keys if _is_fit(key)}


def _is_fit(key: object) -> bool:
    """A P-256 key for signatures that can be told from others."""
    if not isinstance(key, dict) or not key.get("kid"):
        return False
    return key.get("kty") == "EC" and key.get("crv") == "P-256" and key.get("use", "sig") == "sig"
