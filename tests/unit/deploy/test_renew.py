import fcntl
import json
import os
import signal
from pathlib import Path

import pytest

from deploy.local import renew


def test_the_process_that_runs_the_stack_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGOV_RUN", str(tmp_path))
    (tmp_path / "stack.json").write_text(json.dumps({"pid": os.getpid()}))
    asked: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: asked.append(number))
    try:
        with (tmp_path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert renew.main() == 0
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert asked == [signal.SIGUSR1]


def test_a_process_that_has_the_number_of_one_that_ended_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGOV_RUN", str(tmp_path))
    (tmp_path / "stack.json").write_text(json.dumps({"pid": os.getpid()}))
    # Nobody holds the lock; the signal would end this process.
    assert renew.main() == 1
    assert "make run" in capsys.readouterr().err
