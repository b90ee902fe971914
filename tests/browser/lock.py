"""Writes `package-lock.json` for the version in `package.json`: `python -m tests.browser.lock`.

Hashes, and no addresses: whoever fetches may do so from any registry.
"""

from __future__ import annotations

import os
import subprocess

from tests.browser.install import HERE, LISTS, NODE, NPM

OPTIONS = ("--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund")


def main() -> None:
    """Write the lock anew. CalledProcessError when npm fails; it says why itself."""
    (HERE / LISTS[1]).unlink(missing_ok=True)
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ
    subprocess.run([str(NODE), str(NPM), "install", *OPTIONS], cwd=HERE, env=environment, check=True)


if __name__ == "__main__":
    main()
