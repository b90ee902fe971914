"""What a run has to remember between two tries: when it began, and where the books stood then."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.replaying.accounts import Counts
from deploy.local.replaying.kafkalog import Ends

RUN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
# Services remember idempotency keys for seven days; a run that is continued later would file its reports anew.
CONTINUED_WITHIN = timedelta(days=6)


class RunUnfit(Exception):
    """The run cannot be begun or continued under this name; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the books stood when the run began: Kafka's ends by topic and partition, the services' figures."""

    began: datetime
    rows: str
    ends: Ends
    counts: Counts


class Ledger:
    """The openings of runs, one file each, under the stack's run folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, run: str, rows: str, now: datetime) -> Opening | None:
        """The opening of a run that began before, None for a new one. `rows` names what is played.

        Raises RunUnfit: the name has a bad form, the run is too old, or it plays other rows.
        """
        if not RUN_NAME.fullmatch(run):
            raise RunUnfit("A run's name has 1 to 20 lower-case letters, digits and hyphens.")
        path = self._path(run)
        if not path.exists():
            return None
        opening = _read(path)
        if now - opening.began > CONTINUED_WITHIN:
            raise RunUnfit(f"Run {run} began on {opening.began:%Y-%m-%d}, too long ago to go on: name another.")
        if opening.rows != rows:
            raise RunUnfit(f"Run {run} plays {opening.rows}, not {rows}: name another run, or ask for the same rows.")
        return opening

    def begin(self, run: str, opening: Opening) -> Opening:
        """Remember the opening of a new run."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(run).with_suffix(".new")
        draft.write_text(json.dumps({**asdict(opening), "began": opening.began.isoformat()}), encoding="utf-8")
        draft.replace(self._path(run))
        return opening

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.json"


def run_name(now: datetime) -> str:
    """A name for a run that was given none, such as `20261123-101500`."""
    return now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")


def _read(path: Path) -> Opening:
    said = json.loads(path.read_text(encoding="utf-8"))
    ends = {topic: {int(number): end for number, end in parts.items()} for topic, parts in said["ends"].items()}
    return Opening(datetime.fromisoformat(said["began"]), said["rows"], ends, Counts(**said["counts"]))
