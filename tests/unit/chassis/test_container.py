"""The order of hooks around a worker, and of starts and stops around a container."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nameko.extensions import DependencyProvider, Entrypoint, SharedExtension

from services.chassis.call import Call, current_call
from services.chassis.container import Container
from services.chassis.runtime import Runtime

seen: list[str] = []
failing: set[str] = set()


def note(what: str) -> None:
    seen.append(what)
    if what in failing:
        raise ValueError(what)


@pytest.fixture(autouse=True)
def clean() -> None:
    seen.clear()
    failing.clear()


class Pump(SharedExtension):  # type: ignore[misc]  # nameko carries no types
    """What a dependency brings with it, as the unit of work brings the relay."""

    def start(self) -> None:
        note("start pump")

    def stop(self) -> None:
        note("stop pump")


class Door(SharedExtension):  # type: ignore[misc]  # nameko carries no types
    """What all entrypoints share."""

    def start(self) -> None:
        note("start door")

    def stop(self) -> None:
        note("stop door")


class Noting(DependencyProvider):  # type: ignore[misc]  # nameko carries no types
    pump = Pump()

    def start(self) -> None:
        note(f"start {self.attr_name}")

    def stop(self) -> None:
        note(f"stop {self.attr_name}")

    def get_dependency(self, worker_ctx: Any) -> str:
        note(f"inject {self.attr_name}")
        return str(self.attr_name)

    def worker_setup(self, worker_ctx: Any) -> None:
        note(f"setup {self.attr_name}")

    def worker_commit(self, worker_ctx: Any) -> None:
        note(f"commit {self.attr_name}")

    def worker_result(self, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> None:
        note(f"result {self.attr_name}: {exc_info[0].__name__ if exc_info else result}")

    def worker_teardown(self, worker_ctx: Any) -> None:
        note(f"teardown {self.attr_name}")


class Asking(Entrypoint):  # type: ignore[misc]  # nameko carries no types
    door = Door()

    def method_returned(self, call: Call, result: Any) -> None:
        note("returned")


class Service:
    """Declares `zulu` before `alpha`: the order of the class counts, not of the names."""

    name = "test"
    zulu = Noting()
    alpha = Noting()

    @Asking.decorator  # type: ignore[untyped-decorator]
    def ask(self, question: str) -> str:
        note(f"method {question} {self.zulu} {self.alpha}")
        call = current_call()
        assert call is not None and call.name == "ask"
        if question == "interrupt":
            raise KeyboardInterrupt
        return "answer"


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Container:
    # Without what the chassis mixes in, which needs a database.
    monkeypatch.setattr("services.chassis.container.Operations", type("Nothing", (), {}))
    monkeypatch.setattr("services.chassis.container.Denials", type("Neither", (), {}))
    runtime = SimpleNamespace(settings=SimpleNamespace(drain_seconds=5))
    return Container(Service, cast(Runtime, runtime))


def work(container: Container, question: str = "why") -> Any:
    (entrypoint,) = container.entrypoints
    return container.run_worker(entrypoint, Call(kind="test", name="ask"), (question,))


ENTERED = ["inject zulu", "inject alpha", "setup zulu", "setup alpha", "method why zulu alpha"]


def test_a_worker_goes_through_its_hooks_in_the_declared_order(container: Container) -> None:
    assert work(container) == "answer"
    assert seen == [
        *ENTERED, "returned", "commit zulu", "commit alpha", "result zulu: answer", "result alpha: answer",
        "teardown zulu", "teardown alpha",
    ]  # fmt: skip
    assert current_call() is None


@pytest.mark.parametrize("hook", ["inject alpha", "setup zulu", "method why zulu alpha", "returned", "commit zulu"])
def test_whatever_fails_is_raised_and_everything_is_torn_down(container: Container, hook: str) -> None:
    failing.add(hook)
    with pytest.raises(ValueError, match=hook):
        work(container)
    assert seen[-4:] == ["result zulu: ValueError", "result alpha: ValueError", "teardown zulu", "teardown alpha"]
    assert "commit alpha" not in seen


def test_a_hook_that_fails_afterwards_keeps_no_other_from_running(container: Container) -> None:
    failing.update(("result zulu: answer", "teardown zulu"))
    assert work(container) == "answer"
    assert seen[-3:] == ["result alpha: answer", "teardown zulu", "teardown alpha"]


def test_a_worker_that_is_interrupted_did_not_succeed(container: Container) -> None:
    with pytest.raises(KeyboardInterrupt):
        work(container, "interrupt")
    assert "commit zulu" not in seen
    assert "result zulu: KeyboardInterrupt" in seen
    assert seen[-1] == "teardown alpha"


def test_what_listens_starts_last_and_stops_first(container: Container) -> None:
    container.start()
    assert container.started
    container.stop()
    assert seen == [
        "start zulu", "start pump", "start alpha", "start door",
        "stop door", "stop alpha", "stop pump", "stop zulu",
    ]  # fmt: skip
    container.wait()
    container.stop()
    assert len(seen) == 8


def test_a_start_that_fails_half_way_ends_what_was_begun(container: Container) -> None:
    failing.add("start alpha")
    with pytest.raises(ValueError, match="start alpha"):
        container.start()
    assert not container.started
    container.stop()
    assert seen == ["start zulu", "start pump", "start alpha", "stop alpha", "stop pump", "stop zulu"]


def test_a_stop_waits_for_the_workers_before_it_ends_what_they_need(container: Container) -> None:
    container.start()
    go_on, inside = threading.Event(), threading.Event()

    def wait(worker_ctx: Any) -> None:
        inside.set()
        go_on.wait(5)

    (zulu,) = [each for each in container.dependencies if each.attr_name == "zulu"]
    zulu.worker_commit = wait
    worker = threading.Thread(target=work, args=(container,))
    worker.start()
    assert inside.wait(5)
    stopper = threading.Thread(target=container.stop)
    stopper.start()
    while "stop door" not in seen:
        threading.Event().wait(0.001)
    assert "stop alpha" not in seen
    go_on.set()
    worker.join(5)
    stopper.join(5)
    assert seen.index("teardown alpha") < seen.index("stop alpha")
