import os
from pathlib import Path

import pytest

from observability.files import FolderInUse, RotatedFiles, files, lines
from observability.records import SpanRecord, parse, trace_of
from tests.unit.observability.sample import span


def _numbers(folder: Path) -> list[int]:
    return [int(found.span, 16) for line in lines(folder) if (found := parse(line))]


def test_a_span_comes_back_as_it_went(tmp_path: Path) -> None:
    made = span(1, 2, failed=True, attributes={"egov.attempt": 3})
    store = RotatedFiles(tmp_path, 10_000, 4)
    store.append([made])
    (line,) = lines(tmp_path)
    assert parse(line) == made
    assert trace_of(line).decode() == made.trace
    store.close()


def test_files_rotate_by_size_and_the_oldest_are_dropped(tmp_path: Path) -> None:
    store = RotatedFiles(tmp_path, 1000, 3)
    for number in range(1, 41):
        store.append([span(number)])
    store.close()
    kept = files(tmp_path)
    assert len(kept) == 3
    assert all(path.stat().st_size <= 1000 for path in kept)
    numbers = _numbers(tmp_path)
    assert numbers == list(range(numbers[0], 41))


def test_a_second_start_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    for number in range(1, 9):
        store = RotatedFiles(tmp_path, 1000, 10)
        store.append([span(number)])
        store.close()
    assert _numbers(tmp_path) == list(range(1, 9))
    assert len(files(tmp_path)) > 1


def test_a_line_torn_by_a_kill_is_cut_off_and_swallows_nothing(tmp_path: Path) -> None:
    store = RotatedFiles(tmp_path, 10_000, 3)
    store.append([span(1)])
    store.close()
    with files(tmp_path)[-1].open("ab") as file:
        file.write(span(2).line()[:70])
    assert _numbers(tmp_path) == [1]
    store = RotatedFiles(tmp_path, 10_000, 3)
    store.append([span(3)])
    store.close()
    assert _numbers(tmp_path) == [1, 3]


def test_a_disk_that_is_full_leaves_whole_lines_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RotatedFiles(tmp_path, 10_000, 3)
    store.append([span(1)])
    write = os.write

    def half(file: int, block: bytes) -> int:
        write(file, bytes(block[:40]))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            store.append([span(2)])
    store.append([span(3)])
    store.close()
    assert _numbers(tmp_path) == [1, 3]


def test_two_writers_of_one_folder_are_refused(tmp_path: Path) -> None:
    store = RotatedFiles(tmp_path, 1000, 3)
    with pytest.raises(FolderInUse):
        RotatedFiles(tmp_path, 1000, 3)
    store.close()
    RotatedFiles(tmp_path, 1000, 3).close()


def test_what_is_no_span_is_passed_over() -> None:
    for line in (b"", b"{}", b"[1]", b'{"trace":1}', b"\xff\xfe", b'{"links":[[1]]}'):
        assert parse(line) is None
    assert isinstance(parse(span(1).line()), SpanRecord)
