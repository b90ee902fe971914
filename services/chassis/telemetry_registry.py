"""What telemetry may say: the list in `telemetry_registry.yaml`, and the check of a value against it.

The file travels with the chassis as data, so that a service needs no other package to know it, and the observability
tools read the same one. Each entry's `source` says which code speaks of it, and whose name it is. Refusing is counted
by kind; `EGOV_STRICT_TELEMETRY=1` (tests) turns it into `Unregistered`.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_name("telemetry_registry.yaml")
STRICT = os.environ.get("EGOV_STRICT_TELEMETRY") == "1"

Value = str | int | float | bool | tuple[str, ...]


class Unregistered(ValueError):
    """A name that the registry lacks, or a value that does not fit its entry. Raised in strict mode only."""


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute or log field. `limit` counts characters; `unit` is a UCUM code or empty."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    limit: int = 200
    pattern: str = ""
    matches: Callable[[str], object] | None = None
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanName:
    """A family of span names. `case_exempt`: its spans serve no case or several."""

    name: str
    meaning: str
    kinds: frozenset[str]
    case_exempt: bool
    matches: Callable[[str], object]
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `type` is counter, gauge or histogram; `buckets` are upper bounds in `unit`."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    source: tuple[str, ...] = ()


KINDS = ("attribute", "span", "log_field", "foreign_attribute")
# Told from the start: a series that begins with its first count does not grow in the eyes of who compares.
refused: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
"""How much was dropped, by kind, one of KINDS. Read by `metrics`."""


def _field(name: str, entry: Mapping[str, Any]) -> Field:
    pattern = entry.get("pattern", "")
    return Field(
        name=name,
        type=entry["type"],
        meaning=entry["meaning"],
        unit=entry.get("unit", ""),
        limit=entry.get("limit", 200),
        pattern=pattern,
        matches=re.compile(pattern).fullmatch if pattern else None,
        source=_source(entry),
    )


def _span(entry: Mapping[str, Any]) -> SpanName:
    matches = re.compile(entry["pattern"]).fullmatch
    exempt = entry["case"] == "exempt"
    return SpanName(entry["name"], entry["meaning"], frozenset(entry["kinds"]), exempt, matches, _source(entry))


def _metric(name: str, entry: Mapping[str, Any]) -> Metric:
    labels, buckets = tuple(entry.get("labels", ())), tuple(entry.get("buckets", ()))
    unit = entry.get("unit", "")
    return Metric(name, entry["type"], entry["meaning"], unit, labels, buckets, _source(entry))


def _source(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(entry.get("source", ()))


_document: Mapping[str, Any] = yaml.load(
    PATH.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
ATTRIBUTES: Mapping[str, Field] = {name: _field(name, entry) for name, entry in _document["attributes"].items()}
LOG_FIELDS: Mapping[str, Field] = {name: _field(name, entry) for name, entry in _document["logs"].items()}
SPANS: tuple[SpanName, ...] = tuple(_span(entry) for entry in _document["spans"])
FOREIGN_KEPT: frozenset[str] = frozenset(_document["foreign"]["kept"])
FOREIGN_KNOWN: frozenset[str] = frozenset(_document["foreign"]["known"])
METRICS: Mapping[str, Metric] = {name: _metric(name, entry) for name, entry in _document["metrics"].items()}
PROCESS_METRICS: Mapping[str, Metric] = {
    name: _metric(name, entry) for name, entry in _document["process_metrics"].items()
}


@lru_cache(maxsize=4096)
def span_name(name: str, kind: str) -> SpanName | None:
    """The family that `name` belongs to, or None (counted) if there is none of that kind."""
    for family in SPANS:
        if kind in family.kinds and family.matches(name):
            return family
    refuse("span", f"span name {name!r} of kind {kind}")
    return None


def attribute(name: str, value: object) -> Value | None:
    """`value` as it may be recorded under attribute `name`, or None (counted) if it may not."""
    return _checked("attribute", ATTRIBUTES.get(name), name, value)


def log_field(name: str, value: object) -> Value | None:
    """`value` as it may be logged under field `name`, or None (counted) if it may not."""
    return _checked("log_field", LOG_FIELDS.get(name), name, value)


def refuse(kind: str, what: str) -> None:
    """Count a dropped thing; raise `Unregistered` in strict mode. `what` names it, never its value."""
    refused[kind] += 1
    if STRICT or os.environ.get("EGOV_STRICT_TELEMETRY") == "1":
        raise Unregistered(f"{what} does not fit {PATH.name}")


def _checked(kind: str, field: Field | None, name: str, value: object) -> Value | None:
    if field is None:
        refuse(kind, f"{kind} {name!r}")
        return None
    fitting = _FIT[field.type](field, value)
    if fitting is None:
        refuse(kind, f"{kind} {name!r} of type {type(value).__name__}")
    return fitting


def _text(field: Field, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    text = value if len(value) <= field.limit else value[: field.limit]
    return text if field.matches is None or field.matches(text) else None


def _texts(field: Field, value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    texts = tuple(_text(field, item) for item in value[:32])
    return None if None in texts else tuple(text for text in texts if text is not None)


def _int(field: Field, value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _float(field: Field, value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _bool(field: Field, value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_FIT: Mapping[str, Callable[[Field, object], Value | None]] = {
    "string": _text,
    "strings": _texts,
    "int": _int,
    "float": _float,
    "bool": _bool,
}
