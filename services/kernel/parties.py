"""Parties by reference: never a name, never an address."""

from __future__ import annotations

from typing import NamedTuple


class Party(NamedTuple):
    """A party. `kind`: person, department or client; `id`: its UUID, department code or client id, by kind."""

    kind: str
    id: str
