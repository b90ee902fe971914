"""Parties by reference: never a name, never an address."""

from __future__ import annotations

from typing import NamedTuple


class Party(NamedTuple):
    """A party. `kind`: person, department, client or enterprise.

    `id`: its UUID, department code, client id or unified social credit code, by kind.
    """

    kind: str
    id: str
