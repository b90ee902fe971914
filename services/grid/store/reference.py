"""Reference data as use cases ask for it: of the catalogue in force at a moment, and the table of grid centres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from services.grid.domain.catalogue import Stage
from services.grid.domain.departments import Departments
from services.grid.domain.reference import DispatchRule, Evidence, IncidentKind, IncidentType, TypeKey
from services.grid.store.catalogue import IN_FORCE, RULE, STAGE, TYPE, dispatch_rule, incident_type, stage
from services.kernel.paging import Page, PageRequest

CENTRE = sa.Table(
    "centre",
    sa.MetaData(),
    # Any region that has a centre; the release that named the column knew those of counties alone.
    sa.Column("county", sa.Text, primary_key=True),
    sa.Column("department", sa.Text),
)
DEPARTMENT = sa.Table("department", sa.MetaData(), sa.Column("code", sa.Text, primary_key=True))

_TYPE_IN_FORCE = sa.select(TYPE.c.code).where(
    TYPE.c.catalogue == IN_FORCE,
    TYPE.c.standard == sa.bindparam("standard"),
    TYPE.c.kind == sa.bindparam("kind"),
    TYPE.c.code == sa.bindparam("code"),
)
_EVIDENCE_FOR = _TYPE_IN_FORCE.with_only_columns(TYPE.c.evidence)
_CENTRE_OF = sa.select(CENTRE.c.department).where(CENTRE.c.county == sa.bindparam("region"))
_IS_DEPARTMENT = sa.select(
    sa.or_(sa.exists().where(DEPARTMENT.c.code == sa.bindparam("code")), ~sa.exists(sa.select(DEPARTMENT.c.code)))
)
_RULES_FOR = sa.select(RULE).where(
    RULE.c.catalogue == IN_FORCE, sa.bindparam("region", type_=sa.Text).startswith(RULE.c.region_prefix)
)
_RULES_FOR_EACH = sa.text(
    "SELECT asked.place, rule.* FROM unnest(CAST(:standards AS text[]), CAST(:kinds AS text[]), CAST(:codes AS text[]),"
    " CAST(:regions AS text[]), CAST(:moments AS timestamptz[]))"
    " WITH ORDINALITY AS asked (standard, kind, code, region, at, place)"
    " CROSS JOIN LATERAL (SELECT number FROM catalogue WHERE effective_from <= asked.at"
    " ORDER BY effective_from DESC, number DESC LIMIT 1) AS version"
    " JOIN catalogue_rule AS rule ON rule.catalogue = version.number AND starts_with(asked.region, rule.region_prefix)"
    " AND starts_with(asked.code, rule.code_prefix)"
    " AND rule.kind IN (asked.kind, '') AND rule.standard IN (asked.standard, '')"
)
_EVIDENCE_FOR_EACH = sa.text(
    "SELECT asked.place, type.evidence FROM unnest(CAST(:standards AS text[]), CAST(:kinds AS text[]),"
    " CAST(:codes AS text[]), CAST(:moments AS timestamptz[]))"
    " WITH ORDINALITY AS asked (standard, kind, code, at, place)"
    " CROSS JOIN LATERAL (SELECT number FROM catalogue WHERE effective_from <= asked.at"
    " ORDER BY effective_from DESC, number DESC LIMIT 1) AS version"
    " JOIN catalogue_type AS type ON type.catalogue = version.number"
    " AND (type.standard, type.kind, type.code) = (asked.standard, asked.kind, asked.code)"
)
_STAGES_FOR = sa.select(STAGE).where(
    STAGE.c.catalogue == IN_FORCE,
    STAGE.c.standard.in_([sa.bindparam("standard"), ""]),
    STAGE.c.kind.in_([sa.bindparam("kind"), ""]),
    sa.bindparam("code", type_=sa.Text).startswith(STAGE.c.code_prefix),
)
_TYPES_BY_KEY = sa.select(TYPE).where(TYPE.c.catalogue == IN_FORCE).order_by(TYPE.c.standard, TYPE.c.kind, TYPE.c.code)


class ReferenceStore:
    """Reference data over one connection. `at`: by the catalogue in force at that moment."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def type_in_force(self, key: TypeKey, at: datetime) -> bool:
        """Whether the catalogue has this type."""
        return self._connection.execute(_TYPE_IN_FORCE, {**key._asdict(), "at": at}).first() is not None

    def centre_of(self, region: str) -> str | None:
        """Department code of the grid centre of a city, county, township or village itself."""
        return self._connection.execute(_CENTRE_OF, {"region": region}).scalar()

    def all_centres(self) -> dict[str, str]:
        """Department codes of all grid centres, by region."""
        return {row.county: row.department for row in self._connection.execute(sa.select(CENTRE))}

    def is_department(self, code: str) -> bool:
        """It is on record; any code is before departments are loaded."""
        return bool(self._connection.execute(_IS_DEPARTMENT, {"code": code}).scalar())

    def departments(self) -> Departments:
        """All that are on record."""
        return Departments(frozenset(self._connection.execute(sa.select(DEPARTMENT.c.code)).scalars()))

    def rules_for(self, region: str, at: datetime) -> Sequence[DispatchRule]:
        """The dispatch rules that speak of this region."""
        found = self._connection.execute(_RULES_FOR, {"region": region, "at": at})
        return [dispatch_rule(row) for row in found.mappings()]

    def rules_for_each(self, asked: Sequence[tuple[TypeKey, str, datetime]]) -> list[list[DispatchRule]]:
        """The dispatch rules that speak of each type in each region, at each moment, in one statement."""
        found: list[list[DispatchRule]] = [[] for _ in asked]
        given = {
            "standards": [key.standard for key, *_ in asked],
            "kinds": [key.kind.value for key, *_ in asked],
            "codes": [key.code for key, *_ in asked],
            "regions": [region for _, region, _ in asked],
            "moments": [at for *_, at in asked],
        }
        for row in self._connection.execute(_RULES_FOR_EACH, given).mappings():
            found[row["place"] - 1].append(dispatch_rule(row))
        return found

    def stages_for(self, key: TypeKey, at: datetime) -> Sequence[Stage]:
        """The stages that speak of this type."""
        return [stage(row) for row in self._connection.execute(_STAGES_FOR, {**key._asdict(), "at": at}).mappings()]

    def evidence_for(self, key: TypeKey, at: datetime) -> Sequence[Evidence]:
        """What has to be handed in with an incident of this type."""
        found = self._connection.execute(_EVIDENCE_FOR, {**key._asdict(), "at": at}).scalar()
        return [Evidence(each) for each in found or ()]

    def evidence_for_each(self, asked: Sequence[tuple[TypeKey, datetime]]) -> list[tuple[Evidence, ...]]:
        """The same for each of these types and moments, in one statement."""
        given = {
            "standards": [key.standard for key, _ in asked],
            "kinds": [key.kind.value for key, _ in asked],
            "codes": [key.code for key, _ in asked],
            "moments": [at for _, at in asked],
        }
        rows = self._connection.execute(_EVIDENCE_FOR_EACH, given)
        found = {place: tuple(map(Evidence, evidence)) for place, evidence in rows}
        return [found.get(place, ()) for place in range(1, len(asked) + 1)]

    def types(
        self, page: PageRequest, at: datetime, *, kind: IncidentKind | None = None, category_code: str = ""
    ) -> Page[IncidentType]:
        """Incident types by standard, kind and code; None and empty filters let everything pass."""
        wanted = _TYPES_BY_KEY
        if kind:
            wanted = wanted.where(TYPE.c.kind == kind.value)
        if category_code:
            wanted = wanted.where(TYPE.c.code.like(f"{category_code}%"))
        if page.after:
            wanted = wanted.where(sa.tuple_(TYPE.c.standard, TYPE.c.kind, TYPE.c.code) > page.after)
        rows = self._connection.execute(wanted.limit(page.fetch), {"at": at}).mappings()
        return page.cut([incident_type(row) for row in rows], key=lambda each: each.key)


def replace_centres(connection: sa.Connection, centres: Mapping[str, str]) -> None:
    """Make these the grid centres: department code by region."""
    connection.execute(sa.delete(CENTRE))
    if centres:
        rows = [{"county": region, "department": code} for region, code in centres.items()]
        connection.execute(sa.insert(CENTRE), rows)


def replace_departments(connection: sa.Connection, departments: Departments) -> None:
    """Make these the departments; incidents of others go on."""
    connection.execute(sa.delete(DEPARTMENT))
    if departments.codes:
        connection.execute(sa.insert(DEPARTMENT), [{"code": each} for each in sorted(departments.codes)])
