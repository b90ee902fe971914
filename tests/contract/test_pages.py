"""The pages of ARCHITECTURE.md, on security, the runbooks and the alerts' playbooks say nothing of what is not there.

What a page puts into backticks is looked up: files exist, links lead somewhere, commands and tests are there, and every
other name occurs in the project itself. Numbers in `limits.md` are those of the code.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.system import ROOT

FOLDER = ROOT / "docs/architecture"
SECURITY = ROOT / "docs/security.md"
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
PLAYBOOKS = sorted((ROOT / "observability/alerts").glob("*.md"))
PAGES = [ROOT / "ARCHITECTURE.md", SECURITY, *sorted(FOLDER.glob("*.md")), *RUNBOOKS, *PLAYBOOKS]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)

QUOTED = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)#]+)\)")
# `<service>` and `NNNN` stand for any text of their kind.
STANDS_FOR = re.compile(r"<[A-Za-z]+>|NNNN_title")
# Not of the code: examples of what people type, and addresses at the gateway.
EXAMPLES = {"371102-20261123-2000427-X", "PART=grid", "/docs", "spiffe://egov/<service>", "host:port,host:port"}
CODE = {".py", ".proto", ".yaml", ".toml", ".conf", ".lua", ".sql", ".md", ".txt", ".in", ""}


def quoted(page: Path) -> set[str]:
    return set(QUOTED.findall(page.read_text("utf-8"))) - EXAMPLES


@cache
def tracked() -> list[Path]:
    """Every file that git tracks or would."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


@cache
def source() -> str:
    """The code of the project: no prose, and nothing that is generated."""
    texts = [
        file.read_text("utf-8", "replace")
        for file in tracked()
        if file.suffix in CODE - {".md"} and file != Path(__file__)
        and not file.is_relative_to(ROOT / "protos/gen")
    ]  # fmt: skip
    return " ".join(" ".join(texts).split())


def is_path(name: str) -> bool:
    return bool(re.fullmatch(r"[\w.<>-]+(/[\w.<>-]+)*/?", name)) and ("/" in name or Path(name).suffix in CODE - {""})


def exists(path: str) -> bool:
    """A file or folder of the project; a file's name alone is one that some folder has."""
    pattern = STANDS_FOR.sub("*", path.rstrip("/"))
    return any(ROOT.glob(pattern)) or ("/" not in pattern and any(file.match(pattern) for file in tracked()))


def unknown(name: str) -> str:
    """What is wrong with a quoted name; nothing when it is there."""
    if name.startswith("make "):
        target = name.split()[1]
        return "" if f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8") else f"there is no `make {target}`"
    if name.startswith("python -m "):
        module = name.split()[2].replace(".", "/")
        there = exists(f"{module}.py") or exists(f"{module}/__main__.py")
        return "" if there else f"there is no module {module}"
    if name.startswith(".run"):
        return ""
    if is_path(name) and not name.startswith("/"):
        return "" if exists(name) else f"there is no {name}"
    if re.fullmatch(r"test_\w+", name):
        return "" if f"def {name}(" in source() else f"there is no test {name}"
    return "" if occurs(name) else f"{name} occurs nowhere in the project"


def occurs(name: str) -> bool:
    """Whether the words of a name stand in the project as they stand in it."""
    plain = name.removesuffix("(...)").removeprefix("GET ")
    words = [re.escape(part) for part in STANDS_FOR.split(plain) if part.strip("./@")]
    return all(re.search(rf"(?<!\w){word}" if word[0].isalnum() else word, source()) for word in words)


@EACH
def test_what_a_page_names_is_there(page: Path) -> None:
    problems = [problem for name in sorted(quoted(page)) if (problem := unknown(name))]
    assert not problems, "\n".join([f"{page.relative_to(ROOT)}:", *problems])


@EACH
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert not broken


def test_every_page_is_in_the_index() -> None:
    index = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "ARCHITECTURE.md").read_text("utf-8"))}
    assert set(FOLDER.glob("*.md")) <= index


def test_every_threat_has_something_that_refuses_it_and_a_test() -> None:
    rows = [line.split("|")[1:-1] for line in SECURITY.read_text("utf-8").splitlines() if line.startswith("|")]
    threats = [row for row in rows if row[0].strip() != "threat" and set(row[0]) != {"-"}]
    assert threats
    for threat, by, proof in threats:
        assert by.strip() and QUOTED.findall(proof), threat
        assert all(name.startswith("test_") for name in QUOTED.findall(proof)), threat


def test_the_layer_rules_are_those_that_are_held() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    named = [
        line.split("|")[1].strip() for line in (FOLDER / "layers.md").read_text("utf-8").splitlines() if "|" in line
    ]
    assert named[2 : 2 + len(rules)] == [rule["name"] for rule in rules]


class Row:
    """A line of `limits.md`: | what | value | `name` | `file` |."""

    def __init__(self, line: str) -> None:
        self.what, self.value, name, file = (cell.strip() for cell in line.strip("|").split("|"))
        self.name, self.file = name.strip("`"), file.strip("`")

    def __str__(self) -> str:
        return f"{Path(self.file).stem}.{self.name}"


def limits() -> Iterator[Row]:
    for line in (FOLDER / "limits.md").read_text("utf-8").splitlines():
        if line.count("|") == 5 and "`" in line:
            yield Row(line)


def value_of(name: str, file: str) -> Any:
    """A module's constant, or the default of the setting with that key or name."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    if hasattr(module, name):
        return getattr(module, name)
    fields = [
        field for cls in vars(module).values() if dataclasses.is_dataclass(cls) for field in dataclasses.fields(cls)
    ]
    found = [field.default for field in fields if name in (field.name, field.metadata.get("key"))]
    assert len(found) == 1, f"{file} has {len(found)} settings {name}"
    return found[0]


@pytest.mark.parametrize("row", list(limits()), ids=str)
def test_a_limit_is_the_codes(row: Row) -> None:
    assert float(row.value.replace(",", "")) == float(value_of(row.name, row.file)), row.what


def test_what_is_not_there_is_told() -> None:
    wrong = [
        "make nothing",
        "python -m deploy.nothing",
        "services/none.py",
        "test_nothing_of_the_kind",
        "NO_SUCH_NAME_X",
    ]
    assert all(unknown(name) for name in wrong)
    assert not any(
        unknown(name)
        for name in ["make run", "python -m deploy.chain", "services/<service>/service.py", "LEASE_S", "topics.yaml"]
    )
