"""The catalogue: which incident types there are, who handles them within which time, from when on.

A catalogue is the whole of it, and is never changed: another one takes its place at a moment. A case keeps the one that
was in force when it was filed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from typing import ClassVar, NamedTuple

from services.grid.domain.reference import DispatchRule, IncidentType, TypeKey
from services.kernel import texts
from services.kernel.worktime.terms import Limit

texts.register(
    {
        "EFFECTIVE_IN_PAST": (
            "生效时间不能早于当前时间，已立案件适用立案时的规则。",
            "A catalogue cannot come into force in the past: cases keep the rules that they were filed under.",
        ),
    }
)


class Urgency(StrEnum):
    """How soon a case has to be handled."""

    NORMAL = "normal"
    URGENT = "urgent"
    VERY_URGENT = "very_urgent"


class Counted(StrEnum):
    """From when on the limit of a stage counts."""

    WHOLE = "whole"
    """From dispatch on: by its end so much time of the whole handling may be used."""
    STAGE = "stage"
    """From the end of the stage before; for the first one that is dispatch, too."""


_URGENCIES = tuple(Urgency)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the handling: until when it has to be done, and what must be so then.

    Stages of the same types and urgency are in order of `position`, from 1; their limits go before the dispatch rule's.
    An empty field of the key stands for any, as in a dispatch rule.
    """

    standard: str
    kind: str
    code_prefix: str
    urgency: Urgency
    position: int
    name: str
    limit: Limit
    done_when: str
    name_en: str = ""
    done_when_en: str = ""
    counted: Counted = Counted.WHOLE

    def matches(self, key: TypeKey) -> bool:
        """The stage is one of this type's."""
        return (
            key.code.startswith(self.code_prefix)
            and self.kind in ("", key.kind)
            and self.standard in ("", key.standard)
        )

    @property
    def strength(self) -> tuple[int, bool, bool]:
        """Of stages that match, those of the most exact key hold, and no others."""
        return len(self.code_prefix), bool(self.kind), bool(self.standard)


class CodeMapping(NamedTuple):
    """A type of one standard, and what became of it in another; one may become several, and several one.

    Or a category, and which one it became: what holds for cases of types of which nothing else is known.
    """

    former: TypeKey
    former_name: str
    latter: TypeKey


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that one import says. Is a `versions.Versioned`."""

    IN_PAST: ClassVar[str] = "EFFECTIVE_IN_PAST"
    FROM_BEGINNING: ClassVar[bool] = True

    types: tuple[IncidentType, ...] = ()
    rules: tuple[DispatchRule, ...] = ()
    stages: tuple[Stage, ...] = ()
    mappings: tuple[CodeMapping, ...] = ()

    @property
    def digest(self) -> str:
        """Tells one catalogue from another, in whatever order its lines came."""
        parts = (self.types, self.rules, self.stages)
        lines = [sorted(repr(astuple(each)) for each in part) for part in parts]
        return hashlib.sha256(repr([*lines, sorted(map(repr, self.mappings))]).encode()).hexdigest()


def stages_of(key: TypeKey, stages: Iterable[Stage]) -> list[Stage]:
    """The stages of a type, those of its most exact key, by urgency and position."""
    fitting = [each for each in stages if each.matches(key)]
    strongest = max((each.strength for each in fitting), default=None)
    held = [each for each in fitting if each.strength == strongest]
    return sorted(held, key=lambda each: (_URGENCIES.index(each.urgency), each.position))


def timed(rules: Sequence[DispatchRule], limit: Limit | None) -> Sequence[DispatchRule]:
    """The rules with this limit in place of their own; None leaves them as they are."""
    if limit is None:
        return rules
    return [replace(each, handle_within_hours=int(limit.amount), unit=limit.unit) for each in rules]
