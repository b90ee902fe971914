"""The playbooks of alerts, as they lie beside the rules: what an alert means and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "alerts"
TITLE = re.compile(r"# (.*[\u4e00-\u9fff]) (.+)")


@dataclass(frozen=True, slots=True)
class Playbook:
    """`titles`: in zh-CN, in en; `text`: the rest, Markdown in English."""

    alert: str
    titles: tuple[str, str]
    text: str

    def title(self, language: str) -> str:
        """What the alert means, in a few words."""
        return self.titles[1] if language == "en" else self.titles[0]


@cache
def playbooks() -> Mapping[str, Playbook]:
    """All of them by the alert's name, such as `OutboxOld`. Read once."""
    found = [_playbook(path) for path in sorted(FOLDER.glob("*.md"))]
    return {playbook.alert: playbook for playbook in found}


def _playbook(path: Path) -> Playbook:
    first, _, rest = path.read_text("utf-8").partition("\n")
    title = TITLE.fullmatch(first)
    alert = "".join(part.capitalize() for part in path.stem.split("-"))
    return Playbook(alert, (title[1], title[2]) if title else (alert, alert), rest.strip())
