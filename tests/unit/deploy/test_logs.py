import json
from pathlib import Path

from deploy.local import logs

CASE = "371102-20261123-2000427-K"


def write(path: Path, *lines: object) -> None:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))


def test_lines_of_all_parts_stand_in_the_order_of_time(tmp_path: Path) -> None:
    write(tmp_path / "grid.log", {"time": "2026-11-23T10:00:02.000Z", "message": "second"})
    write(tmp_path / "postgres.log", "2026-11-23 10:00:01.000 UTC [7] LOG:  first", "    its next line")
    write(tmp_path / "kafka.log", "2026-11-23T10:00:03.000Z WARN Third: third")
    assert [line.part for line in logs.read(tmp_path)] == ["postgres", "postgres", "grid", "kafka"]


def test_what_was_rotated_comes_before_what_came_after(tmp_path: Path) -> None:
    write(tmp_path / "grid.log.1", {"time": "2026-11-23T10:00:01.000Z", "message": "old"})
    write(tmp_path / "grid.log", {"time": "2026-11-23T10:00:02.000Z", "message": "new"})
    write(tmp_path / "other.log", {"time": "2026-11-23T10:00:01.000Z", "message": "of another part"})
    assert [line.fields["message"] for line in logs.read(tmp_path, "grid")] == ["old", "new"]


def test_a_case_has_its_own_lines_and_those_of_its_traces(tmp_path: Path) -> None:
    write(
        tmp_path / "grid.log",
        {"time": "2026-11-23T10:00:01.000Z", "message": "took it", "trace_id": "t1", "case_number": CASE},
        {"time": "2026-11-23T10:00:02.000Z", "message": "of another case", "trace_id": "t2", "case_number": "x"},
        "not JSON",
    )
    write(tmp_path / "gateway.log", {"time": "2026-11-23T10:00:00.000Z", "trace_id": "t1", "status": 200})
    found = logs.of_case(logs.read(tmp_path), CASE)
    assert [line.part for line in found] == ["gateway", "grid"]
    assert logs.render(found[0]) == "gateway       2026-11-23T10:00:00.000           trace_id=t1  status=200"
