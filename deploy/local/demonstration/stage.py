"""The engine: does a step, waits until each of its effects can be seen, and keeps what the table shows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local.client import Answer
from deploy.local.demonstration.cast import Actor

EFFECTS_WITHIN_S = 15.0
ASK_EVERY_S = 0.01
COLUMNS = ("step", "who", "door", "event", "effects", "time")
JSON, GRPC, KAFKA, SMTP = "HTTPS/JSON", "gRPC", "Kafka", "SMTP"

Json = dict[str, Any]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does: `name` in English and Chinese, `event` that it causes, empty for a read."""

    name: str
    by: Actor
    event: str
    door: str = JSON


@dataclass(frozen=True, slots=True)
class Effect:
    """What a service does about an event. `seen` asks whether it has happened, `says` tells what has.

    Of a `needed` one the next step lives: without it the play ends.
    """

    service: str
    event: str
    seen: Callable[[], bool]
    says: Callable[[], str]
    door: str = KAFKA
    needed: bool = False


class NotInTime(Exception):
    """An effect that the next step needs did not come; the text is one sentence."""


@dataclass
class Stage:
    """What was done so far. `limit_s`: how long an effect is waited for."""

    limit_s: float = EFFECTS_WITHIN_S
    rows: list[Row] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    """Doors through which something came too late."""
    _steps: int = 0
    _answered_at: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every effect came in time."""
        return not self.late

    def act(self, step: Step, call: Callable[[], Answer], says: Callable[[Json], str]) -> Json:
        """Do a step; its row says what came back. Raises what `call` raises."""
        self._steps += 1
        print(f"  {self._steps:>2} {step.name}: {step.by.who} ...", file=sys.stderr, flush=True)
        step.by.door.token()  # asked for beforehand, so that the time shown is the call's own
        answer = call()
        self._answered_at = time.monotonic()
        name, took = f"{self._steps:>2} {step.name}", f"{answer.seconds * 1000:.0f} ms"
        self.rows.append((name, step.by.who, step.door, step.event, says(answer.body), took))
        return answer.body

    def follow(self, *effects: Effect) -> None:
        """Wait for what follows from the step, each row with its time. Raises NotInTime for a needed one."""
        times = self._seen(effects)
        for effect, waited_ms in zip(effects, times, strict=True):
            text = f"+{waited_ms:.0f} ms" if waited_ms is not None else "not in time"
            self.rows.append(("", f"└ {effect.service}", effect.door, effect.event, effect.says(), text))
            if waited_ms is None:
                self.late.add(effect.door)
        for effect, waited_ms in zip(effects, times, strict=True):
            if effect.needed and waited_ms is None:
                raise NotInTime(f"{effect.event} by {effect.service} did not come within {self.limit_s:.0f} s.")

    def _seen(self, effects: Sequence[Effect]) -> list[float | None]:
        """Milliseconds from the step's answer until each effect was seen; None for one that was not in time."""
        times: list[float | None] = [None] * len(effects)

        def look(numbers: Sequence[int]) -> bool:
            for number in numbers:
                if times[number] is None and effects[number].seen():
                    times[number] = (time.monotonic() - self._answered_at) * 1000
            return all(times[number] is not None for number in numbers)

        # Where one was late, the next waits in the same queue: it is looked for, not waited for.
        queued = [number for number, effect in enumerate(effects) if effect.door in self.late and not effect.needed]
        until(lambda: look([number for number in range(len(effects)) if number not in queued]), self.limit_s)
        look(queued)
        return times


def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Ask until the condition holds; False when it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(ASK_EVERY_S)
    return True
