"""Writes the picture and the table of the chain: `python -m deploy.chain [--out docs]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.chain.picture import draw
from deploy.chain.reading import ROOT, read_chain
from deploy.chain.rows import lanes, sections
from deploy.chain.table import page


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(prog="deploy.chain", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder that is written to")
    folder: Path = parser.parse_args().out
    chain = read_chain()
    folder.mkdir(exist_ok=True)
    picture = draw(lanes(chain), dict(chain.services), sections(chain))
    (folder / "chain.svg").write_text(picture, encoding="utf-8")
    (folder / "events.md").write_text(page(chain), encoding="utf-8")


if __name__ == "__main__":
    main()
