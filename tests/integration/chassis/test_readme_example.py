"""The README's service, built from its text, does what the text says, run by the command of the text."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

from services.kernel import casenumber
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World
from tests.integration.chassis.permits import README, ROOT, python_path
from tests.waiting import wait_for

ENDED = "SELECT count(*) FROM permit WHERE ended"


def test_every_part_of_the_service_works(world: World) -> None:
    incident = str(uuid7())
    with world.process() as process:
        granted = world.grant(incident).message.permit
        assert casenumber.parse(granted.case_number).county == "371102"
        # The job ran after the commit.
        wait_for("the sign is printed", lambda: world.value("SELECT count(*) FROM permit WHERE sign_printed") == 1)
        assert world.printer.read_text() == f"{granted.permit_id}\n"
        # A read.
        request = world.permits.contract.GetPermitRequest(permit_id=granted.permit_id)
        read = world.call("GetPermit", request, key=None).message.permit
        assert read.sign_printed and not read.ended and read.case_number == granted.case_number
        # An event in, and the fact that follows from it.
        id = world.close_incident(incident)
        wait_for("the permit has ended", lambda: world.value(ENDED) == 1)
        assert world.inbox() == {id: "taken"}
        # The timer.
        world.grant()
        world.sql("UPDATE permit SET ends_at = now() WHERE NOT ended")
        wait_for("the other has ended, too", lambda: world.value(ENDED) == 2)
        wait_for("all is published", lambda: world.outbox() == 0)
        with urllib.request.urlopen(f"http://{world.admin}/status") as answer:
            status = json.load(answer)
        assert status["eventsLogged"] == "4" and status["eventsTaken"] == {"taken": "1"}
        with urllib.request.urlopen(f"http://{world.admin}/metrics") as answer:
            assert b'egov_events_in_total{consumer="closed-incidents",outcome="taken"} 1.0' in answer.read()
        process.stop_signal = signal.SIGTERM
        assert process.stop(15) and process.exit_code() == 0
    mine = [each for each in world.published() if each.key == granted.permit_id]
    assert [each.type for each in mine] == ["PermitGranted", "PermitEnded"]
    assert {each.headers["ce_casenumber"] for each in mine} == {granted.case_number}


def test_its_code_keeps_the_rules_of_the_project(world: World) -> None:
    rules = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(world.permits.folder / "services")]
    # What a migration does is said by its title.
    for command in (["check", "--ignore", "D103"], ["format", "--check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *rules], capture_output=True, text=True, timeout=30
        )
        assert ran.returncode == 0, ran.stdout


def test_the_readme_names_every_file_of_the_chassis() -> None:
    text = README.read_text("utf-8")
    files = {path.name for path in README.parent.iterdir() if path.suffix in (".py", ".yaml")} - {"__init__.py"}
    assert not {name for name in files if f"`{name}`" not in text}


def test_every_setting_that_is_missing_or_wrong_is_named_at_once(world: World) -> None:
    environment = world.environment(EGOV_THREADS="many", EGOV_TRACE_RATIO="2", KAFKA_SSL_KEYFILE="", PERMITS_PRINTER="")
    environment |= {"DATABASE_URL_PERMITS": "mysql://secret", "EGOV_ADDRESS_IDENTITY": "", "EGOV_RPC_LISTEN": "here"}
    ran = subprocess.run(
        [sys.executable, "-m", "services.chassis.run", "permits"],
        env={**environment, "PYTHONPATH": python_path(world.permits.folder)},
        capture_output=True, text=True, timeout=30, cwd=world.permits.folder,
    )  # fmt: skip
    assert ran.returncode == 2
    for key in (
        "EGOV_THREADS", "EGOV_TRACE_RATIO", "KAFKA_SSL_KEYFILE", "PERMITS_PRINTER", "DATABASE_URL_PERMITS",
        "EGOV_ADDRESS_IDENTITY", "EGOV_RPC_LISTEN",
    ):  # fmt: skip
        assert key in ran.stderr
    assert "secret" not in ran.stderr and "Traceback" not in ran.stderr
