"""Every alert asks for what is measured, says in two languages what it means, and has a playbook of the same name.

promtool is not among the tools that are locked; `promql` reads what the alerts use of its language, and checks what
promtool cannot know: that metrics, labels and their values are those of the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from observability.casetrace.domain.health import BEYOND, BOUNDS
from services.chassis.interceptors.errors import CODES
from services.chassis.telemetry_registry import KINDS, METRICS
from tests.contract.promql import Found, read
from tests.contract.system import ROOT

FOLDER = ROOT / "observability/alerts"
FILES = sorted(FOLDER.glob("*.yaml"))
EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)

# What Prometheus adds to every series that it asks for, and the one that it makes itself.
OF_SCRAPES = {"job", "instance"}
UP = {"up": frozenset(OF_SCRAPES)}
# What a label of a fixed set may be; an alert about another value would never come.
VALUES = {
    ("egov_calls_total", "code"): {code.name for code in CODES.values()} | {"OK", "5.."},
    ("egov_jobs", "state"): {"PENDING", "FAILED"},
    ("egov_telemetry_refused_total", "kind"): set(KINDS),
}
PARTS_OF_A_PLAYBOOK = ("**It means.**", "**See it.**", "**Do.**", "**Wake.**")


@cache
def series() -> dict[str, frozenset[str]]:
    """Every series that a Prometheus has of us, with its labels."""
    found = dict(UP)
    for name, metric in METRICS.items():
        labels = frozenset(metric.labels) | OF_SCRAPES
        if metric.type == "histogram":
            found |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            found[name] = labels
    return found


def rules(file: Path) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(file.read_text("utf-8"))["groups"]
    assert set(group) == {"name", "rules"} and group["name"] == file.stem
    found: list[dict[str, Any]] = group["rules"]
    return found


def found_in(file: Path) -> Iterator[tuple[dict[str, Any], Found]]:
    for rule in rules(file):
        yield rule, read(rule["expr"], series())


@EACH
def test_an_alert_asks_for_what_is_measured(file: Path) -> None:
    for _, found in found_in(file):
        for name, labels in found.asked.items():
            for label, values in labels.items():
                assert values <= VALUES.get((name, label), values), f"{name} is never one of that {label}"


def test_the_health_page_has_the_bounds_of_the_alerts() -> None:
    expressions = {rule["alert"]: rule["expr"] for file in FILES for rule in rules(file)}
    for name, bound in BOUNDS.items():
        assert re.search(rf"> {bound}\b", expressions[name]), name
    assert set(BEYOND) <= set(expressions)


@EACH
def test_an_alert_is_whole(file: Path) -> None:
    name = "".join(part.capitalize() for part in file.stem.split("-"))
    for rule in rules(file):
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert rule["alert"] == name
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))
        assert rule["labels"] in ({"severity": "warning"}, {"severity": "critical"})
        assert set(rule["annotations"]) == {"summary_zh", "summary_en", "playbook"}
        assert rule["annotations"]["playbook"] == str(file.with_suffix(".md").relative_to(ROOT))


@EACH
def test_a_summary_is_in_its_language_and_names_only_what_the_alert_has(file: Path) -> None:
    for rule, found in found_in(file):
        chinese, english = rule["annotations"]["summary_zh"], rule["annotations"]["summary_en"]
        assert re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english)
        for text in (chinese, english):
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= (found.labels or set())
            assert "$labels.job" in text, "whose it is"


@EACH
def test_a_threshold_is_reasoned(file: Path) -> None:
    comments = [line for line in file.read_text("utf-8").splitlines() if line.strip().startswith("#")]
    assert len(" ".join(comments).split()) >= 20


def test_every_alert_has_a_playbook_and_every_playbook_an_alert() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == {file.stem for file in FILES}
    assert {file.suffix for file in FOLDER.iterdir()} == {".md", ".yaml"}


@EACH
def test_a_playbook_says_what_it_means_how_to_see_it_what_to_do_and_whom_to_wake(file: Path) -> None:
    text = file.with_suffix(".md").read_text("utf-8")
    places = [text.find(part) for part in PARTS_OF_A_PLAYBOOK]
    assert places == sorted(places) and places[0] > 0, PARTS_OF_A_PLAYBOOK
    assert f"Alert `{rules(file)[0]['alert']}`." in text
    assert 15 <= len(text.splitlines()) <= 30


def test_no_metric_has_a_label_that_prometheus_gives_itself() -> None:
    assert [name for name, metric in METRICS.items() if OF_SCRAPES & set(metric.labels)] == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("egov_outbox_old > 1", "there is no series"),
        ("egov_calls_total > 1 and egov_outbox_depth > 1", "between series by"),
        ("sum by (consumer) (egov_outbox_depth) > 1", "lack"),
        ('egov_calls_total{reason="X"} > 1', "has no label"),
        ("rate(egov_calls_total) > 1", "was expected"),
        ("sum by (job) (rate(egov_calls_total[5m]) > 1", "ends too soon"),
        ("histogram_quantile(0.99, sum by (job) (rate(egov_call_seconds_bucket[5m]))) > 1", "needs buckets"),
        ("max by (job) (egov_ready) == 0 or 1", "needs series on both sides"),
        ("egov_outbox_depth > 1 )", "left over"),
        ("egov_outbox_depth # 1", "cannot read"),
        ("1 > 0", "not about a number"),
    ],
)
def test_an_expression_that_is_wrong_is_not_read(expression: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(expression, series())


def test_what_is_read_is_what_was_asked() -> None:
    found = read('sum by (job) (rate(egov_calls_total{code=~"INTERNAL|OK"}[5m])) / 2 > 0.05', series())
    assert found.labels == frozenset({"job"})
    assert found.asked == {"egov_calls_total": {"code": {"INTERNAL", "OK"}}}
