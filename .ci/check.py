"""Runs every check of `make check`: one line each with its time, failures in full, exit code 1 if any failed."""

from __future__ import annotations

import filecmp
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
# Tools are started through it: their own first lines would name the folder that the environment was made in.
PYTHON = str(BIN / "python")
CODE = ["services", "gateway", "observability", "deploy", "tests"]
CONTRACT = "protos/gen/contract.binpb"
BASELINE = "protos/baseline.binpb"
BUF_CONFIG = ["--config", "protos/buf.yaml"]
# What writes pages of docs/, each into the folder that it is told.
PICTURES = ["deploy.chain", "deploy.incident_states", "observability.registry_page"]

# What no tracked file holds: a folder of somebody's machine, and the host names of package registries.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work)/[\w.-]+")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:com|org)|maven(?:\.apache)?\.org|mvnrepository\.com|docker\.io"
    r"|quay\.io|ghcr\.io|gcr\.io|buf\.build|proxy\.golang\.org|crates\.io|rubygems\.org|mirrors?\.[\w.-]+\.\w+)\b"
)

# A check returns what it found; empty text means that it holds.
Check = Callable[[], str]


def command(*arguments: str) -> Check:
    """A check that is a command: it fails with what the command said."""

    def run() -> str:
        environment = {**os.environ, "PYTHONPATH": "", "NO_COLOR": "1"}
        ran = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
        return "" if ran.returncode == 0 else (ran.stdout + ran.stderr).strip() or f"exit code {ran.returncode}"

    return run


def tool(name: str, *arguments: str) -> Check:
    """A check that is a Python tool."""
    return command(PYTHON, "-m", name, *arguments)


def buf(*arguments: str) -> Check:
    """A check by buf, on files or on the descriptor set."""
    return command(str(BIN / "buf"), *arguments)


def breaking() -> str:
    """Compares the contract with the released one; before the first release there is nothing to break."""
    if not (ROOT / BASELINE).exists():
        return ""
    return buf("breaking", CONTRACT, "--against", BASELINE, *BUF_CONFIG)()


def drift() -> str:
    """Builds the stubs once more and names the committed files that differ."""
    with tempfile.TemporaryDirectory() as folder:
        said = command(PYTHON, "protos/build.py", "--out", folder)()
        names = files_below(Path(folder)) | files_below(ROOT / "protos/gen")
        return said or differing(Path(folder), "protos/gen", names, "make protos")


def pictures() -> str:
    """Draws the chain, writes the pages once more, and names the committed files that differ."""
    with tempfile.TemporaryDirectory() as folder:
        said = "".join(command(PYTHON, "-m", each, "--out", folder)() for each in PICTURES)
        return said or differing(Path(folder), "docs", files_below(Path(folder)), "make pictures")


def differing(built: Path, committed: str, names: set[str], how: str) -> str:
    """The committed files that are not as they were built just now, and how to mend them."""
    found = [name for name in sorted(names) if not same(built / name, ROOT / committed / name)]
    return "\n".join(f"{committed}/{name} is not as it would be written now: {how}" for name in found)


def files_below(folder: Path) -> set[str]:
    """Names of all files below a folder, relative to it."""
    found = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {str(file.relative_to(folder)) for file in found}


def same(one: Path, other: Path) -> bool:
    """Whether both files are there and hold the same bytes."""
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def addresses() -> str:
    """Looks for machine paths and registry host names in every file that git tracks or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [line for name in listed.stdout.split("\0") if name for line in addresses_in(ROOT / name)]
    return "\n".join(found)


def addresses_in(file: Path) -> list[str]:
    """Hits in one file, as `name:line: hit`; none in a binary one."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return []
    name = file.relative_to(ROOT)
    return [
        f"{name}:{number}: {hit.group()}"
        for number, line in enumerate(lines, 1)
        for pattern in (MACHINE_PATH, REGISTRY)
        for hit in pattern.finditer(line)
    ]


def planted() -> str:
    """Every bug that `make chaos-bugs` plants can still be planted."""
    patches = sorted((ROOT / "tests/chaos/bugs").glob("*.patch"))
    said = [(patch.name, command("git", "apply", "--check", str(patch))()) for patch in patches]
    return "\n".join(f"{name}: {problem}" for name, problem in said if problem)


CHECKS: list[tuple[str, Check]] = [
    ("ruff: faults", tool("ruff", "check", "--quiet", "--output-format", "concise", ".")),
    ("ruff: layout", tool("ruff", "format", "--check", ".")),
    ("mypy --strict", tool("mypy", "--no-error-summary", *CODE, "protos/build.py", ".ci/check.py")),
    ("imports by layer", command(PYTHON, str(BIN / "lint-imports"), "--no-logo", "--no-cache")),
    ("buf: lint", buf("lint", CONTRACT, *BUF_CONFIG)),
    ("buf: layout", buf("format", "--diff", "--exit-code", "protos")),
    ("buf: nothing breaks", breaking),
    ("stubs are the contract's", drift),
    ("pictures and pages are new", pictures),
    ("no machine, no registry", addresses),
    ("planted bugs still apply", planted),
]


def main() -> int:
    """Runs all checks, whatever fails."""
    failed = []
    for name, check in CHECKS:
        began = time.monotonic()
        found = check()
        seconds = time.monotonic() - began
        print(f"  {'FAILED' if found else 'ok':<7}{name:<29}{seconds:6.1f} s", flush=True)
        if found:
            failed.append(name)
            print("\n".join("    " + line for line in found.splitlines()), flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else f"check: {len(CHECKS)} checks hold", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
