"""The course of a handling: its stages (环节), of which the department does one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.grid.domain.catalogue import Stage, Urgency, stages_of
from services.grid.domain.clocks import StageName
from services.grid.domain.reference import TypeKey


@dataclass(frozen=True, slots=True)
class Course:
    """The stages of a handling as its dispatch found them, one at least, and at which it is, from 0."""

    stages: tuple[Stage, ...]
    at: int = 0

    @property
    def present(self) -> Stage:
        """The stage that is to be done."""
        return self.stages[self.at]

    @property
    def last(self) -> bool:
        """None comes after it: what ends it is that the incident is handled."""
        return self.at == len(self.stages) - 1

    @property
    def name(self) -> StageName:
        """Of the present stage, as its clock keeps it."""
        return StageName(self.present.position, self.present.name, self.present.name_en)

    def next(self) -> Course:
        """One stage on."""
        assert not self.last, "there is no stage ahead"
        return replace(self, at=self.at + 1)


def only_urgency(key: TypeKey, stages: Iterable[Stage]) -> Urgency | None:
    """How urgent all cases of a type are: its stages are of one urgency that is not the normal one. None: not known."""
    known = {each.urgency for each in stages_of(key, stages)}
    return known.pop() if len(known) == 1 and Urgency.NORMAL not in known else None


def course_of(key: TypeKey, urgency: Urgency, stages: Iterable[Stage]) -> Course | None:
    """How cases of a type are handled; None where the catalogue has no stages for it.

    Where nothing is said of this urgency, those of the normal one hold.
    """
    held = stages_of(key, stages)
    said = [each for each in held if each.urgency is urgency]
    there = said or [each for each in held if each.urgency is Urgency.NORMAL]
    return Course(tuple(there)) if there else None
