import json
from pathlib import Path

import pytest

from observability import trace
from observability.files import RotatedFiles
from tests.unit.observability.sample import CASE, OTHER, filed, span


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The case's spans over several files, between those of another case."""
    store = RotatedFiles(tmp_path, 700, 50)
    for each in filed():
        store.append([each])
        store.append([span(99, case=OTHER, trace=9)])
    store.close()
    return tmp_path


def test_spans_are_read_across_files_and_of_the_case_only(folder: Path) -> None:
    assert len(list(folder.glob("*.jsonl"))) > 3
    assert trace.spans_of(folder, CASE) == filed()


def test_text_and_json_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.main([CASE.lower(), "--folder", str(folder), "--width", "90"]) == trace.FOUND
    assert "waiting at the broker" in capsys.readouterr().out
    assert trace.main(["--case", CASE, "--folder", str(folder), "--json"]) == trace.FOUND
    assert json.loads(capsys.readouterr().out)["case_number"] == CASE


@pytest.mark.parametrize(
    ("case", "code", "sentence"),
    [
        ("", trace.NOT_A_CASE_NUMBER, "Which case?"),
        ("hello", trace.NOT_A_CASE_NUMBER, "Not in the form of a case number"),
        (CASE[:-1] + "A", trace.NOT_A_CASE_NUMBER, "check character"),
        ("371102-20261123-2000500-1", trace.NOT_A_CASE_NUMBER, "check character"),
    ],
)
def test_what_is_no_case_number_gets_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], case: str, code: int, sentence: str
) -> None:
    assert trace.main([case, "--folder", str(folder)]) == code
    told = capsys.readouterr()
    assert sentence in told.err and told.err.count("\n") == 1 and told.out == ""


def test_an_unknown_case_and_an_empty_folder_get_one_sentence(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = "371102-20261123-2000999-" + _check("371102-20261123-2000999")
    assert trace.main([unknown, "--folder", str(folder)]) == trace.UNKNOWN
    assert f"No span of case {unknown}" in capsys.readouterr().err
    assert trace.main([CASE, "--folder", str(tmp_path_factory.mktemp("empty"))]) == trace.UNKNOWN
    assert "No spans are stored" in capsys.readouterr().err


def _check(digits: str) -> str:
    from services.kernel.checks import mod37_36

    return mod37_36(digits.replace("-", ""))
