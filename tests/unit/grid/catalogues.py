"""Catalogues as they are drawn by chance, and as the sheets that they come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from services.grid.domain.calendars import WorkingTime
from services.grid.domain.catalogue import Catalogue, CodeMapping, Counted, Stage, Urgency
from services.grid.domain.reference import (
    STANDARD_2013,
    DispatchRule,
    Evidence,
    IncidentKind,
    IncidentType,
    TypeKey,
    is_local,
)
from services.grid.wire.catalogue_sheets import (
    MAPPING_COLUMNS,
    MAPPINGS,
    RULE_COLUMNS,
    RULES,
    STAGE_COLUMNS,
    STAGES,
    TYPE_COLUMNS,
    TYPES,
)
from services.kernel.worktime.terms import Limit, Unit

STANDARD_2026, LOCAL = "GB/T 47678.5-2026", "RZ-LOCAL"
WORKING = WorkingTime(True, frozenset({""}))
"""Everybody's working time is known."""

words = st.text("暴露垃圾店外,经营\"';abc 1", min_size=1, max_size=12).map(str.strip).filter(bool)
kinds, units, urgencies = st.sampled_from(IncidentKind), st.sampled_from(Unit), st.sampled_from(Urgency)


def keys(standard: str) -> st.SearchStrategy[TypeKey]:
    """Types of a standard; few codes, so that they meet."""
    codes = ("0110", "0111", "0201") if standard == STANDARD_2013 else ("06010", "06011", "07001", "90001")
    return st.builds(TypeKey, st.just(standard), kinds, st.sampled_from(codes))


types = st.builds(
    lambda key, *said: replace(IncidentType(key, *said), local=is_local(key.standard)),
    keys(STANDARD_2013) | keys(STANDARD_2026) | keys(LOCAL),
    words,
    words,
    words | st.just(""),
    st.just(False),
    st.booleans(),
    st.sets(st.sampled_from(Evidence)).map(lambda those: tuple(each for each in Evidence if each in those)),
)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """One without a fault."""
    known = draw(st.lists(types, min_size=1, unique_by=lambda each: each.key))
    named = st.sampled_from(known).map(lambda each: each.key)
    rules = draw(st.lists(_rules(named), unique_by=lambda each: each.strength + _said(each)))
    stages = [stage for group in draw(st.lists(_stages(named), max_size=4, unique_by=_group)) for stage in group]
    pairs = draw(st.lists(_mappings(named), unique_by=lambda each: (each.former, each.latter)))
    return Catalogue(tuple(known), tuple(rules), tuple(stages), tuple(pairs))


def _said(each: DispatchRule | Stage) -> tuple[str, ...]:
    region = each.region_prefix if isinstance(each, DispatchRule) else each.urgency
    return each.standard, each.kind, each.code_prefix, region


def _rules(named: st.SearchStrategy[TypeKey]) -> st.SearchStrategy[DispatchRule]:
    return st.builds(
        lambda key, length, *said: DispatchRule(key.standard, key.kind.value, key.code[:length], *said),
        named,
        st.sampled_from((0, 2, 5)),
        st.sampled_from(("", "3711", "371102", "371102001")),
        st.sampled_from(("CGJ", "SCJG")),
        st.integers(1, 8784),
        words | st.just(""),
        units,
    )


def _stages(named: st.SearchStrategy[TypeKey]) -> st.SearchStrategy[list[Stage]]:
    """The stages of some types and an urgency: counted from 1, limits that grow."""
    return st.builds(
        lambda key, urgency, unit, limits, said, counted: [
            Stage(
                key.standard,
                key.kind.value,
                key.code,
                urgency,
                at,
                said[0],
                Limit(limit, unit),
                said[1],
                said[0],
                "",
                counted,
            )
            for at, limit in enumerate(sorted(limits), 1)
        ],
        named,
        urgencies,
        units,
        st.lists(st.integers(1, 8784), min_size=1, max_size=3),
        st.tuples(words, words),
        st.sampled_from(Counted),
    )


def _group(stages: list[Stage]) -> tuple[str, ...]:
    return _said(stages[0])


def _mappings(named: st.SearchStrategy[TypeKey]) -> st.SearchStrategy[CodeMapping]:
    pairs = st.builds(CodeMapping, keys(STANDARD_2013) | keys(STANDARD_2026), words, named)
    return pairs.filter(lambda each: each.former.standard != each.latter.standard)


def sheets(catalogue: Catalogue) -> dict[str, bytes]:
    """The sheets that say this."""
    return {
        TYPES: _csv([*TYPE_COLUMNS, "public", "evidence"], map(_type_cells, catalogue.types)),
        RULES: _csv([*RULE_COLUMNS, "unit"], map(_rule_cells, catalogue.rules)),
        STAGES: _csv([*STAGE_COLUMNS, "name_en", "done_when_en", "counted"], map(_stage_cells, catalogue.stages)),
        MAPPINGS: _csv(list(MAPPING_COLUMNS), map(_mapping_cells, catalogue.mappings)),
    }


def _csv(columns: list[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _type_cells(each: IncidentType) -> dict[str, Any]:
    said = {name: getattr(each, name) for name in ("category", "name", "name_en")}
    more = {"public": "yes" if each.public else "no", "evidence": "; ".join(each.evidence)}
    return {**each.key._asdict(), **said, **more}


def _rule_cells(each: DispatchRule) -> dict[str, Any]:
    region = each.region_prefix.ljust(6, "0") if each.region_prefix else ""
    return {
        "standard": each.standard, "kind": each.kind, "code_prefix": each.code_prefix, "region_prefix": region,
        "department": each.department_suffix, "hours": each.handle_within_hours, "reason": each.reason,
        "unit": each.unit.lower(),
    }  # fmt: skip


def _stage_cells(each: Stage) -> dict[str, Any]:
    names = (
        "standard",
        "kind",
        "code_prefix",
        "urgency",
        "position",
        "name",
        "done_when",
        "name_en",
        "done_when_en",
        "counted",
    )
    limit = {"limit": int(each.limit.amount), "unit": each.limit.unit.lower()}
    return {name: getattr(each, name) for name in names} | limit


def _mapping_cells(each: CodeMapping) -> dict[str, Any]:
    former = {f"former_{name}": value for name, value in each.former._asdict().items()}
    return {**former, "former_name": each.former_name, **each.latter._asdict()}
