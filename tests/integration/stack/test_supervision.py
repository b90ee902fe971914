import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local import children, status, supervisor
from deploy.local.children import Child, wait_until
from deploy.local.errors import StackError
from deploy.local.places import ROOT
from deploy.local.stack import Stack
from deploy.local.supervised import Part, State
from deploy.local.supervisor import Supervisor

CACHE = ROOT / ".run" / "cache"


def saying(folder: Path, program: str) -> Child:
    return Child([sys.executable, "-c", program], env={}, log=folder / "part.log")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "run", cache=CACHE, only=("mail",), environment={}) as running:
        yield running


def test_the_stack_file_tells_what_runs(stack: Stack) -> None:
    said = status.running_stack(stack.places.run)
    assert {status.health(name, process, said["ports"]) for name, process in said["processes"].items()} == {"ready"}
    answer = status.service_status("grid", said["ports"])
    assert answer is not None and answer.outbox_depth == 0


def test_a_second_stack_in_the_same_folder_is_refused(small: Stack) -> None:
    second = Stack(small.places.run, cache=CACHE, only=("mail",))
    for attempt in (second.start, second.forget):
        with pytest.raises(StackError, match=r"runs in .* already: use it, or stop it first"):
            attempt()


def test_two_stacks_stand_side_by_side(small: Stack, stack: Stack) -> None:
    assert not set(small.addresses().values()) & set(stack.addresses().values())
    assert all(part.state is State.READY for part in stack.supervisor.parts.values())


def test_a_mail_becomes_a_file(small: Stack) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "notices@egov.example", "seat@egov.example", "通知"
    mail.set_content("内容")
    host, _, port = small.addresses()["mail"].rpartition(":")
    with smtplib.SMTP(host, int(port), local_hostname="localhost", timeout=10) as server:
        server.send_message(mail)
    (kept,) = (small.places.run / "mail").glob("*.eml")
    assert b"X-Rcpt-To: seat@egov.example" in kept.read_bytes()


def test_a_part_that_dies_is_named_with_its_last_lines_and_the_others_go_on(tmp_path: Path) -> None:
    said: list[str] = []
    go = tmp_path / "go"
    program = (
        f"import pathlib,time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(.01)\nraise SystemExit('boom')"
    )
    dying = Part("dying", saying(tmp_path / "dying", program))
    living = Part("living", saying(tmp_path / "living", "import time; time.sleep(60)"))
    watching = Supervisor([dying, living], said.append)
    watching.start()
    try:
        go.touch()
        assert wait_until(lambda: dying.state is State.FAILED, 10)
        assert "dying failed: it ended with exit code 1; it said:\n    boom" in said
        assert living.state is State.READY and watching.failures() == [dying]
    finally:
        watching.stop()
    assert living.child is not None and not living.child.alive()


def test_a_part_that_dies_is_started_again_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_WAIT_S", 0.01)
    said: list[str] = []
    restarts: list[int | None] = []
    # It dies twice, and stays the third time.
    program = (
        f"import pathlib,time\nlives = pathlib.Path({str(tmp_path / 'lives')!r})\n"
        "n = len(lives.read_bytes()) if lives.exists() else 0\nlives.write_bytes(b'x' * (n + 1))\n"
        "print('up', flush=True)\nif n < 2: raise SystemExit(75)\ntime.sleep(60)"
    )
    child = saying(tmp_path, program)
    part = Part("dying", child, ready=lambda: "up" in child.last_lines())
    watching = Supervisor([part], said.append, restarted=lambda: restarts.append(child.pid))
    watching.start()
    try:
        assert wait_until(lambda: len(restarts) == 2 and part.state is State.READY, 20)
    finally:
        watching.stop()
    assert (tmp_path / "lives").read_bytes() == b"xxx"
    assert said.count("dying failed: it ended with exit code 75; it said:\n    up") == 2
    assert part.deaths == 2 and part.state is State.STOPPED


def test_what_needs_a_failed_part_is_told_so(tmp_path: Path) -> None:
    failing = Part("first", saying(tmp_path, "raise SystemExit('no')"), ready=lambda: False)
    needing = Part("second", saying(tmp_path, "import time; time.sleep(60)"), needs=("first",))
    watching = Supervisor([needing, failing])
    watching.start()
    watching.stop()
    assert needing.problem == "it needs first, which is not there"
    assert failing.problem == "it ended with exit code 1; it said:\n    no"


def test_parts_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    program = f"""
import sys, threading
from pathlib import Path
from deploy.local.stack import Stack
stack = Stack(Path(sys.argv[1]), cache=Path({str(CACHE)!r}), only=("mail",))
stack.start()
threading.Event().wait()
"""
    run = tmp_path / "run"
    owner = subprocess.Popen([sys.executable, "-c", program, str(run)], cwd=ROOT, env={"PYTHONPATH": path_of_project()})
    try:
        assert wait_until(lambda: (run / "stack.json").exists(), 30)
        pid = json.loads((run / "stack.json").read_text())["processes"]["mail"]["pid"]
        assert Path(f"/proc/{pid}").exists()
    finally:
        owner.kill()
        owner.wait(10)
    assert wait_until(lambda: not _lives(pid), 10)


def path_of_project() -> str:
    return os.pathsep.join([str(ROOT), str(ROOT / "protos" / "gen" / "python")])


def _lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_ends_with_the_process_and_not_with_the_thread_that_started_it(tmp_path: Path) -> None:
    child = saying(tmp_path, "import time; time.sleep(60)")
    starter = threading.Thread(target=child.start)
    starter.start()
    starter.join()
    try:
        assert not wait_until(lambda: not child.alive(), 0.5)
    finally:
        child.kill()


def test_a_child_that_does_not_stop_is_ended_with_its_children(tmp_path: Path) -> None:
    program = (
        "import signal,subprocess,sys,time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('up', flush=True); time.sleep(60)"
    )
    child = saying(tmp_path, program)
    child.start()
    assert wait_until(lambda: child.last_lines() == ["up"], 10)
    _own, below = child.tree()
    assert child.stop(0.2) is False
    assert child.exit_code() == -signal.SIGKILL and not child.alive()
    assert wait_until(lambda: not _lives(below), 10)


def test_a_paused_child_goes_on_after_it(tmp_path: Path) -> None:
    child = saying(tmp_path, "import itertools,time\nfor n in itertools.count(): print(n, flush=True); time.sleep(.01)")
    child.start()
    assert wait_until(lambda: len(child.last_lines()) > 3, 10)
    child.pause()
    assert wait_until(lambda: _state(child) == "T", 10)
    before = child.last_lines()
    assert not wait_until(lambda: child.last_lines() != before, 0.3)
    child.resume()
    assert wait_until(lambda: child.last_lines() != before, 10)
    child.kill()


def _state(child: Child) -> str:
    return Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_log_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("old\n" * 1000)
    children.rotate(log, limit=1000)
    assert log.read_text() == "" and (tmp_path / "part.log.1").stat().st_size == 1000
    children.rotate(log, limit=1000)
    assert (tmp_path / "part.log.1").stat().st_size == 1000
