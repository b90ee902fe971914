"""The stack of a run: second processes of services, and proxies before its servers."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.stack import Stack
from tests.chaos.faults import Faults, settings
from tests.chaos.front import Front
from tests.chaos.report import Report
from tests.chaos.running import Run, Running, Say
from tests.chaos.schedule import FRONTED
from tests.conftest import environment

SERVERS = ("postgres", "kafka", "mail", "gateway")


class Harness:
    """Does one run on a stack below `folder`, with what was fetched in `cache`. Its logs are in `folder / "logs"`."""

    def __init__(self, folder: Path, cache: Path, say: Say) -> None:
        self._folder = folder
        self._cache = cache
        self._say = say
        self._ended: list[tuple[str, float, str]] = []

    def run(self, asked: Run) -> Report:
        """Start, load, disturb, wait, check."""
        points = self._folder / "points"
        points.mkdir(parents=True)
        with self._stack(asked, points) as (stack, fronts):
            return Running(stack, Faults(stack, fronts, points), asked, self._say, self._ended).run()

    @contextlib.contextmanager
    def _stack(self, asked: Run, points: Path) -> Iterator[tuple[Stack, dict[str, Front]]]:
        stack = Stack(
            self._folder / "run",
            cache=self._cache,
            only=(*SERVERS, *asked.services),
            replicas=asked.replicas,
            fronts=FRONTED,
            settings=settings(points, asked.points),
            environment={**environment(), "EGOV_TRACE_RATIO": "0", "EGOV_MAIL_KEPT": "1000000"},
            say=self._hear,
        )
        try:
            with contextlib.ExitStack() as opened:
                fronts = {
                    part: opened.enter_context(Front(stack.ports[part], stack.ports.inner(part), seed=asked.seed))
                    for part in FRONTED
                }
                opened.enter_context(stack)
                yield stack, fronts
        finally:
            shutil.copytree(stack.places.folder("logs"), self._folder / "logs")
            stack.forget()

    def _hear(self, text: str) -> None:
        """Note which part ended by itself, or so it seems: whether a fault ended it is seen at the end."""
        self._say(text)
        part, failed, problem = text.partition(" failed: ")
        if failed:
            self._ended.append((part, time.time(), problem.partition(";")[0]))
