"""All consumers of a process, by `@on` and `@on_any`: a thread for each id, one that resumes, one that watches.

An observer may have several threads, each a member of its group of its own: while one waits for the database, another
reads. Kafka gives each of them partitions, as it does with those of several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from nameko.extensions import SharedExtension

from services.chassis.consumer import Consumer
from services.chassis.contract import ContractError
from services.chassis.resume import Resumer
from services.chassis.taking import Taker
from services.chassis.watchdog import Watchdog

if TYPE_CHECKING:
    from services.chassis.entrypoints import On, OnAny


class Consumers(SharedExtension):
    """Takes events for all `@on` and `@on_any` methods of a service class."""

    def __init__(self) -> None:
        self._declared: list[On | OnAny] = []
        self._consumers: list[Consumer] = []

    def declare(self, entrypoint: On | OnAny) -> None:
        """Add a method."""
        self._declared.append(entrypoint)

    def start(self) -> None:
        """Begin to take. Raises ContractError for declarations that contradict one another."""
        ids = sorted({entrypoint.id for entrypoint in self._declared})
        by_id = {id: [entrypoint for entrypoint in self._declared if entrypoint.id == id] for id in ids}
        for id, entrypoints in by_id.items():
            demand_agreement(id, entrypoints)
        takers = {id: Taker(self.container, id, entrypoints) for id, entrypoints in by_id.items()}
        self._consumers = [
            Consumer(self.container, takers[id], entrypoints, number)
            for id, entrypoints in by_id.items()
            for number in range(1, entrypoints[0].threads + 1)
        ]
        if not self._consumers:
            return
        self._resumer = Resumer(self.container.runtime, takers)
        self._watchdog = Watchdog(self.container.runtime, takers)
        self._watchdog.start()
        for consumer in self._consumers:
            consumer.start()
        self._resumer.start()

    def stop(self) -> None:
        """Finish the events in hand."""
        for consumer in self._consumers:
            consumer.ask_to_stop()
        for consumer in self._consumers:
            consumer.stop()
        if self._consumers:
            self._resumer.stop()
            self._watchdog.stop()
        self._consumers = []

    def lags(self) -> dict[tuple[str, str, int], int]:
        """Events behind the end, by consumer, topic and partition, for the partitions that this process takes."""
        return {key: lag for consumer in self._consumers for key, lag in consumer.lags.items()}


def demand_agreement(id: str, entrypoints: Sequence[On | OnAny]) -> None:
    """One consumer reads one topic, from one start, each type by one method; an observer is one method alone."""
    if any(entrypoint.observes for entrypoint in entrypoints):
        if len(entrypoints) > 1:
            raise ContractError(f"consumer {id}: an observer shares its id with nobody")
        return
    declared = cast("Sequence[On]", entrypoints)
    if len({entrypoint.topic for entrypoint in declared}) > 1:
        raise ContractError(f"consumer {id}: more than one topic")
    if len({entrypoint.start_at for entrypoint in declared}) > 1:
        raise ContractError(f"consumer {id}: more than one start")
    types = [entrypoint.kind.name for entrypoint in declared]
    if len(types) != len(set(types)):
        raise ContractError(f"consumer {id}: a type is taken twice")
