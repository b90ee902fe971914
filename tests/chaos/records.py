"""What the checker knows: what clients were told, what Kafka holds, what the databases hold. Plain records.

Moments are seconds since the epoch. Ids are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Party = tuple[str, str]
"""Kind (`client`, `department`, `enterprise`, `person`) and id."""


class Told(StrEnum):
    """What a client was told of a command in the end."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer that says whether it happened, however often it was sent again."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, as its client noted it.

    `event` is the type that it causes. One that makes something is known by `reference`, its own word for it, and has
    `seen` 0; any other by `aggregate`, and by the version that the client had `seen`. `version` is what the answer
    said, `reason` the refusal. One that is `late` was asked of a version that is no more, and must be refused.
    """

    key: str
    event: str
    told: Told
    seen: int = 0
    aggregate: str = ""
    reference: str = ""
    version: int = 0
    tries: int = 1
    reason: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An aggregate as its service keeps it. `reference`: by which a command that made it is known.

    `open`: it is part of a case that goes on; then `holder` has it, and `deadline` runs. `by_event`: steps of it were
    taken for an event of another service, and not for a command.
    """

    service: str
    id: str
    version: int
    reference: str = ""
    open: bool = False
    holder: str = ""
    deadline: float | None = None
    by_event: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """An event in a service's log of record."""

    service: str
    id: str
    type: str
    aggregate: str
    version: int


@dataclass(frozen=True, slots=True)
class Published:
    """A record of a topic. `tells` are the parties that are to get a notice of it; None when it tells nobody."""

    topic: str
    partition: int
    offset: int
    at: float
    id: str
    type: str
    aggregate: str
    version: int
    holder: str = ""
    tells: frozenset[Party] | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A consumer, and what it takes of a topic."""

    service: str
    consumer: str
    topic: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a consumer's inbox says of an event."""

    service: str
    consumer: str
    event: str
    outcome: str
    decided_at: float


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as notification keeps it."""

    id: str
    caused_by: str
    party: Party
    email: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the mail server got it, by the id of its notice."""

    notice: str
    at: float


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A time during which a part was not itself: from the fault's begin until the part was there again."""

    part: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What a part uses: open files (connections among them), threads, and memory in bytes."""

    files: int
    threads: int
    memory: int


@dataclass(frozen=True, slots=True)
class Books:
    """All of it. `holders`: the departments that there are. `left`: what waits, by service and kind. `died`: parts that
    ended. `before`, `after`: what each part used. `ended`: when the books were read.
    """

    commands: tuple[Command, ...] = ()
    rows: tuple[Row, ...] = ()
    logged: tuple[Logged, ...] = ()
    published: tuple[Published, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    taken: tuple[Taken, ...] = ()
    notices: tuple[Notice, ...] = ()
    mails: tuple[Mail, ...] = ()
    holders: frozenset[str] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)
    disturbances: tuple[Disturbance, ...] = ()
    died: tuple[str, ...] = ()
    before: Mapping[str, Figures] = field(default_factory=dict)
    after: Mapping[str, Figures] = field(default_factory=dict)
    ended: float = 0.0
