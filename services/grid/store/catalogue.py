"""The tables of catalogues: rows of each version, which are written once and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.grid.domain.catalogue import Catalogue, CodeMapping, Counted, Stage, Urgency, Version
from services.grid.domain.reference import DispatchRule, Evidence, IncidentKind, IncidentType, TypeKey
from services.grid.store import former
from services.kernel.paging import Page, PageRequest
from services.kernel.worktime.terms import Limit, Unit

_TABLES = sa.MetaData()
_MOMENT = sa.DateTime(timezone=True)


def _table(name: str, /, **columns: Any) -> sa.Table:
    """A table of rows that belong to a version."""
    return sa.Table(
        name,
        _TABLES,
        sa.Column("catalogue", sa.BigInteger),
        *(sa.Column(column, kind) for column, kind in columns.items()),
    )


CATALOGUE = sa.Table(
    "catalogue",
    _TABLES,
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.Text),
    sa.Column("effective_from", _MOMENT),
    sa.Column("imported_at", _MOMENT),
)
TYPE = _table(
    "catalogue_type", standard=sa.Text, kind=sa.Text, code=sa.Text, category=sa.Text, name=sa.Text, name_en=sa.Text,
    local=sa.Boolean, public=sa.Boolean, evidence=ARRAY(sa.Text),
)  # fmt: skip
RULE = _table(
    "catalogue_rule", region_prefix=sa.Text, standard=sa.Text, kind=sa.Text, code_prefix=sa.Text,
    department_suffix=sa.Text, handle_within_hours=sa.Integer, reason=sa.Text, unit=sa.Text,
)  # fmt: skip
STAGE = _table(
    "catalogue_stage", standard=sa.Text, kind=sa.Text, code_prefix=sa.Text, urgency=sa.Text, position=sa.Integer,
    name=sa.Text, name_en=sa.Text, amount=sa.Integer, unit=sa.Text, done_when=sa.Text, done_when_en=sa.Text,
    counted=sa.Text,
)  # fmt: skip
MAPPING = _table(
    "catalogue_mapping", former_standard=sa.Text, former_kind=sa.Text, former_code=sa.Text, former_name=sa.Text,
    standard=sa.Text, kind=sa.Text, code=sa.Text,
)  # fmt: skip

_LAST_FIRST = sa.select(CATALOGUE).order_by(CATALOGUE.c.effective_from.desc(), CATALOGUE.c.number.desc())
_VERSION_AT = _LAST_FIRST.where(CATALOGUE.c.effective_from <= sa.bindparam("at", type_=_MOMENT)).limit(1)
IN_FORCE = _VERSION_AT.with_only_columns(CATALOGUE.c.number).scalar_subquery()
"""The number of the version in force at `at`, for statements that read its rows."""

_LOCK = sa.text("LOCK TABLE catalogue IN SHARE ROW EXCLUSIVE MODE")
_ADD = sa.insert(CATALOGUE).returning(CATALOGUE.c.number)
_MAPPINGS = sa.select(MAPPING).where(MAPPING.c.catalogue == IN_FORCE)
_STAGES = sa.select(STAGE).where(STAGE.c.catalogue == IN_FORCE)
_TYPES = sa.select(TYPE).where(TYPE.c.catalogue == IN_FORCE)


class CatalogueStore:
    """Catalogues over one connection. Is a `usecases.ports.Catalogues`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        """Let no other import in until the end of the transaction; reading goes on."""
        self._connection.execute(_LOCK)

    def version_at(self, at: datetime) -> Version | None:
        """The version in force at a moment; None before the first."""
        found = self._connection.execute(_VERSION_AT, {"at": at}).first()
        return Version(*found) if found else None

    def add(self, catalogue: Catalogue, digest: str, effective_from: datetime, now: datetime) -> Version:
        """Keep a catalogue."""
        values = {"digest": digest, "effective_from": effective_from, "imported_at": now}
        number = self._connection.execute(_ADD, values).scalar_one()
        self._keep(TYPE, number, map(_type_values, catalogue.types))
        self._keep(RULE, number, map(_rule_values, catalogue.rules))
        self._keep(STAGE, number, map(stage_values, catalogue.stages))
        self._keep(MAPPING, number, map(_mapping_values, catalogue.mappings))
        if effective_from <= now:
            former.replace(self._connection, catalogue)
        return Version(number, digest, effective_from, now)

    def versions(self, page: PageRequest) -> Page[Version]:
        """The versions by when they come into force, the last one first."""
        wanted = _LAST_FIRST
        if page.after:
            wanted = wanted.where(sa.tuple_(CATALOGUE.c.effective_from, CATALOGUE.c.number) < page.after)
        found = self._connection.execute(wanted.limit(page.fetch))
        return page.cut([Version(*row) for row in found], key=lambda each: (each.effective_from, each.number))

    def mappings(self, at: datetime) -> list[CodeMapping]:
        """The mappings of the version in force at a moment."""
        return [_mapping(row) for row in self._connection.execute(_MAPPINGS, {"at": at}).mappings()]

    def stages(self, at: datetime) -> list[Stage]:
        """The stages of the version in force at a moment."""
        return [stage(row) for row in self._connection.execute(_STAGES, {"at": at}).mappings()]

    def types(self, at: datetime) -> list[IncidentType]:
        """The types of the version in force at a moment."""
        return [incident_type(row) for row in self._connection.execute(_TYPES, {"at": at}).mappings()]

    def _keep(self, table: sa.Table, number: int, rows: Iterable[dict[str, Any]]) -> None:
        if kept := [{"catalogue": number, **row} for row in rows]:
            self._connection.execute(sa.insert(table), kept)


def incident_type(row: Mapping[Any, Any]) -> IncidentType:
    """A row of TYPE."""
    return IncidentType(
        TypeKey(row["standard"], IncidentKind(row["kind"]), row["code"]),
        row["category"],
        row["name"],
        row["name_en"],
        row["local"],
        row["public"],
        tuple(map(Evidence, row["evidence"])),
    )


def dispatch_rule(row: Mapping[Any, Any]) -> DispatchRule:
    """A row of RULE."""
    return DispatchRule(
        row["standard"],
        row["kind"],
        row["code_prefix"],
        row["region_prefix"],
        row["department_suffix"],
        row["handle_within_hours"],
        row["reason"],
        Unit(row["unit"]),
    )


def stage(row: Mapping[Any, Any]) -> Stage:
    """A row of STAGE."""
    return Stage(
        row["standard"],
        row["kind"],
        row["code_prefix"],
        Urgency(row["urgency"]),
        row["position"],
        row["name"],
        Limit(row["amount"], Unit(row["unit"])),
        row["done_when"],
        row["name_en"],
        row["done_when_en"],
        Counted(row["counted"]),
    )


def _mapping(row: Mapping[Any, Any]) -> CodeMapping:
    former = TypeKey(row["former_standard"], IncidentKind(row["former_kind"]), row["former_code"])
    return CodeMapping(former, row["former_name"], TypeKey(row["standard"], IncidentKind(row["kind"]), row["code"]))


def _type_values(each: IncidentType) -> dict[str, Any]:
    values = {name: getattr(each, name) for name in ("category", "name", "name_en", "local", "public")}
    return {**_key_values(each.key), **values, "evidence": [kind.value for kind in each.evidence]}


def _rule_values(each: DispatchRule) -> dict[str, Any]:
    return {name: getattr(each, name) for name in RULE.c.keys()[1:]} | {"unit": each.unit.value}


def stage_values(each: Stage) -> dict[str, Any]:
    """A stage as a row of STAGE, without its version."""
    names = ("standard", "kind", "code_prefix", "position", "name", "name_en", "done_when", "done_when_en")
    limit = {"amount": int(each.limit.amount), "unit": each.limit.unit.value}
    codes = {"urgency": each.urgency.value, "counted": each.counted.value}
    return {name: getattr(each, name) for name in names} | codes | limit


def _mapping_values(each: CodeMapping) -> dict[str, Any]:
    former = {f"former_{name}": value for name, value in _key_values(each.former).items()}
    return {**former, "former_name": each.former_name, **_key_values(each.latter)}


def _key_values(key: TypeKey) -> dict[str, str]:
    return {"standard": key.standard, "kind": key.kind.value, "code": key.code}
