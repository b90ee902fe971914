"""The tables of catalogues, and what is read of the version in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from services.grid.domain.catalogue import Catalogue, CodeMapping, Counted, Stage, Urgency
from services.grid.domain.reference import DispatchRule, Evidence, IncidentKind, IncidentType, TypeKey
from services.grid.domain.versions import Version
from services.grid.store import former
from services.grid.store.versions import VersionStore, VersionTable
from services.kernel.worktime.terms import Limit, Unit

_VERSIONS = VersionTable("catalogue")
TYPE = _VERSIONS.rows(
    "catalogue_type", standard=sa.Text, kind=sa.Text, code=sa.Text, category=sa.Text, name=sa.Text, name_en=sa.Text,
    local=sa.Boolean, public=sa.Boolean, evidence=ARRAY(sa.Text),
)  # fmt: skip
RULE = _VERSIONS.rows(
    "catalogue_rule", region_prefix=sa.Text, standard=sa.Text, kind=sa.Text, code_prefix=sa.Text,
    department_suffix=sa.Text, handle_within_hours=sa.Integer, reason=sa.Text, unit=sa.Text,
)  # fmt: skip
STAGE = _VERSIONS.rows(
    "catalogue_stage", standard=sa.Text, kind=sa.Text, code_prefix=sa.Text, urgency=sa.Text, position=sa.Integer,
    name=sa.Text, name_en=sa.Text, amount=sa.Integer, unit=sa.Text, done_when=sa.Text, done_when_en=sa.Text,
    counted=sa.Text,
)  # fmt: skip
MAPPING = _VERSIONS.rows(
    "catalogue_mapping", former_standard=sa.Text, former_kind=sa.Text, former_code=sa.Text, former_name=sa.Text,
    standard=sa.Text, kind=sa.Text, code=sa.Text,
)  # fmt: skip

IN_FORCE = _VERSIONS.number_at.scalar_subquery()
"""The number of the version in force at `at`, for statements that read its rows."""

_MAPPINGS = sa.select(MAPPING).where(MAPPING.c.catalogue == IN_FORCE)
_STAGES = sa.select(STAGE).where(STAGE.c.catalogue == IN_FORCE)
_TYPES = sa.select(TYPE).where(TYPE.c.catalogue == IN_FORCE)


class CatalogueStore(VersionStore[Catalogue]):
    """Catalogues over one connection."""

    table = _VERSIONS

    def mappings(self, at: datetime) -> list[CodeMapping]:
        """The mappings of the version in force at a moment."""
        return [_mapping(row) for row in self._connection.execute(_MAPPINGS, {"at": at}).mappings()]

    def stages(self, at: datetime) -> list[Stage]:
        """The stages of the version in force at a moment."""
        return [stage(row) for row in self._connection.execute(_STAGES, {"at": at}).mappings()]

    def types(self, at: datetime) -> list[IncidentType]:
        """The types of the version in force at a moment."""
        return [incident_type(row) for row in self._connection.execute(_TYPES, {"at": at}).mappings()]

    def _keep(self, said: Catalogue, version: Version) -> None:
        self._keep_rows(TYPE, version, map(_type_values, said.types))
        self._keep_rows(RULE, version, map(_rule_values, said.rules))
        self._keep_rows(STAGE, version, map(stage_values, said.stages))
        self._keep_rows(MAPPING, version, map(_mapping_values, said.mappings))
        if version.effective_from <= version.imported_at:
            former.replace(self._connection, said)


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
