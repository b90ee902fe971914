"""Writes docs/telemetry.md from the registry: `python -m observability.registry_page [--out docs]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from services.chassis.telemetry_registry import PATH

ROOT = Path(__file__).resolve().parents[1]
Entry = Mapping[str, Any]

HEAD = """# What the backbone says about itself

Every span, attribute, metric and log field, with type, unit, meaning and source. Written by `make pictures` from
[telemetry_registry.yaml](../services/chassis/telemetry_registry.yaml), which is what the chassis and the collector
hold everything against: what is not here is dropped and counted. Nothing here may hold personal data.

Types and units (UCUM) are those of values; a text must match its pattern as a whole. A source is the file or folder
whose code says it; before it stands whose name it is:

{standards}
"""
NOTES = {
    "spans": "A name's family decides whether its spans carry the case number: required ones do once it is known.",
    "attributes": "What a span may say, whoever began it.",
    "resource": "Said once for all spans and metrics of a process.",
    "foreign": "What the collector keeps of spans that are not ours, such as the gateway's.",
    "metrics": "Names and labels are the same at `/metrics` of the admin port and by OTLP.",
    "process_metrics": "Of every process, by prometheus-client.",
    "lines": "What every line of a log has, beside the fields of its record.",
    "logs": "The fields that a record may have.",
    "access_log": "What the gateway says of each call: no path, no query, no address.",
}
TITLES = {
    "spans": "Spans",
    "attributes": "Attributes of spans",
    "resource": "Attributes of the process",
    "foreign": "Attributes of spans of others",
    "metrics": "Metrics",
    "process_metrics": "Metrics of a process",
    "lines": "Log lines",
    "logs": "Fields of log records",
    "access_log": "The gateway's access log",
}


def page(document: Mapping[str, Any]) -> str:
    """The page as Markdown, for the registry as it was read."""
    standards = "\n".join(f"- {name}: {meaning}" for name, meaning in document["standards"].items())
    parts = [HEAD.format(standards=standards)]
    for section, title in TITLES.items():
        parts.append(f"## {title}\n\n{NOTES[section]}\n")
        parts.append("| name | what | meaning | source |\n|---|---|---|---|")
        parts += [_row(name, entry) for name, entry in _entries(section, document[section])]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _entries(section: str, found: Any) -> Iterable[tuple[str, Entry]]:
    if section == "spans":
        return [(entry["name"], entry) for entry in found]
    entries: Mapping[str, Entry] = found["kept"] if section == "foreign" else found
    return entries.items()


def _row(name: str, entry: Entry) -> str:
    cells = (f"`{name}`", ", ".join(_what(entry)), entry["meaning"], ", ".join(entry["source"]))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _what(entry: Entry) -> Iterator[str]:
    """Type, unit, labels and what else bounds a value."""
    yield from entry.get("kinds", ())
    if "type" in entry:
        yield entry["type"]
    if "unit" in entry:
        yield f"in {entry['unit']}"
    if "labels" in entry:
        yield f"by {', '.join(entry['labels'])}"
    if "case" in entry:
        yield f"case {entry['case']}"
    if "pattern" in entry:
        yield f"`{entry['pattern']}`"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="observability.registry_page", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder that is written to")
    folder: Path = parser.parse_args().out
    folder.mkdir(exist_ok=True)
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    (folder / "telemetry.md").write_text(page(document), encoding="utf-8")


if __name__ == "__main__":
    main()
