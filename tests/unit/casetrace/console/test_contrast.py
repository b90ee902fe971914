"""Colours in which something is read or told apart keep WCAG AA, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from observability.casetrace.console import answers

CSS = (Path(answers.__file__).parent / "static/console.css").read_text("utf-8")
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("page", "panel", "sunken")
PAIRS = [
    *((text, ground, TEXT) for text in ("text", "dim", "link", "bad", "warn", "good") for ground in GROUNDS),
    ("on-accent", "accent", TEXT),
    ("text", "bar-faint", TEXT),
    *((tone, f"{tone}-ground", TEXT) for tone in ("good", "warn", "bad")),
    *((shape, "panel", SHAPE) for shape in ("bar", "bad", "warn", "accent", "dim", "focus")),
    ("focus", "page", SHAPE),
]


def schemes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    read = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": read[0], "dark": read[0] | read[1]}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_a_pair_of_colours_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[ground]) >= least


def test_all_colours_are_named_ones() -> None:
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []
