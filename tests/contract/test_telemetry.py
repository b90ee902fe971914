"""The registry of telemetry and the code say the same: no name that is not registered, none that nobody says."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway import listener
from services.chassis import logs, metrics, telemetry, telemetry_registry
from services.chassis.telemetry_registry import METRICS, PATH, PROCESS_METRICS, SPANS
from tests.contract.system import ROOT
from tests.contract.telemetry_uses import Uses, public_functions, uses

SECTIONS = ("attributes", "resource", "spans", "metrics", "process_metrics", "lines", "logs", "access_log")


@cache
def document() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
    return read


def entries(section: str) -> Mapping[str, Mapping[str, Any]]:
    found = document()[section]
    return {entry["name"]: entry for entry in found} if section == "spans" else found


@cache
def found(section: str) -> Uses:
    """Who says what, by registered name."""
    if section == "spans":
        begun: Uses = defaultdict(set)
        for (name, kind), files in uses("spans").items():
            for family in families(name, kind):
                begun[family].update(files)
        return begun
    kind = {"logs": "log_fields", "resource": "attributes"}.get(section, section)
    return {name: files for name, files in uses(kind).items() if name in entries(section)}


def families(name: str, kind: str) -> list[str]:
    return [each.name for each in SPANS if kind in each.kinds and each.matches(name)]


def test_the_code_says_nothing_that_is_not_registered() -> None:
    assert set(uses("attributes")) - {*entries("attributes"), *entries("resource")} == set()
    assert set(uses("log_fields")) - set(entries("logs")) == set()
    assert set(uses("metrics")) - set(entries("metrics")) == set()
    assert [said for said in uses("spans") if not families(*said)] == []


@pytest.mark.parametrize("section", ["attributes", "resource", "logs", "metrics"])
def test_everything_that_is_registered_is_said(section: str) -> None:
    assert set(entries(section)) - set(found(section)) == set()


def test_every_kind_of_every_span_name_is_begun_somewhere() -> None:
    begun = {(family, kind) for name, kind in uses("spans") for family in families(name, kind)}
    assert {(each.name, kind) for each in SPANS for kind in each.kinds} - begun == set()


@pytest.mark.parametrize("section", ["attributes", "resource", "spans", "metrics", "logs"])
def test_a_source_is_where_it_is_said_and_everything_said_has_its_source(section: str) -> None:
    for name, entry in entries(section).items():
        sources = {source for source in entry["source"] if "/" in source}
        said = found(section)[name]
        assert [file for file in said if not any(lies_under(file, each) for each in sources)] == [], name
        assert [each for each in sources if not any(lies_under(file, each) for file in said)] == [], name


def lies_under(file: str, source: str) -> bool:
    return file == source or file.startswith(f"{source}/")


def test_a_source_is_a_place_or_a_standard_and_every_standard_is_one() -> None:
    named = set()
    for source in sources():
        if "/" in source:
            assert (ROOT / source).exists(), source
        else:
            named.add(source.split()[0])
    assert named == set(document()["standards"])


def sources() -> Iterator[str]:
    for section in SECTIONS:
        for entry in entries(section).values():
            yield from entry["source"]
    for entry in document()["foreign"]["kept"].values():
        yield from entry["source"]


def test_the_gateway_says_of_a_call_what_is_registered() -> None:
    line = listener._access_log()["typed_config"]["log_format"]["json_format"]
    assert set(line) == set(entries("access_log"))


def test_a_line_of_a_log_has_what_is_registered() -> None:
    logger = logging.getLogger("services.chassis.tests")
    try:
        raise ValueError("x")
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    record = logger.makeRecord(logger.name, logging.INFO, "here", 1, "said", (), raised)
    with telemetry.span("timer tests"):
        line = json.loads(logs._JsonLines("tests").format(record))
    assert set(line) == set(entries("lines"))


def test_what_the_admin_port_tells_is_registered_and_everything_registered_is_told() -> None:
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    told = {f"{name}_total" if family.type == "counter" else name: family for name, family in families.items()}
    own = {name for name, entry in METRICS.items() if "services/chassis/metrics.py" in entry.source}
    assert set(told) - set(METRICS) - set(PROCESS_METRICS) == set()
    assert own | set(PROCESS_METRICS) <= set(told)
    for name, family in told.items():
        entry = METRICS.get(name) or PROCESS_METRICS[name]
        assert family.type == entry.type, name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(entry.labels), name


def test_every_metric_is_moved_by_somebody() -> None:
    assert public_functions(ROOT / "services/chassis/metrics.py") - {"histogram"} - set(uses("measured")) == set()


def test_an_entry_without_a_source_is_still_read() -> None:
    # Else a service of the next release, whose registry this code may meet, could not start.
    assert telemetry_registry._metric("x", {"type": "gauge", "meaning": "x"}).source == ()
